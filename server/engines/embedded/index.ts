// Opens the embedded engine: everything in one data folder.
//
//   roomline.db  (-wal, -shm)   the log, in SQLite        blobs/     complete files, by their hash
//   session.key                 signs guests' sessions    partial/   uploads under way

import { join } from "node:path";
import type { Engine } from "../../engine.js";
import { WorkerCalls, type Methods } from "./calls.js";
import { openCatalog } from "./catalog.js";
import { EmbeddedDirectory } from "./directory.js";
import { makeDurableFolder } from "./disk.js";
import { openFolderFileStore } from "./files.js";
import { EmbeddedLog } from "./log.js";
import type { ReaderMethods } from "./reader.js";
import { openSessionKey } from "./sessions.js";
import type { WriterMethods } from "./writer.js";

export interface EmbeddedEngineOptions {
  readonly dataFolder: string;
  /** Where the compiled threads, writer.js and reader.js, are. */
  readonly threadFolder: string;
}

/** @throws Error with a sentence for the person who started the server */
export async function openEmbeddedEngine({
  dataFolder,
  threadFolder,
}: EmbeddedEngineOptions): Promise<Engine> {
  await makeDurableFolder(dataFolder);
  const key = await openSessionKey(join(dataFolder, "session.key"));
  const files = await openFolderFileStore({ folder: dataFolder });
  const database = join(dataFolder, "roomline.db");
  const writer = await openThread<WriterMethods>(join(threadFolder, "writer.js"), database);
  // After the writer, which makes the database that this one reads.
  const reader = await openThread<ReaderMethods>(join(threadFolder, "reader.js"), database);
  const log = new EmbeddedLog(writer, reader);
  return {
    log,
    catalog: openCatalog(reader),
    files,
    directory: new EmbeddedDirectory(key),
    failed: Promise.race([writer.failed, reader.failed]),
    async close() {
      await log.flush();
      await Promise.all([reader.close(), files.close()]);
      await writer.close();
    },
  };
}

async function openThread<M extends Methods<M>>(file: string, database: string) {
  const thread = new WorkerCalls<M>(file, database);
  await thread.ready();
  return thread;
}
