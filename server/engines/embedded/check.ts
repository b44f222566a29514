// `check`: holds a data folder's database against itself, and against the blobs, beside a running server or without
// one. It changes nothing. What of the log is looked at is in check-log.ts, of the blobs in check-blobs.ts.

import { counted, inBytes } from "./amounts.js";
import { CheckBlobs } from "./check-blobs.js";
import { CheckLog } from "./check-log.js";
import { openToRead } from "./data-folder.js";
import { isOfSqlite, type Database } from "./database.js";

export interface CheckOptions {
  readonly dataFolder: string;
  /** Told everything that is wrong, a line each. */
  readonly onFault: (line: string) => void;
  /** Told what is worth knowing and not wrong. */
  readonly onNote: (line: string) => void;
}

export interface Checked {
  readonly faults: number;
  /** What was looked at, and how many faults there are. */
  readonly summary: string;
}

/** How much was looked at. */
export interface Seen {
  rooms: number;
  conversations: number;
  entries: number;
  /** Files that the database has, and the bytes of their blobs, each counted once. */
  files: number;
  bytes: number;
}

/** Where what is found goes. */
export interface Findings {
  readonly seen: Seen;
  readonly fault: (line: string) => void;
  readonly note: (line: string) => void;
}

/** @throws Error with a sentence when it cannot be looked at */
export async function checkFolder({ dataFolder, onFault, onNote }: CheckOptions): Promise<Checked> {
  let faults = 0;
  const fault = (line: string) => {
    faults++;
    onFault(line);
  };
  const seen = { rooms: 0, conversations: 0, entries: 0, files: 0, bytes: 0 };
  const database = await openToRead(dataFolder);
  try {
    checkIntegrity(database, fault);
    new CheckLog(database, { seen, fault, note: onNote }).checkAll();
    await new CheckBlobs({ database, dataFolder, seen, fault, note: onNote }).checkAll();
  } catch (error) {
    if (!isOfSqlite(error)) throw error;
    // What could be read before it has been looked at.
    fault(`database: ${error.message}`);
  } finally {
    database.close();
  }
  return { faults, summary: `${inWords(seen)}: ${faults === 0 ? "no faults" : counted(faults, "fault")}` };
}

function inWords({ rooms, conversations, entries, files, bytes }: Seen): string {
  return [
    counted(rooms, "room"),
    ...(conversations === 0 ? [] : [counted(conversations, "conversation")]),
    entries === 1 ? "1 entry" : `${entries} entries`,
    `${counted(files, "file")} (${inBytes(bytes)})`,
  ].join(", ");
}

/** SQLite's own faults that are told; there may be one for every row. */
const maxFaults = 100;

function checkIntegrity(database: Database, fault: (line: string) => void): void {
  for (const row of database.prepare(`PRAGMA integrity_check(${maxFaults})`).all()) {
    const said = String(row.integrity_check);
    if (said !== "ok") fault(`database: ${said.replace(/\s+/g, " ")}`);
  }
  let left = maxFaults;
  for (const { table, rowid, parent } of database.prepare("PRAGMA foreign_key_check").iterate()) {
    if (left-- === 0) break;
    const row = typeof rowid === "number" ? `row ${rowid}` : "a row";
    fault(`database: ${row} of ${String(table)} belongs to none of ${String(parent)}`);
  }
}
