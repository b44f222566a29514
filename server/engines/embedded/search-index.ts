// The full-text index of all logs, a database of its own beside the log's: which documents it has, and how far each
// log is in it. It is derived: lost, damaged or of another log, it is made anew. Lives in the indexing thread, which
// indexer.ts is; what goes in is read in search-feed.ts.
//
// A document is an entry, and its rowid the room's row and the entry's number: so a room is a range of rowids, and
// the newest entries come first without sorting.

import { rmSync } from "node:fs";
import { Checkpoints } from "./checkpoints.js";
import {
  inTransaction,
  openForWriting,
  resultCode,
  resultCodes,
  type Database,
  type Statement,
} from "./database.js";
import { maxSeq, seqBits } from "./rows.js";
import { authorWord, wordsOf } from "./search-words.js";

/** Pages of words that are written at a time when the index is renewed. */
const renewedAtOnce = 64;

/** Pages that are given back to the disk at a time, and free ones that stay in any case. */
const pagesAtOnce = 256;
const pagesToKeep = 1024;

/** Documents that are taken out at once and overwritten, though they are only pruned. */
const erasedAtMost = 200;

/** Another form of the index is another number; an index of an older form is made anew. */
const indexVersion = 1;

// Without the sizes of columns: nobody ranks by them.
const tables = `
  CREATE TABLE indexed (
    room INTEGER PRIMARY KEY,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    pruned INTEGER NOT NULL
  ) STRICT;

  CREATE VIRTUAL TABLE docs USING fts5(text, author, columnsize = 0, tokenize = "unicode61 remove_diacritics 2");
  PRAGMA user_version = ${indexVersion};
`;

/** How far a log is in the index. */
export interface Indexed {
  readonly epoch: string;
  /** The highest number that was looked at. */
  readonly seq: number;
  /** Numbers up to it were taken out again. */
  readonly pruned: number;
}

export interface Hits {
  /** Numbers, the newest first. */
  readonly seqs: readonly number[];
  readonly more: boolean;
}

/** Opens the index of that file; one that cannot be used is made anew. @throws Error when that cannot be done */
export function openSearchIndex(path: string): SearchIndex {
  try {
    const database = openForWriting(path);
    const version = Number(database.prepare("PRAGMA user_version").get()?.user_version);
    if (version === indexVersion) return new SearchIndex(database, path);
    database.close();
  } catch (error) {
    if (resultCode(causeOf(error)) === resultCodes.full) throw error;
  }
  return makeSearchIndex(path);
}

/** Drops what is there, and begins with nothing. */
export function makeSearchIndex(path: string): SearchIndex {
  try {
    for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The search index ${path} cannot be made anew: ${reason}. Move it away.`, {
      cause: error,
    });
  }
  const database = openForWriting(path);
  inTransaction(database, () => {
    database.exec(tables);
  });
  return new SearchIndex(database, path);
}

export class SearchIndex {
  readonly checkpoints: Checkpoints;
  readonly #database: Database;
  readonly #selectIndexed: Statement;
  readonly #setIndexed: Statement;
  readonly #insert: Statement;
  readonly #remove: Statement;
  readonly #removeRange: Statement;
  readonly #countRange: Statement;
  readonly #find: Statement;
  /** Whether what is taken out is overwritten. */
  #isErasing: boolean | undefined;

  constructor(database: Database, path: string) {
    this.#database = database;
    // It may lose its last commits with the power, and then reads them again; it is never half of one.
    database.exec("PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384");
    this.checkpoints = new Checkpoints(database, path);
    this.#selectIndexed = database.prepare("SELECT epoch, seq, pruned FROM indexed WHERE room = ?");
    this.#setIndexed = database.prepare(
      "INSERT OR REPLACE INTO indexed (room, epoch, seq, pruned) VALUES (?, ?, ?, ?)",
    );
    this.#insert = database.prepare(
      `INSERT INTO docs (rowid, text, author) VALUES ((? << ${seqBits}) | ?, ?, ?)`,
    );
    this.#remove = database.prepare(`DELETE FROM docs WHERE rowid = (? << ${seqBits}) | ?`);
    this.#removeRange = database.prepare(
      `DELETE FROM docs WHERE rowid IN (SELECT rowid FROM docs
       WHERE rowid BETWEEN (?1 << ${seqBits}) | ?2 AND (?1 << ${seqBits}) | ?3 ORDER BY rowid LIMIT ?4)`,
    );
    this.#countRange = database.prepare(
      `SELECT count(*) AS count FROM (SELECT 1 FROM docs
       WHERE rowid BETWEEN (?1 << ${seqBits}) | ?2 AND (?1 << ${seqBits}) | ?3 LIMIT ?4)`,
    );
    // One row, because of what fails in `all` the package tells no code.
    this.#find = database.prepare(
      `SELECT group_concat(seq ORDER BY seq DESC) AS seqs FROM (
         SELECT rowid & ((1 << ${seqBits}) - 1) AS seq FROM docs
         WHERE docs MATCH ?1 AND rowid BETWEEN (?2 << ${seqBits}) | ?3 AND (?2 << ${seqBits}) | ?4
         ORDER BY rowid DESC LIMIT ?5)`,
    );
  }

  /** All that `work` does, or nothing. */
  inTransaction<T>(work: () => T): T {
    try {
      return inTransaction(this.#database, work);
    } catch (error) {
      // It may have been taken back with the rest.
      this.#isErasing = undefined;
      throw error;
    }
  }

  indexedOf(roomId: number): Indexed | undefined {
    const row = this.#selectIndexed.get(roomId);
    return row && { epoch: String(row.epoch), seq: Number(row.seq), pruned: Number(row.pruned) };
  }

  /** Rows of logs that are in the index. */
  indexedRooms(): number[] {
    return this.#database
      .prepare("SELECT room FROM indexed")
      .all()
      .map(({ room }) => Number(room));
  }

  /** Takes a log out that is not there any more. */
  drop(roomId: number): void {
    this.#erasing(true);
    this.#removeRange.run(roomId, 0, maxSeq, -1);
    this.#database.prepare("DELETE FROM indexed WHERE room = ?").run(roomId);
  }

  setIndexed(roomId: number, { epoch, seq, pruned }: Indexed): void {
    this.#setIndexed.run(roomId, epoch, seq, pruned);
  }

  add(roomId: number, seq: number, { text, from }: { text: string; from: string }): void {
    this.#insert.run(roomId, seq, wordsOf(text), authorWord(from));
  }

  /** Takes documents out so that nothing of them is left in the file. Those that are not there are out. */
  erase(roomId: number, seqs: Iterable<number>): void {
    this.#erasing(true);
    for (const seq of seqs) this.#remove.run(roomId, seq);
  }

  /**
   * Takes out some of the documents of a range, the lowest first; what they were goes as the index renews itself.
   * Returns how many there were.
   */
  prune(roomId: number, { from, to, limit }: { from: number; to: number; limit: number }): number {
    const count = Number(this.#countRange.get(roomId, from, to, erasedAtMost + 1)?.count);
    // Overwriting each takes fifty times as long: only a few are.
    this.#erasing(count <= erasedAtMost);
    return Number(this.#removeRange.run(roomId, from, to, limit).changes);
  }

  /** Documents, or nearly as many. */
  countDocuments(): number {
    const counted = this.#database.prepare("SELECT sum(seq - max(pruned, 0)) AS count FROM indexed").get();
    return Number(counted?.count ?? 0);
  }

  /** Begins to write the words of all documents anew, so that what was pruned is gone in the end. */
  beginRenewal(): void {
    this.#merge(-renewedAtOnce);
  }

  /** Goes on with it; tells whether there was something to do. */
  renew(): boolean {
    const countChanges = () => Number(this.#database.prepare("SELECT total_changes() AS count").get()?.count);
    const before = countChanges();
    this.#merge(renewedAtOnce);
    // As https://www.sqlite.org/fts5.html#the_merge_command says.
    return countChanges() - before >= 2;
  }

  /**
   * Gives some free pages back to the file's end when there are many: half of what is used stays free, because the index
   * needs room to renew itself. Tells whether there are more.
   */
  shrink(): boolean {
    const pagesOf = (pragma: string) => Number(this.#database.prepare(`PRAGMA ${pragma}`).get()?.[pragma]);
    const free = pagesOf("freelist_count");
    const spare = free - Math.max(pagesToKeep, Math.floor((pagesOf("page_count") - free) / 2));
    if (spare <= 0) return false;
    this.#database.exec(`PRAGMA incremental_vacuum(${Math.min(spare, pagesAtOnce)})`);
    return spare > pagesAtOnce;
  }

  find(expression: string, range: { roomId: number; from: number; to: number; limit: number }): Hits {
    const { roomId, from, to, limit } = range;
    const found = this.#find.get(expression, roomId, from, to, limit + 1)?.seqs;
    const seqs = typeof found === "string" ? found.split(",").map(Number) : [];
    return { seqs: seqs.slice(0, limit), more: seqs.length > limit };
  }

  close(): void {
    this.#database.close();
    this.checkpoints.close();
  }

  #merge(pages: number): void {
    this.#database.exec(`INSERT INTO docs (docs, rank) VALUES ('merge', ${pages})`);
  }

  #erasing(isErasing: boolean): void {
    if (this.#isErasing === isErasing) return;
    this.#database.exec(`INSERT INTO docs (docs, rank) VALUES ('secure-delete', ${isErasing ? 1 : 0})`);
    this.#isErasing = isErasing;
  }
}

function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}
