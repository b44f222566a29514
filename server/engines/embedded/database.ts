// The only file that names the SQLite package, so that `node:sqlite` can take its place. Opens the database of
// a data folder, for the writer (which makes the schema) or read-only. Used inside worker threads only:
// SQLite's calls block.

import { dirname } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";

export type Row = Record<string, unknown>;
type Value = string | number | null;

/** As much of a prepared statement as is used here. */
export interface Statement {
  run(...values: Value[]): { lastInsertRowid: number | bigint };
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

/** Written to `user_version`; a file with a higher one belongs to a newer program. */
const schemaVersion = 1;

// Rows are clustered by room and number, so that a page of history is one walk along one b-tree.
const schema = `
  CREATE TABLE rooms (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    epoch TEXT NOT NULL
  ) STRICT;

  CREATE TABLE entries (
    room INTEGER NOT NULL REFERENCES rooms (id),
    seq INTEGER NOT NULL,
    time INTEGER NOT NULL,
    type TEXT NOT NULL,
    sender TEXT NOT NULL,
    id TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (room, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE files (
    room INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    file TEXT NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    author TEXT NOT NULL,
    size INTEGER NOT NULL,
    mime TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (room, seq),
    FOREIGN KEY (room, seq) REFERENCES entries (room, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE UNIQUE INDEX files_by_version ON files (room, key, version);
  CREATE UNIQUE INDEX files_by_id ON files (room, file);
  CREATE INDEX files_by_content ON files (sha256);
`;

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
 * Opens for writing and makes the schema in an empty file.
 * Every commit is synced (`synchronous=FULL` in WAL mode), and what is deleted is overwritten and given back.
 * @throws Error with a sentence for the person who started the server
 */
export function openForWriting(path: string): Database {
  const database = openSound(path);
  const version = userVersion(database);
  if (version > schemaVersion) {
    throw new Error(`${path} was written by a newer version of Roomline (schema ${version}).`);
  }
  if (version === 0) {
    database.exec(`BEGIN IMMEDIATE; ${schema} PRAGMA user_version = ${schemaVersion}; COMMIT;`);
  }
  return database;
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

/** https://www.sqlite.org/rescode.html */
export const resultCodes = { busy: 5, full: 13 } as const;

// SQLite notices with the first page it reads that a file is none of its own.
function openSound(path: string): Database {
  try {
    const database: Database = new DatabaseSync(path);
    database.exec(settings);
    return database;
  } catch (error) {
    throw unusable(path, error);
  }
}

function unusable(path: string, error: unknown): Error {
  const reason = error instanceof Error ? error.message : String(error);
  return new Error(`The database ${path} cannot be used: ${reason}.`, { cause: error });
}

function userVersion(database: Database): number {
  return Number(database.prepare("PRAGMA user_version").get()?.user_version);
}
