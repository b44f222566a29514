// Records drafts: one batch, one transaction, one sync. It alone gives numbers and versions. Lives in the
// writing thread, which writer.ts is.

import { randomBytes } from "node:crypto";
import { isRepeat } from "../../../shared/entry.js";
import type { ErrorCode } from "../../../shared/errors.js";
import type { Name } from "../../../shared/names.js";
import type { Draft, FileDraft, Party, Recorded } from "../../engine.js";
import { Changes, type Erased } from "./changes.js";
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
  /** What the drafts that delete have taken away, by the draft's place. */
  readonly erased: ReadonlyMap<number, Erased>;
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
  readonly topic: string;
}

/** What became of one draft, with what a commit tells of it beside its outcome. */
interface Done {
  readonly outcome: Outcome;
  readonly version?: number | undefined;
  readonly erased?: Erased | undefined;
}

interface Room extends OpenedRoom {
  /** Undefined until the first entry: a room that nobody spoke in leaves nothing behind. */
  rowId: number | undefined;
  head: number;
  topic: string;
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
  readonly #selectUpload: Statement;
  readonly #deleteUpload: Statement;
  readonly #setTopic: Statement;
  readonly #selectConversation: Statement;
  readonly #insertConversation: Statement;
  readonly #changes: Changes;
  readonly #keys: Keys;
  readonly #rooms = new Map<string, Room>();

  constructor(database: Database, keys: Keys) {
    this.#database = database;
    this.#keys = keys;
    this.#changes = new Changes(database);
    this.#selectRoom = database.prepare("SELECT id, name, epoch, pruned, topic FROM rooms WHERE key = ?");
    this.#selectHead = database.prepare("SELECT max(seq) AS head FROM entries WHERE room = ?");
    this.#insertRoom = database.prepare("INSERT INTO rooms (key, name, epoch) VALUES (?, ?, ?)");
    this.#insertEntry = database.prepare(
      "INSERT INTO entries (room, seq, time, type, sender, id, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    this.#selectVersion = database.prepare("SELECT version FROM file_versions WHERE room = ? AND key = ?");
    this.#insertFile = database.prepare(
      `INSERT INTO files (room, seq, time, sender, file, key, version, name, author, size, mime, sha256)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#selectUpload = database.prepare("SELECT 1 FROM uploads WHERE id = ?");
    this.#deleteUpload = database.prepare("DELETE FROM uploads WHERE id = ?");
    this.#setTopic = database.prepare("UPDATE rooms SET topic = ?, topic_seq = ? WHERE id = ?");
    this.#selectConversation = database.prepare(
      "SELECT room FROM conversations WHERE sender = ? AND key = ?",
    );
    // Somebody of that name may have been another before; the newest conversation is the one that is found.
    this.#insertConversation = database.prepare(
      "INSERT OR REPLACE INTO conversations (sender, key, other, name, room) VALUES (?, ?, ?, ?, ?)",
    );
  }

  /** A room that somebody begins to listen to. */
  open(name: Name): OpenedRoom {
    const room = this.#roomOf(name);
    room.isOpen = true;
    const { name: shown, epoch, head, topic } = room;
    return { name: shown, epoch, head, topic };
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
      return { timeMs, outcomes, versions: new Map(), erased: new Map() };
    } catch {
      // Nor can it be read: the first reason stands.
      return refused;
    }
  }

  #recordAll(drafts: readonly RoomDraft[], timeMs: number): Commit {
    const outcomes: Outcome[] = [];
    const versions = new Map<number, number>();
    const erased = new Map<number, Erased>();
    for (const draft of drafts) {
      const done = this.#record(draft, timeMs);
      if (done.version !== undefined) versions.set(outcomes.length, done.version);
      if (done.erased !== undefined) erased.set(outcomes.length, done.erased);
      outcomes.push(done.outcome);
    }
    return { timeMs, outcomes, versions, erased };
  }

  #record(draft: RoomDraft, timeMs: number): Done {
    const { type, sender, id, body, file } = draft;
    const room = this.#roomOf(draft.room);
    const known = room.rowId;
    const key = id === undefined || known === undefined ? undefined : this.#keys.keyOf(known, sender, id);
    const recorded = key && this.#keys.find(key, timeMs);
    if (recorded !== undefined) return { outcome: repeated(recorded, draft) };
    const refused = this.#changes.refusalOf(known, draft) ?? this.#refusalOfFile(file);
    if (refused !== undefined) return { outcome: refused };
    const roomId = known ?? this.#addRoom(room, draft);
    if (draft.between !== undefined) this.#findAgain(roomId, draft.between);
    const place = { roomId, seq: room.head + 1 };
    const version = file && this.#nextVersion(roomId, file);
    const stored = version === undefined ? body : withVersion(body, version);
    this.#insertEntry.run(roomId, place.seq, timeMs, type, sender, id ?? null, stored);
    this.#keys.add(
      place,
      key ?? (id === undefined ? undefined : this.#keys.keyOf(roomId, sender, id)),
      timeMs,
    );
    room.head = place.seq;
    if (file !== undefined && version !== undefined)
      this.#recordFile({ place, timeMs, version, sender }, file);
    return { outcome: place.seq, version, erased: this.#change(room, place, draft) };
  }

  /** What the entry at a place does to others, and to its room. */
  #change(room: Room, place: Place, { type, target, topic }: Draft): Erased | undefined {
    if (target !== undefined) this.#changes.add(place, type, target);
    if (topic !== undefined) {
      this.#setTopic.run(topic, place.seq, place.roomId);
      room.topic = topic;
    }
    if (type !== "delete" || target === undefined) return undefined;
    const erased = this.#changes.erase(place.roomId, target);
    if (erased.isTopic) room.topic = "";
    return erased;
  }

  #addRoom(room: Room, { room: name }: RoomDraft): number {
    const rowId = Number(this.#insertRoom.run(name.key, room.name, room.epoch).lastInsertRowid);
    room.rowId = rowId;
    return rowId;
  }

  /** Each of the two finds the newest conversation under the other's name. */
  #findAgain(rowId: number, [one, other]: readonly [Party, Party]): void {
    for (const [me, you] of [
      [one, other],
      [other, one],
    ] as const) {
      const found = this.#selectConversation.get(me.sender, you.name.key)?.room;
      if (found !== rowId)
        this.#insertConversation.run(me.sender, you.name.key, you.sender, you.name.shown, rowId);
    }
  }

  /** The reference to the blob takes the place of the upload's. */
  #recordFile(
    { place, timeMs, version, sender }: { place: Place; timeMs: number; version: number; sender: string },
    draft: FileDraft,
  ): void {
    const { upload, file, name, author, size, mime, sha256 } = draft;
    const facts = [file, name.key, version, name.shown, author, size, mime, sha256] as const;
    this.#insertFile.run(place.roomId, place.seq, timeMs, sender, ...facts);
    if (upload !== undefined) this.#deleteUpload.run(upload);
  }

  /** An upload becomes one entry; of one that was dropped the bytes may be gone. */
  #refusalOfFile(file: FileDraft | undefined): Refusal | undefined {
    if (file?.upload === undefined || this.#selectUpload.get(file.upload) !== undefined) return undefined;
    return { code: "upload-not-found" };
  }

  #nextVersion(rowId: number, file: FileDraft): number {
    return Number(this.#selectVersion.get(rowId, file.name.key)?.version ?? 0) + 1;
  }

  #roomOf(name: Name): Room {
    let room = this.#rooms.get(name.key);
    if (room === undefined) {
      const epoch = randomBytes(16).toString("hex");
      const fresh = { rowId: undefined, name: name.shown, epoch, head: 0, topic: "" };
      room = { ...(this.#load(name.key) ?? fresh), isOpen: false, isStale: false };
      this.#rooms.set(name.key, room);
    } else if (room.isStale) {
      const stored = this.#load(name.key);
      room.rowId = stored?.rowId;
      room.head = stored?.head ?? 0;
      room.topic = stored?.topic ?? "";
      room.isStale = false;
    }
    return room;
  }

  #load(key: string): (OpenedRoom & { rowId: number }) | undefined {
    const row = this.#selectRoom.get(key);
    if (row === undefined) return undefined;
    const rowId = Number(row.id);
    const head = Math.max(Number(this.#selectHead.get(rowId)?.head ?? 0), Number(row.pruned));
    return { rowId, name: String(row.name), epoch: String(row.epoch), head, topic: String(row.topic) };
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
  if (recorded.type === draft.type && isRepeat(recorded.body, draft.body)) return { duplicate: recorded.seq };
  return { code: "id-reused" };
}

/** Why nothing can be written at the moment. */
export function refusal(error: unknown): Refusal {
  const cause = error instanceof Error ? error.message : String(error);
  const code = resultCode(error);
  if (code === resultCodes.full) return { code: "storage-full", cause };
  if (code === undefined) return { code: "internal", cause };
  return { code: "internal", message: "The server cannot write its log at the moment.", cause };
}
