// When what is in a database's write-ahead log goes into its file, and that nothing of what was deleted stays in
// either. For the one thread that writes the database: writer.ts for the log, indexer.ts for the search index.
//
//   commit -> note which pages it wrote -> 1000 frames: checkpoint, then clean the gaps of those pages (gaps.ts)
//   commit that erases -> some seconds later: the same, and the write-ahead log is emptied, and SQLite's cache

import type { Database } from "./database.js";
import { Gaps } from "./gaps.js";
import { WalPages } from "./wal-pages.js";

/** 4 MiB, as SQLite's own default. */
const framesOfCheckpoint = 1000;

export class Checkpoints {
  readonly #database: Database;
  readonly #wal: WalPages;
  readonly #gaps: Gaps;
  #hasEmptied = false;
  /** With so many frames in the log the next checkpoint is due. */
  #dueFrames = framesOfCheckpoint;

  /** For a database that is open, and has its tables. */
  constructor(database: Database, path: string) {
    this.#database = database;
    database.exec("PRAGMA wal_autocheckpoint = 0");
    this.#wal = new WalPages(`${path}-wal`);
    this.#gaps = new Gaps(path);
  }

  /** Whether nothing was committed since the write-ahead log was emptied here: that it has no bytes is no harm then. */
  get hasEmptied(): boolean {
    return this.#hasEmptied;
  }

  /** Of a database that was written by a program which did not clean up behind itself. */
  cleanAll(): void {
    if (this.#checkpoint("PASSIVE")) this.#gaps.cleanAll();
  }

  /**
   * After a commit: moves what is in the log into the file when it is time. A reader may put it off, or a disk that is
   * full: it is tried again when there is as much more. Never throws.
   */
  tidy(): void {
    this.#attempt(() => {
      this.#wal.read();
      const { frames } = this.#wal;
      if (frames > 0) this.#hasEmptied = false;
      if (frames < framesOfCheckpoint) this.#dueFrames = framesOfCheckpoint;
      if (frames < this.#dueFrames) return false;
      this.#dueFrames = frames + framesOfCheckpoint;
      return this.#cleanPages();
    });
  }

  /** After a commit that failed, perhaps in the middle of a page. */
  rewind(): void {
    this.#wal.rewind();
  }

  /**
   * Nothing of what was deleted before is in the file or the log after this, nor in this connection's cache, from
   * where it could come back. False when somebody who reads is in the way, or the disk: try again. Never throws.
   */
  purge(): boolean {
    return this.#attempt(() => {
      this.#wal.read();
      if (!this.#cleanPages() || !this.#checkpoint("TRUNCATE")) return false;
      this.#database.exec("PRAGMA shrink_memory");
      this.#hasEmptied = true;
      return true;
    });
  }

  /** Only after the database was closed. */
  close(): void {
    this.#wal.close();
    this.#gaps.close();
  }

  // Nothing is lost by a checkpoint that fails: what it would have moved stays in the write-ahead log.
  #attempt(work: () => boolean): boolean {
    try {
      return work();
    } catch {
      return false;
    }
  }

  #cleanPages(): boolean {
    // All or nothing: half a checkpoint leaves a file whose pages are of different ages.
    if (!this.#checkpoint("PASSIVE")) return false;
    this.#gaps.clean(this.#wal.pages);
    this.#wal.forget();
    return true;
  }

  // Nobody who records waits for somebody who reads.
  #checkpoint(mode: "PASSIVE" | "TRUNCATE"): boolean {
    this.#database.exec("PRAGMA busy_timeout = 0");
    try {
      const done = this.#database.prepare(`PRAGMA wal_checkpoint(${mode})`).get();
      return done?.busy === 0 && done.log === done.checkpointed;
    } finally {
      this.#database.exec("PRAGMA busy_timeout = 5000");
    }
  }
}

/** What is deleted is gone from every file at the latest so long after the commit, unless somebody reads just then. */
const purgeAfterMs = 5000;
const purgeAgainMs = 250;

/** When to purge: once for all that is deleted within some seconds. */
export class Purge {
  readonly #checkpoints: Checkpoints;
  #timer: NodeJS.Timeout | undefined;

  constructor(checkpoints: Checkpoints) {
    this.#checkpoints = checkpoints;
  }

  isDue(): void {
    this.#timer ??= this.#in(purgeAfterMs);
  }

  now(): boolean {
    clearTimeout(this.#timer);
    const isDone = this.#checkpoints.purge();
    this.#timer = isDone ? undefined : this.#in(purgeAgainMs);
    return isDone;
  }

  #in(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.now(), ms).unref();
  }
}
