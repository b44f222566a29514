// `backup`: a copy of the data folder that is itself one, made beside a running server or without one. The database is
// copied as it is at one moment; a file that is deleted before its blob is copied is deleted in the copy. Its logs are
// others from there on: fresh epochs.
//
//   FOLDER.part:  roomline.db <- VACUUM INTO | epochs | blobs, each hashed | session.key, operator.token   -> FOLDER
//   (search.db is made from the log again)

import { readFile, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { counted, inBytes } from "./amounts.js";
import { BackupBlobs } from "./backup-blobs.js";
import { DatabaseCopy } from "./backup-database.js";
import { openToRead } from "./data-folder.js";
import type { Database } from "./database.js";
import {
  exists,
  freeBytes,
  hasCode,
  makeDurableFolder,
  makeFolder,
  syncFolder,
  writeDurableFile,
} from "./disk.js";
import { blobsFolder, databaseFile, keyFile, operatorFile } from "./layout.js";

export interface BackupOptions {
  readonly dataFolder: string;
  /** Not there yet, or empty. */
  readonly folder: string;
  /** Told, a sentence each, of files that the data folder should have and does not. */
  readonly tell: (sentence: string) => void;
}

export interface BackedUp {
  /** What was copied, as a sentence. */
  readonly summary: string;
  /** Files that are missing or damaged in the data folder, and so in the copy. */
  readonly faults: number;
}

/** Left free on the disk that the copy goes to. */
const marginBytes = 16 * 1024 * 1024;

/** @throws Error with a sentence when it cannot be made; the folder is not there then */
export async function backUp({ dataFolder, folder, tell }: BackupOptions): Promise<BackedUp> {
  const target = resolve(folder);
  await refuseTarget(resolve(dataFolder), target);
  const source = await openToRead(dataFolder);
  const part = `${target}.part`;
  try {
    await makeDurableFolder(dirname(target));
    await removeLeftover(part);
    await refuseFullDisk(source, target);
    await makeFolder(part);
    try {
      const backedUp = await fill(part, { source, dataFolder, tell });
      await rename(part, target);
      await syncFolder(dirname(target));
      return backedUp;
    } catch (error) {
      await rm(part, { recursive: true, force: true }).catch(() => undefined);
      throw error;
    }
  } finally {
    source.close();
  }
}

interface Source {
  readonly source: Database;
  readonly dataFolder: string;
  readonly tell: (sentence: string) => void;
}

async function fill(part: string, { source, dataFolder, tell }: Source): Promise<BackedUp> {
  const copy = DatabaseCopy.make(source, join(part, databaseFile));
  try {
    const folders = { from: dataFolder, to: part };
    const blobs = new BackupBlobs({ source, copy: copy.database, folders, tell });
    await blobs.copyAll();
    copy.finish();
    await copySecrets(dataFolder, part);
    await syncFolder(part);
    const files = `${counted(blobs.files, "file")} (${inBytes(blobs.bytes)})`;
    return { summary: `The backup has all rooms and ${files}.`, faults: blobs.faults };
  } finally {
    copy.close();
  }
}

async function copySecrets(dataFolder: string, part: string): Promise<void> {
  for (const name of [keyFile, operatorFile]) {
    if (!(await exists(join(dataFolder, name)))) continue;
    await writeDurableFile(join(part, name), await readFile(join(dataFolder, name)));
  }
}

async function refuseTarget(dataFolder: string, target: string): Promise<void> {
  const below = relative(dataFolder, target);
  if (below === "" || !below.startsWith("..")) {
    throw new Error(`${target} is in the data folder: a backup belongs elsewhere.`);
  }
  try {
    if ((await readdir(target)).length > 0) throw new Error(`${target} is there already, and is not empty.`);
    // It would be made on one disk and could not be moved to the other.
    const [own, above] = [await stat(target), await stat(dirname(target))];
    if (own.dev !== above.dev) throw new Error(`${target} is a disk of its own: name a folder in it.`);
  } catch (error) {
    if (hasCode(error, "ENOTDIR"))
      throw new Error(`${target} is there already, and is no folder.`, { cause: error });
    if (!hasCode(error, "ENOENT")) throw error;
  }
}

/** What a backup that was ended has left; anything else of that name is somebody's. */
async function removeLeftover(part: string): Promise<void> {
  const names = (await exists(part)) ? await readdir(part) : [];
  const ours = [databaseFile, blobsFolder, keyFile, operatorFile];
  const isOurs = (name: string) =>
    ours.some((own) => name.replace(/(-wal|-shm|-journal|\.part)$/, "") === own);
  if (!names.every(isOurs)) {
    throw new Error(`${part} is there already, and is not of a backup. Move it away.`);
  }
  await rm(part, { recursive: true, force: true });
}

async function refuseFullDisk(source: Database, target: string): Promise<void> {
  const pragma = (name: string) => Number(source.prepare(`PRAGMA ${name}`).get()?.[name]);
  const blobs = source
    .prepare("SELECT sum(size) AS bytes FROM (SELECT max(size) AS size FROM files GROUP BY sha256)")
    .get();
  const pages = pragma("page_count") - pragma("freelist_count");
  const needed = pages * pragma("page_size") + Number(blobs?.bytes ?? 0) + marginBytes;
  const free = await freeBytes(dirname(target));
  if (free >= needed) return;
  throw new Error(`The backup needs ${inBytes(needed)}, and ${dirname(target)} has ${inBytes(free)} left.`);
}
