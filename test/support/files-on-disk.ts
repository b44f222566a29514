// Holds the files in a data folder against its database: whatever ended the process, and at any moment while one runs,
// there is no file without a record and no entry's file without its bytes.

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { openToRead } from "../../server/engines/embedded/data-folder.js";
import type { Database } from "../../server/engines/embedded/database.js";
import { allFiles } from "./folders.js";

interface Records {
  readonly uploads: ReadonlySet<string>;
  /** Hashes that a file, an upload or a note of the sweeper has. */
  readonly blobs: ReadonlySet<string>;
  /** Sizes of the files that entries have, by their hash. */
  readonly files: ReadonlyMap<string, number>;
}

/** Fails when a file has no record, or a record of an entry's file no bytes. */
export async function expectNoOrphans(dataFolder: string): Promise<void> {
  expect(await orphansIn(dataFolder)).toEqual([]);
}

/** What is wrong, a line each. A server may be running. */
export async function orphansIn(dataFolder: string): Promise<string[]> {
  // The names first: a record is there before its file is, and goes after it.
  const [unfinished, blobs] = [await unfinishedIn(dataFolder), await blobsIn(dataFolder)];
  const records = await recordsOf(dataFolder);
  const nobodys = [
    ...unfinished.filter((id) => !records.uploads.has(id)).map((id) => `unfinished/${id}`),
    ...blobs.filter((sha256) => !records.blobs.has(sha256)).map(pathOf),
  ];
  const strays: string[] = [];
  for (const path of nobodys) if (await isFile(join(dataFolder, path))) strays.push(`${path} has no record`);
  const missing = await missingOf(dataFolder, records);
  return [...strays, ...missing];
}

/** The ids of unfinished uploads that have a file. */
export async function unfinishedIn(dataFolder: string): Promise<string[]> {
  return readdir(join(dataFolder, "unfinished"));
}

/** The hashes of all blobs. */
export async function blobsIn(dataFolder: string): Promise<string[]> {
  return (await allFiles(join(dataFolder, "blobs"))).map((path) => path.replace("/", ""));
}

async function recordsOf(dataFolder: string): Promise<Records> {
  const database = await openToRead(dataFolder);
  try {
    // Of one moment.
    database.exec("BEGIN");
    const all = (query: string) => database.prepare(query).all();
    const blobs = all(
      "SELECT sha256 FROM files UNION SELECT blob FROM uploads WHERE blob IS NOT NULL UNION SELECT sha256 FROM freed",
    );
    return {
      uploads: new Set(all("SELECT id FROM uploads").map(({ id }) => String(id))),
      blobs: new Set(blobs.map(({ sha256 }) => String(sha256))),
      files: filesOf(database),
    };
  } finally {
    database.close();
  }
}

function filesOf(database: Database): Map<string, number> {
  const rows = database.prepare("SELECT DISTINCT sha256, size FROM files").all();
  return new Map(rows.map(({ sha256, size }) => [String(sha256), Number(size)]));
}

/** Bytes of entries' files that are not there, unless the entry has gone meanwhile. */
async function missingOf(dataFolder: string, { files }: Records): Promise<string[]> {
  const missing: string[] = [];
  for (const [sha256, size] of files) {
    const found = await stat(join(dataFolder, pathOf(sha256))).catch(() => undefined);
    if (found?.size !== size) missing.push(sha256);
  }
  if (missing.length === 0) return [];
  const still = (await recordsOf(dataFolder)).files;
  return missing.filter((sha256) => still.has(sha256)).map((sha256) => `${pathOf(sha256)} is not whole`);
}

function pathOf(sha256: string): string {
  return `blobs/${sha256.slice(0, 2)}/${sha256.slice(2)}`;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}
