// The thread that appends, and does nothing else: reading is reader.ts. Called by log.ts through calls.ts.

import { statSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import type { Name } from "../../../shared/names.js";
import { serveCalls } from "./calls.js";
import { lockFolder, openForWriting, unusable, type Database } from "./database.js";
import { openKeys, type KeyOptions, type Keys } from "./keys.js";
import { databaseFile, lockFile } from "./layout.js";
import { migrate } from "./migration.js";
import { Recorder, type Commit, type Refusal, type RoomDraft } from "./recorder.js";

export interface WriterData {
  /** The data folder, which is this process's alone from now on. */
  readonly folder: string;
  readonly keys: KeyOptions;
}

export type WriterMethods = ReturnType<typeof openWriter>["methods"];

function openWriter({ folder, keys: options }: WriterData) {
  const path = join(folder, databaseFile);
  const lockPath = join(folder, lockFile);
  const lock = lockFolder(lockPath);
  const database = openForWriting(path);
  const keys = prepare(database, path, options);
  const recorder = new Recorder(database, keys);
  const areThere = [path, `${path}-wal`].map(watchDatabase);
  const { ino: lockIno } = statSync(lockPath);
  const isLocked = () => statSync(lockPath, { throwIfNoEntry: false })?.ino === lockIno;
  const letGo = () => {
    database.close();
    lock.close();
  };
  const methods = {
    open: (name: Name) => recorder.open(name),
    release: (name: Name) => {
      recorder.release(name);
    },
    find: (key: { room: Name; sender: string; id: string }) => recorder.find(key),
    append: (drafts: readonly RoomDraft[]): Commit | Refusal => {
      if (!isLocked()) {
        letGo();
        throw endThread(new Error(`${lockPath} was removed: another server may be using the folder.`));
      }
      if (!areThere.every((isThere) => isThere())) {
        return { code: "internal", cause: `${path} or its -wal was removed or emptied under the server.` };
      }
      return recorder.append(drafts);
    },
    close: (_argument: undefined) => {
      letGo();
    },
  };
  const tidy = () => {
    keys.tidy(Date.now());
  };
  return { methods, tidy };
}

function prepare(database: Database, path: string, options: KeyOptions): Keys {
  migrate(database, path);
  try {
    return openKeys(database, options);
  } catch (error) {
    throw unusable(path, error);
  }
}

// SQLite would go on writing to a file that has no name any more, or that somebody emptied, and all of it would be
// gone with the process. A file that is not there yet is watched from when it is.
function watchDatabase(path: string): () => boolean {
  let known: number | undefined;
  return () => {
    const { ino, size } = statSync(path, { throwIfNoEntry: false }) ?? { ino: undefined, size: 0 };
    if (known === undefined && size > 0) known = ino;
    return known === undefined || (ino === known && size > 0);
  };
}

/** Ends the thread with an error, which ends the engine, once the call under way is answered. */
function endThread(error: Error): Error {
  setImmediate(() => {
    throw error;
  });
  return error;
}

if (parentPort !== null) {
  const { methods, tidy } = openWriter(workerData as WriterData);
  serveCalls(parentPort, methods, tidy);
}
