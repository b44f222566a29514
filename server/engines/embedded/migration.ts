// Brings a database to this program's schema: one transaction, after a copy of what was there is safe beside it, so
// that whatever ends the process leaves the old database or the new one. Called by log-database.ts.

import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { inTransaction, unusable, type Database } from "./database.js";
import { schemaVersion, steps } from "./schema.js";

/**
 * Makes the schema in an empty database, and brings an older one up to it; tells whether it was an older one. The copy
 * of that is `<path>.v1`, by its version; it stays until the server stops cleanly, which shows that it was not needed.
 * @throws Error with a sentence when a newer program wrote it, or it cannot be copied or written; it is unchanged then
 */
export function migrate(database: Database, path: string): boolean {
  const version = versionOf(database);
  if (version > schemaVersion) {
    throw new Error(`${path} was written by a newer version of Roomline (schema ${version}).`);
  }
  if (version === schemaVersion) return false;
  if (version > 0) copyBeside(database, path, `${path}.v${version}`);
  try {
    inTransaction(database, () => {
      for (const step of steps.slice(version)) database.exec(step);
      database.exec(`PRAGMA user_version = ${schemaVersion}`);
    });
  } catch (error) {
    throw unusable(path, error);
  }
  return version > 0;
}

/** The copies of older databases that lie beside one, finished or not. */
export function copiesOf(path: string): string[] {
  const folder = dirname(path);
  const start = `${basename(path)}.v`;
  const isCopy = (name: string) => name.startsWith(start) && /^\d+(\.part)?$/.test(name.slice(start.length));
  return readdirSync(folder)
    .filter(isCopy)
    .map((name) => join(folder, name));
}

/** The version of a database's schema; 0 when it has no tables yet. */
export function versionOf(database: Database): number {
  return Number(database.prepare("PRAGMA user_version").get()?.user_version);
}

// Under another name until it is whole and synced. What an earlier attempt copied is made again: the database may
// have changed since.
function copyBeside(database: Database, path: string, copy: string): void {
  const part = `${copy}.part`;
  try {
    remove(part);
    // Made here, because SQLite would let others read it.
    closeSync(openSync(part, "wx", 0o600));
    database.prepare("VACUUM INTO ?").run(part);
    sync(part);
    renameSync(part, copy);
    sync(dirname(copy));
  } catch (error) {
    tryTo(() => {
      remove(part);
    });
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${path} is of an older version, and cannot be brought up to date before it is copied to ${basename(copy)}: ${reason}.`,
      { cause: error },
    );
  }
}

// With the journal that SQLite may have had for it.
function remove(part: string): void {
  for (const leftover of [part, `${part}-journal`]) rmSync(leftover, { force: true });
}

function tryTo(work: () => void): void {
  try {
    work();
  } catch {
    // What failed before it is the reason that is told.
  }
}

function sync(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
