// Records drafts: one batch, one transaction, one sync. It alone gives numbers and versions. Lives in the
// writing thread, which writer.ts is.

import { randomBytes } from "node:crypto";
import { isRepeat } from "../../../shared/entry.js";
import type { ErrorCode } from "../../../shared/errors.js";
import type { Name } from "../../../shared/names.js";
import type { Draft, FileDraft, Recorded } from "../../engine.js";
import { inTransaction, resultCode, resultCodes, type Database, type Statement } from "./database.js";
import type { Place } from "./key-tail.js";
import type { Keys } from "./keys.js";

/** A draft and the room that it goes to. */
export interface RoomDraft extends Draft {
  readonly room: Name;
}

/** What one commit recorded. Drafts and outcomes stand in the same order. */
export interface Commit {
  /** Of every entry of the commit, in ms since 1970. */
  readonly timeMs: number;
  readonly outcomes: readonly Outcome[];
  /** Versions of the drafts that are files, by the draft's place. */
  readonly versions: ReadonlyMap<number, number>;
}

/** Of one draft: the number of its entry, the number of the entry that it repeats, or why it is refused. */
export type Outcome = number | { readonly duplicate: number } | Refusal;

/** Nothing was recorded, for this reason. */
export interface Refusal {
  readonly code: ErrorCode;
  /** For the peer; the code's own sentence when left out. */
  readonly message?: string;
  /** For the server's log. */
  readonly cause?: string;
}

export interface OpenedRoom {
  readonly name: string;
  readonly epoch: string;
  readonly head: number;
}

interface Room extends OpenedRoom {
  /** Undefined until the first entry: a room that nobody spoke in leaves nothing behind. */
  rowId: number | undefined;
  head: number;
  /** Whether somebody listens to it; else it is kept no longer than one batch. */
  isOpen: boolean;
  /** Whether what is said here is from a transaction that failed. */
  isStale: boolean;
}

export class Recorder {
  readonly #database: Database;
  readonly #selectRoom: Statement;
  readonly #selectHead: Statement;
  readonly #insertRoom: Statement;
  readonly #insertEntry: Statement;
  readonly #selectVersion: Statement;
  readonly #insertFile: Statement;
  readonly #keys: Keys;
  readonly #rooms = new Map<string, Room>();

  constructor(database: Database, keys: Keys) {
    this.#database = database;
    this.#keys = keys;
    this.#selectRoom = database.prepare("SELECT id, name, epoch FROM rooms WHERE key = ?");
    this.#selectHead = database.prepare("SELECT max(seq) AS head FROM entries WHERE room = ?");
    this.#insertRoom = database.prepare("INSERT INTO rooms (key, name, epoch) VALUES (?, ?, ?)");
    this.#insertEntry = database.prepare(
      "INSERT INTO entries (room, seq, time, type, sender, id, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    this.#selectVersion = database.prepare(
      "SELECT max(version) AS version FROM files WHERE room = ? AND key = ?",
    );
    this.#insertFile = database.prepare(
      `INSERT INTO files (room, seq, file, key, version, name, author, size, mime, sha256)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
  }

  /** A room that somebody begins to listen to. */
  open(name: Name): OpenedRoom {
    const room = this.#roomOf(name);
    room.isOpen = true;
    const { name: shown, epoch, head } = room;
    return { name: shown, epoch, head };
  }

  /** Lets a room go that nobody listens to any more. */
  release(name: Name): void {
    this.#rooms.delete(name.key);
  }

  /** Records all drafts or none, but for repeats and what has their key: those are answered for themselves. */
  append(drafts: readonly RoomDraft[]): Commit | Refusal {
    const timeMs = Date.now();
    try {
      this.#keys.makeRoom(timeMs);
      const commit = inTransaction(this.#database, () => this.#recordAll(drafts, timeMs));
      this.#keys.commit();
      this.#letGo(drafts, false);
      return commit;
    } catch (error) {
      this.#keys.rollback();
      this.#letGo(drafts, true);
      return this.#refuse(drafts, refusal(error), timeMs);
    }
  }

  /** What a sender recorded under an id within the window. */
  find({ room, sender, id }: { room: Name; sender: string; id: string }): Recorded | undefined {
    const stored = this.#load(room.key);
    const found = stored && this.#keys.find(this.#keys.keyOf(stored.rowId, sender, id), Date.now());
    return found && { seq: found.seq, type: found.type, body: found.body };
  }

  /** Nothing can be written; what was recorded before is known all the same. */
  #refuse(drafts: readonly RoomDraft[], refused: Refusal, timeMs: number): Commit | Refusal {
    try {
      const outcomes = drafts.map((draft) => {
        const { room, sender, id } = draft;
        const recorded = id === undefined ? undefined : this.find({ room, sender, id });
        return recorded === undefined ? refused : repeated(recorded, draft);
      });
      return { timeMs, outcomes, versions: new Map() };
    } catch {
      // Nor can it be read: the first reason stands.
      return refused;
    }
  }

  #recordAll(drafts: readonly RoomDraft[], timeMs: number): Commit {
    const outcomes: Outcome[] = [];
    const versions = new Map<number, number>();
    for (const draft of drafts) {
      const { outcome, version } = this.#record(draft, timeMs);
      if (version !== undefined) versions.set(outcomes.length, version);
      outcomes.push(outcome);
    }
    return { timeMs, outcomes, versions };
  }

  #record(draft: RoomDraft, timeMs: number): { outcome: Outcome; version?: number | undefined } {
    const { room: name, type, sender, id, body, file } = draft;
    const room = this.#roomOf(name);
    room.rowId ??= Number(this.#insertRoom.run(name.key, room.name, room.epoch).lastInsertRowid);
    const key = id === undefined ? undefined : this.#keys.keyOf(room.rowId, sender, id);
    const recorded = key && this.#keys.find(key, timeMs);
    if (recorded !== undefined) return { outcome: repeated(recorded, draft) };
    const place = { roomId: room.rowId, seq: room.head + 1 };
    const version = file && this.#nextVersion(place.roomId, file);
    const stored = version === undefined ? body : withVersion(body, version);
    this.#insertEntry.run(place.roomId, place.seq, timeMs, type, sender, id ?? null, stored);
    if (file !== undefined && version !== undefined) this.#recordFile(place, file, version);
    this.#keys.add(place, key, timeMs);
    room.head = place.seq;
    return { outcome: place.seq, version };
  }

  #recordFile({ roomId, seq }: Place, draft: FileDraft, version: number): void {
    const { file, name, author, size, mime, sha256 } = draft;
    this.#insertFile.run(roomId, seq, file, name.key, version, name.shown, author, size, mime, sha256);
  }

  #nextVersion(rowId: number, file: FileDraft): number {
    return Number(this.#selectVersion.get(rowId, file.name.key)?.version ?? 0) + 1;
  }

  #roomOf(name: Name): Room {
    let room = this.#rooms.get(name.key);
    if (room === undefined) {
      const epoch = randomBytes(16).toString("hex");
      const fresh = { rowId: undefined, name: name.shown, epoch, head: 0 };
      room = { ...(this.#load(name.key) ?? fresh), isOpen: false, isStale: false };
      this.#rooms.set(name.key, room);
    } else if (room.isStale) {
      const stored = this.#load(name.key);
      room.rowId = stored?.rowId;
      room.head = stored?.head ?? 0;
      room.isStale = false;
    }
    return room;
  }

  #load(key: string): (OpenedRoom & { rowId: number }) | undefined {
    const row = this.#selectRoom.get(key);
    if (row === undefined) return undefined;
    const rowId = Number(row.id);
    const head = Number(this.#selectHead.get(rowId)?.head ?? 0);
    return { rowId, name: String(row.name), epoch: String(row.epoch), head };
  }

  // Rooms that nobody listens to are forgotten; of the others, what a failed transaction counted up is read
  // again before their next use.
  #letGo(drafts: readonly RoomDraft[], hasFailed: boolean): void {
    for (const { room: name } of drafts) {
      const room = this.#rooms.get(name.key);
      if (room?.isOpen === false) this.#rooms.delete(name.key);
      else if (room !== undefined && hasFailed) room.isStale = true;
    }
  }
}

/** The body of a file's entry: the draft's, and the version that the commit gave it. */
export function withVersion(body: string, version: number): string {
  return `${body.slice(0, -1)},"version":${version}}`;
}

function repeated(recorded: Recorded, draft: Draft): Outcome {
  if (recorded.type === draft.type && isRepeat(draft.type, recorded.body, draft.body))
    return { duplicate: recorded.seq };
  return { code: "id-reused" };
}

function refusal(error: unknown): Refusal {
  const cause = error instanceof Error ? error.message : String(error);
  const code = resultCode(error);
  if (code === resultCodes.full) return { code: "storage-full", cause };
  if (code === undefined) return { code: "internal", cause };
  return { code: "internal", message: "The server cannot write its log at the moment.", cause };
}
