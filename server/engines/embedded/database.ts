// The only file that names the SQLite package, so that `node:sqlite` can take its place. Opens the database of
// a data folder, for the writer or read-only. Used inside worker threads, and by the operator's commands, which are
// programs of their own: SQLite's calls block.

import { dirname } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";

export type Row = Record<string, unknown>;
type Value = string | number | Uint8Array | null;

/** As much of a prepared statement as is used here. */
export interface Statement {
  run(...values: Value[]): { lastInsertRowid: number | bigint; changes: number | bigint };
  get(...values: Value[]): Row | undefined;
  all(...values: Value[]): Row[];
  iterate(...values: Value[]): Iterable<Row>;
}

/** As much of a database as is used here. */
export interface Database {
  readonly isTransaction: boolean;
  close(): void;
  exec(sql: string): void;
  prepare(sql: string): Statement;
}

// Every commit is synced, and what is deleted is overwritten and its space given back.
const settings = `
  PRAGMA busy_timeout = 5000;
  PRAGMA auto_vacuum = INCREMENTAL;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA secure_delete = ON;
  PRAGMA foreign_keys = ON;
  PRAGMA journal_size_limit = 67108864;
`;

/**
 * Opens for writing; the schema is migration.ts's.
 * Every commit is synced (`synchronous=FULL` in WAL mode), and what is deleted is overwritten and given back.
 * @throws Error with a sentence for the person who started the server
 */
export function openForWriting(path: string): Database {
  try {
    const database: Database = new DatabaseSync(path);
    // SQLite notices with the first page it reads that a file is none of its own.
    database.exec(settings);
    return database;
  } catch (error) {
    throw unusable(path, error);
  }
}

/** One transaction, from its first moment the only one that writes: all that `work` does, or nothing. */
export function inTransaction<T>(database: Database, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/**
 * Takes a data folder for this process alone, until the returned database is closed or the process ends, however
 * it does: the lock is the operating system's, so that it cannot be left behind.
 * @throws Error with a sentence when another process has it
 */
export function lockFolder(path: string): Database {
  try {
    const lock: Database = new DatabaseSync(path);
    lock.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;");
    return lock;
  } catch (error) {
    if (resultCode(error) !== resultCodes.busy) throw unusable(path, error);
    throw new Error(`Another server is using the data folder ${dirname(path)}.`, { cause: error });
  }
}

/** Opens for reading beside the writer, which must have been there first. */
export function openForReading(path: string): Database {
  const database = new DatabaseSync(path, { readOnly: true });
  database.exec("PRAGMA busy_timeout = 5000;");
  return database;
}

/** SQLite's primary result code of an error, undefined when it is none of SQLite's. */
export function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number")
    return undefined;
  return error.errcode & 0xff;
}

/** Whether SQLite has said it, with a result code or, as when a statement is prepared, without. */
export function isOfSqlite(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
}

/** https://www.sqlite.org/rescode.html */
export const resultCodes = { busy: 5, corrupt: 11, full: 13, constraint: 19, notADatabase: 26 } as const;

/** An error of SQLite at the start, as a sentence. */
export function unusable(path: string, error: unknown): Error {
  const reason = error instanceof Error ? error.message : String(error);
  return new Error(`The database ${path} cannot be used: ${reason}.`, { cause: error });
}
