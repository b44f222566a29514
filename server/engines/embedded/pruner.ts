// Takes old entries away for good, a few at a time, and gives their space back to the disk. Which ones is decided in
// housekeeping.ts. Lives in the writing thread, between commits, so that nobody who records waits long.

import { inTransaction, type Database, type Statement } from "./database.js";

/** Few enough to be gone in a moment. */
const entriesAtOnce = 500;

/** Pages that are moved or cut off at a time. */
const pagesAtOnce = 64;

/** Free pages that stay for what is recorded next. */
const pagesToKeep = 256;

export interface Pruned {
  /** Numbers up to it are not kept any more. */
  readonly to: number;
  /** Whether there is more to take away. */
  readonly more: boolean;
  /** Whether files went. */
  readonly hasFiles: boolean;
}

export interface Shrunk {
  /** How many were given back. */
  readonly pages: number;
  /** Whether there are more to give. */
  readonly more: boolean;
}

export class Pruner {
  readonly #database: Database;
  readonly #selectRoom: Statement;
  readonly #selectLast: Statement;
  readonly #deleteFiles: Statement;
  readonly #deleteEntries: Statement;
  readonly #deleteChanges: Statement;
  readonly #movePruned: Statement;

  constructor(database: Database) {
    this.#database = database;
    this.#selectRoom = database.prepare("SELECT id, pruned FROM rooms WHERE key = ?");
    this.#selectLast = database.prepare(
      `SELECT max(seq) AS seq FROM (SELECT seq FROM entries WHERE room = ? AND seq <= ? ORDER BY seq LIMIT ?)`,
    );
    this.#deleteFiles = database.prepare("DELETE FROM files WHERE room = ? AND seq <= ?");
    this.#deleteEntries = database.prepare("DELETE FROM entries WHERE room = ? AND seq <= ?");
    this.#deleteChanges = database.prepare("DELETE FROM changes WHERE room = ? AND target <= ? AND seq <= ?");
    this.#movePruned = database.prepare("UPDATE rooms SET pruned = max(pruned, ?) WHERE id = ?");
  }

  /** Some of a room's entries up to a number; with their files, unless those are kept. */
  prune({ roomKey, to, keepsFiles }: { roomKey: string; to: number; keepsFiles: boolean }): Pruned {
    const room = this.#selectRoom.get(roomKey);
    if (room === undefined) return { to: 0, more: false, hasFiles: false };
    const roomId = Number(room.id);
    const last = this.#selectLast.get(roomId, to, entriesAtOnce)?.seq;
    if (typeof last !== "number") return { to: Number(room.pruned), more: false, hasFiles: false };
    const files = inTransaction(this.#database, () => {
      const gone = keepsFiles ? 0 : Number(this.#deleteFiles.run(roomId, last).changes);
      // What is kept still tells which edit has replaced which.
      this.#deleteChanges.run(roomId, last, last);
      this.#deleteEntries.run(roomId, last);
      this.#movePruned.run(last, roomId);
      return gone;
    });
    return { to: last, more: last < to, hasFiles: files > 0 };
  }

  /** All that is left of a log that has no entries any more. */
  forget(roomKey: string): void {
    const room = this.#selectRoom.get(roomKey);
    if (room === undefined) return;
    const roomId = Number(room.id);
    inTransaction(this.#database, () => {
      for (const table of ["conversations", "read_marks", "changes", "files"]) {
        this.#database.prepare(`DELETE FROM ${table} WHERE room = ?`).run(roomId);
      }
      this.#database.prepare("DELETE FROM rooms WHERE id = ?").run(roomId);
    });
  }

  /** Gives some free pages back to the file's end, which the next checkpoint cuts off. */
  shrink(): Shrunk {
    const free = Number(this.#database.prepare("PRAGMA freelist_count").get()?.freelist_count);
    const pages = Math.min(pagesAtOnce, free - pagesToKeep);
    if (pages <= 0) return { pages: 0, more: false };
    this.#database.exec(`PRAGMA incremental_vacuum(${pages})`);
    return { pages, more: free - pages > pagesToKeep };
  }
}
