// Opens the embedded engine: everything in one data folder.
//
//   roomline.db  (-wal, -shm)   the log, in SQLite        blobs/     complete files, by their hash
//   session.key                 signs guests' sessions    partial/   uploads under way
//   roomline.lock               held by the one server that has the folder open
//   roomline.db.v1              what the log was before it was brought to a newer schema

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Engine, RoomLog } from "../../engine.js";
import { WorkerCalls, type Methods } from "./calls.js";
import { openCatalog } from "./catalog.js";
import { EmbeddedDirectory } from "./directory.js";
import { exists, makeDurableFolder } from "./disk.js";
import { openFolderFileStore, type FolderFileStore } from "./files.js";
import { databaseFile, keyFile } from "./layout.js";
import { EmbeddedLog } from "./log.js";
import type { ReaderMethods } from "./reader.js";
import { openSessionKey } from "./sessions.js";
import type { WriterData, WriterMethods } from "./writer.js";

export interface EmbeddedEngineOptions {
  readonly dataFolder: string;
  /** Where the compiled threads, writer.js and reader.js, are. */
  readonly threadFolder: string;
  /** With less room on the disk no upload begins. */
  readonly minFreeBytes?: number;
  /** For how long the same sender and id in a room make one entry, in ms; a day when left out. */
  readonly dedupeMs?: number;
  /** Entries whose keys are sealed together (keys.ts). */
  readonly segmentEntries?: number;
}

const defaultDedupeMs = 24 * 3600 * 1000;

/** Few enough to read back in a moment at the next start, and to seal without being noticed. */
const defaultSegmentEntries = 2 ** 16;

/** @throws Error with a sentence for the person who started the server */
export async function openEmbeddedEngine({
  dataFolder,
  threadFolder,
  dedupeMs = defaultDedupeMs,
  segmentEntries = defaultSegmentEntries,
  ...limits
}: EmbeddedEngineOptions): Promise<Engine> {
  await makeDurableFolder(dataFolder);
  await refuseBlobsAlone(dataFolder);
  await refuseEmptied(dataFolder);
  // First, because it takes the folder for this process alone.
  const writer = await openThread<WriterMethods>(join(threadFolder, "writer.js"), {
    folder: dataFolder,
    keys: { windowMs: dedupeMs, segmentEntries },
  } satisfies WriterData);
  try {
    const reader = await openThread<ReaderMethods>(join(threadFolder, "reader.js"), dataFolder);
    try {
      return await assemble({ dataFolder, writer, reader, limits });
    } catch (error) {
      await reader.close();
      throw error;
    }
  } catch (error) {
    await writer.close();
    throw error;
  }
}

interface Parts {
  readonly dataFolder: string;
  readonly writer: WorkerCalls<WriterMethods>;
  readonly reader: WorkerCalls<ReaderMethods>;
  readonly limits: { readonly minFreeBytes?: number };
}

async function assemble({ dataFolder, writer, reader, limits }: Parts): Promise<Engine> {
  const key = await openSessionKey(join(dataFolder, keyFile));
  const findOrphans = (hashes: readonly string[]) => reader.call("orphans", hashes);
  const files = await openFolderFileStore({ folder: dataFolder, findOrphans, ...limits });
  const log = new EmbeddedLog(writer, reader);
  return {
    log: endingHolds(log, files),
    catalog: openCatalog(reader),
    files,
    directory: new EmbeddedDirectory(key),
    failed: Promise.race([writer.failed, reader.failed]),
    async close() {
      await log.flush();
      // The files first: they ask the reader.
      await files.close();
      await reader.close();
      await writer.close();
    },
    async abandon() {
      await Promise.all([reader.close(), writer.close()]);
    },
  };
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

/** The log, where the draft of a file ends the hold on its blob. */
function endingHolds(log: EmbeddedLog, files: FolderFileStore): RoomLog {
  return {
    append(room, drafts) {
      const appended = log.append(room, drafts);
      for (const { file } of drafts) {
        if (file === undefined) continue;
        const release = () => files.release(file.sha256);
        void appended.then(release, release);
      }
      return appended;
    },
    subscribe: (room, listener) => log.subscribe(room, listener),
    read: (room, range) => log.read(room, range),
    find: (room, sender, id) => log.find(room, sender, id),
  };
}

async function openThread<M extends Methods<M>>(file: string, data: unknown) {
  const thread = new WorkerCalls<M>(file, data);
  try {
    await thread.ready();
  } catch (error) {
    await thread.close();
    throw error;
  }
  return thread;
}
