// Records drafts: one batch, one transaction, one sync. It alone gives numbers and versions. Lives in the
// writing thread, which writer.ts is.

import { randomBytes } from "node:crypto";
import type { Draft, FileDraft } from "../../engine.js";
import type { ErrorCode } from "../../../shared/errors.js";
import type { Name } from "../../../shared/names.js";
import { resultCode, resultCodes, type Database, type Statement } from "./database.js";

/** A draft and the room that it goes to. */
export interface RoomDraft extends Draft {
  readonly room: Name;
}

/** What one commit recorded. Drafts and numbers stand in the same order. */
export interface Commit {
  /** Of every entry of the commit, in ms since 1970. */
  readonly timeMs: number;
  readonly seqs: readonly number[];
  /** Versions of the drafts that are files, by the draft's place. */
  readonly versions: ReadonlyMap<number, number>;
}

/** Nothing was recorded, for this reason. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
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
  readonly #rooms = new Map<string, Room>();

  constructor(database: Database) {
    this.#database = database;
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

  /** Records all drafts or none. */
  append(drafts: readonly RoomDraft[]): Commit | Refusal {
    const timeMs = Date.now();
    const seqs: number[] = [];
    const versions = new Map<number, number>();
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      for (const draft of drafts) {
        const { seq, version } = this.#record(draft, timeMs);
        if (version !== undefined) versions.set(seqs.length, version);
        seqs.push(seq);
      }
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#letGo(drafts, true);
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      return refusal(error);
    }
    this.#letGo(drafts, false);
    return { timeMs, seqs, versions };
  }

  #record(draft: RoomDraft, timeMs: number): { seq: number; version: number | undefined } {
    const { room: name, type, sender, id, body, file } = draft;
    const room = this.#roomOf(name);
    room.rowId ??= Number(this.#insertRoom.run(name.key, room.name, room.epoch).lastInsertRowid);
    const seq = room.head + 1;
    const version = file && this.#nextVersion(room.rowId, file);
    const recorded = version === undefined ? body : withVersion(body, version);
    this.#insertEntry.run(room.rowId, seq, timeMs, type, sender, id ?? null, recorded);
    if (file !== undefined && version !== undefined) {
      const { file: fileId, name, size, mime, sha256, author } = file;
      this.#insertFile.run(
        room.rowId,
        seq,
        fileId,
        name.key,
        version,
        name.shown,
        author,
        size,
        mime,
        sha256,
      );
    }
    room.head = seq;
    return { seq, version };
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

function refusal(error: unknown): Refusal {
  const message = error instanceof Error ? error.message : String(error);
  return { code: resultCode(error) === resultCodes.full ? "storage-full" : "internal", message };
}
