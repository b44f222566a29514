// Brings a database to this program's schema: one transaction, after a copy of what was there is safe beside it, so
// that whatever ends the process leaves the old database or the new one. Called by writer.ts.

import { closeSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { basename, dirname } from "node:path";
import { inTransaction, unusable, type Database } from "./database.js";
import { schemaVersion, steps } from "./schema.js";

/**
 * Makes the schema in an empty database, and brings an older one up to it. The copy of an older one is `<path>.v1`,
 * by its version; it stays until somebody removes it.
 * @throws Error with a sentence when a newer program wrote it, or it cannot be copied or written; it is unchanged then
 */
export function migrate(database: Database, path: string): void {
  const version = versionOf(database);
  if (version > schemaVersion) {
    throw new Error(`${path} was written by a newer version of Roomline (schema ${version}).`);
  }
  if (version === schemaVersion) return;
  if (version > 0) copyBeside(database, path, `${path}.v${version}`);
  try {
    inTransaction(database, () => {
      for (const step of steps.slice(version)) database.exec(step);
      database.exec(`PRAGMA user_version = ${schemaVersion}`);
    });
  } catch (error) {
    throw unusable(path, error);
  }
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

function versionOf(database: Database): number {
  return Number(database.prepare("PRAGMA user_version").get()?.user_version);
}
