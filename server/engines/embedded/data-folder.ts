// What a data folder must be before it is used: one that has lost its database is not begun anew, and whoever only
// reads needs one that is up to date. Called by index.ts, and by the operator's commands of tools.ts.

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { openForReading, unusable, type Database } from "./database.js";
import { exists, makeDurableFolder } from "./disk.js";
import { databaseFile, keyFile } from "./layout.js";
import { versionOf } from "./migration.js";
import { schemaVersion } from "./schema.js";

/** Makes a folder that is missing. @throws Error with a sentence when it has lost what it had */
export async function prepareFolder(dataFolder: string): Promise<void> {
  await makeDurableFolder(dataFolder);
  await refuseBlobsAlone(dataFolder);
  await refuseEmptied(dataFolder);
}

/**
 * Opens the database for reading, beside a server or without one.
 * @throws Error with a sentence when there is none, or it is of another version
 */
export async function openToRead(dataFolder: string): Promise<Database> {
  const path = join(dataFolder, databaseFile);
  if (!(await exists(path))) throw new Error(`There is no ${databaseFile} in ${dataFolder}.`);
  let database: Database | undefined;
  try {
    database = openForReading(path);
    refuseOtherVersion(path, versionOf(database));
    return database;
  } catch (error) {
    database?.close();
    throw error instanceof WrongVersion ? error : unusable(path, error);
  }
}

class WrongVersion extends Error {}

function refuseOtherVersion(path: string, version: number): void {
  if (version > schemaVersion) {
    throw new WrongVersion(`${path} was written by a newer version of Roomline (schema ${version}).`);
  }
  if (version < schemaVersion) {
    throw new WrongVersion(`${path} is of an older version: start the server once to bring it up to date.`);
  }
}

// A new database would know none of the files, and the sweep would take them for what a crash has left.
async function refuseBlobsAlone(dataFolder: string): Promise<void> {
  if (await exists(join(dataFolder, databaseFile))) return;
  const blobs = join(dataFolder, "blobs");
  if (!(await exists(blobs)) || (await readdir(blobs)).length === 0) return;
  throw new Error(
    `The data folder ${dataFolder} has files but no ${databaseFile}. Put it back, or move ${blobs} away.`,
  );
}

// SQLite takes a file of no bytes for a new database. It is one only until its server has made the key, which it
// does after the tables; later, somebody or something has emptied it.
async function refuseEmptied(dataFolder: string): Promise<void> {
  const path = join(dataFolder, databaseFile);
  if (!(await exists(path)) || (await stat(path)).size > 0) return;
  if (!(await exists(join(dataFolder, keyFile)))) return;
  throw new Error(`The database ${path} has no bytes any more. Put it back, or move ${dataFolder} away.`);
}
