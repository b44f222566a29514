// The thread that appends, and does nothing else: one batch, one transaction, one sync. It alone gives numbers.
// Called by log.ts through calls.ts; reading is reader.ts.

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import type { Draft, FileDraft } from "../../engine.js";
import type { ErrorCode } from "../../../shared/errors.js";
import type { Name } from "../../../shared/names.js";
import { serveCalls } from "./calls.js";
import { databaseFile, lockFolder, openForWriting, resultCode, resultCodes } from "./database.js";

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
}

export type WriterMethods = ReturnType<typeof openWriter>;

function openWriter(folder: string) {
  const lock = lockFolder(join(folder, "roomline.lock"));
  const database = openForWriting(join(folder, databaseFile));
  const selectRoom = database.prepare("SELECT id, name, epoch FROM rooms WHERE key = ?");
  const selectHead = database.prepare("SELECT max(seq) AS head FROM entries WHERE room = ?");
  const insertRoom = database.prepare("INSERT INTO rooms (key, name, epoch) VALUES (?, ?, ?)");
  const insertEntry = database.prepare(
    "INSERT INTO entries (room, seq, time, type, sender, id, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  const selectVersion = database.prepare(
    "SELECT max(version) AS version FROM files WHERE room = ? AND key = ?",
  );
  const insertFile = database.prepare(
    "INSERT INTO files (room, seq, file, key, version, name, author, size, mime, sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );

  const rooms = new Map<string, Room>();

  function roomOf(name: Name): Room {
    let room = rooms.get(name.key);
    if (room === undefined) {
      room = load(name) ?? {
        rowId: undefined,
        name: name.shown,
        epoch: randomBytes(16).toString("hex"),
        head: 0,
      };
      rooms.set(name.key, room);
    }
    return room;
  }

  function load(name: Name): Room | undefined {
    const row = selectRoom.get(name.key);
    if (row === undefined) return undefined;
    const rowId = Number(row.id);
    const head = Number(selectHead.get(rowId)?.head ?? 0);
    return { rowId, name: String(row.name), epoch: String(row.epoch), head };
  }

  function record(draft: RoomDraft, timeMs: number): { seq: number; version: number | undefined } {
    const room = roomOf(draft.room);
    room.rowId ??= Number(insertRoom.run(draft.room.key, room.name, room.epoch).lastInsertRowid);
    const seq = room.head + 1;
    const version = draft.file && nextVersion(room.rowId, draft.file);
    insertEntry.run(
      room.rowId,
      seq,
      timeMs,
      draft.type,
      draft.sender,
      draft.id ?? null,
      version === undefined ? draft.body : withVersion(draft.body, version),
    );
    if (draft.file !== undefined && version !== undefined) {
      const { file, name, size, mime, sha256, author } = draft.file;
      insertFile.run(room.rowId, seq, file, name.key, version, name.shown, author, size, mime, sha256);
    }
    room.head = seq;
    return { seq, version };
  }

  function nextVersion(rowId: number, file: FileDraft): number {
    return Number(selectVersion.get(rowId, file.name.key)?.version ?? 0) + 1;
  }

  return {
    open(name: Name): OpenedRoom {
      const { name: shown, epoch, head } = roomOf(name);
      return { name: shown, epoch, head };
    },

    /** Lets a room go that nobody listens to. */
    release(name: Name): void {
      rooms.delete(name.key);
    },

    close(_argument: undefined): void {
      database.close();
      lock.close();
    },

    /** Records all drafts or none. */
    append(drafts: readonly RoomDraft[]): Commit | Refusal {
      const timeMs = Date.now();
      const seqs: number[] = [];
      const versions = new Map<number, number>();
      database.exec("BEGIN IMMEDIATE");
      try {
        for (const draft of drafts) {
          const { seq, version } = record(draft, timeMs);
          if (version !== undefined) versions.set(seqs.length, version);
          seqs.push(seq);
        }
        database.exec("COMMIT");
      } catch (error) {
        if (database.isTransaction) database.exec("ROLLBACK");
        // What the transaction counted up is read again from what is on disk.
        for (const draft of drafts) forget(draft.room);
        return refusal(error);
      }
      return { timeMs, seqs, versions };
    },
  };

  function forget(name: Name): void {
    const room = rooms.get(name.key);
    if (room === undefined) return;
    const stored = load(name);
    room.rowId = stored?.rowId;
    room.head = stored?.head ?? 0;
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

if (parentPort !== null) serveCalls(parentPort, openWriter(String(workerData)));
