// The thread that appends, and does nothing else: reading is reader.ts. Called by log.ts through calls.ts.

import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import type { Name } from "../../../shared/names.js";
import { serveCalls } from "./calls.js";
import { databaseFile, lockFolder, openForWriting } from "./database.js";
import { Recorder, type RoomDraft } from "./recorder.js";

export type WriterMethods = ReturnType<typeof openWriter>;

/** @param folder the data folder, which is this process's alone from now on */
function openWriter(folder: string) {
  const lock = lockFolder(join(folder, "roomline.lock"));
  const database = openForWriting(join(folder, databaseFile));
  const recorder = new Recorder(database);
  return {
    open: (name: Name) => recorder.open(name),
    release: (name: Name) => {
      recorder.release(name);
    },
    append: (drafts: readonly RoomDraft[]) => recorder.append(drafts),
    close: (_argument: undefined) => {
      database.close();
      lock.close();
    },
  };
}

if (parentPort !== null) serveCalls(parentPort, openWriter(String(workerData)));
