// The database of a backup: a copy as of one moment, with fresh epochs, and nothing in it of what was deleted. Called by
// backup.ts.

import { closeSync, fsyncSync, openSync } from "node:fs";
import { Checkpoints } from "./checkpoints.js";
import { openForWriting, type Database } from "./database.js";

export class DatabaseCopy {
  readonly database: Database;
  readonly #path: string;
  readonly #checkpoints: Checkpoints;
  #isOpen = true;

  private constructor(database: Database, path: string) {
    this.database = database;
    this.#path = path;
    this.#checkpoints = new Checkpoints(database, path);
  }

  static make(source: Database, path: string): DatabaseCopy {
    // Made here, because SQLite would let others read it.
    closeSync(openSync(path, "wx", 0o600));
    source.prepare("VACUUM INTO ?").run(path);
    const copy = new DatabaseCopy(openForWriting(path), path);
    // Who was in a room knows by its epoch that this is another log: what was said since the copy is not in it.
    copy.database.exec("UPDATE rooms SET epoch = lower(hex(randomblob(16)))");
    // What is unfinished is not in a backup, nor is what was to be taken away.
    copy.database.exec("DELETE FROM uploads; DELETE FROM freed");
    copy.#checkpoints.cleanAll();
    return copy;
  }

  /** Once nothing is written to it any more: all of it is in its file, and synced. */
  finish(): void {
    if (!this.#checkpoints.purge()) throw new Error(`Another program has ${this.#path} open.`);
    // Closing it would leave the files of the write-ahead log until the last statement is collected.
    this.database.exec("PRAGMA journal_mode = DELETE");
    this.close();
    // Not before: closing any descriptor of a file drops SQLite's locks on it.
    const descriptor = openSync(this.#path, "r");
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  /** May be called twice. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.database.close();
    this.#checkpoints.close();
  }
}
