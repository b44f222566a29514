// The thread that appends, and does nothing else: reading is reader.ts. Called by log.ts through calls.ts.

import { statSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import type { Name } from "../../../shared/names.js";
import { serveCalls } from "./calls.js";
import { lockFolder, openForWriting } from "./database.js";
import { databaseFile } from "./layout.js";
import { Recorder, type Commit, type Refusal, type RoomDraft } from "./recorder.js";

export type WriterMethods = ReturnType<typeof openWriter>;

/** @param folder the data folder, which is this process's alone from now on */
function openWriter(folder: string) {
  const lock = lockFolder(join(folder, "roomline.lock"));
  const database = openForWriting(join(folder, databaseFile));
  const recorder = new Recorder(database);
  const isThere = watchFile(join(folder, databaseFile));
  return {
    open: (name: Name) => recorder.open(name),
    release: (name: Name) => {
      recorder.release(name);
    },
    append: (drafts: readonly RoomDraft[]): Commit | Refusal => {
      if (isThere()) return recorder.append(drafts);
      return {
        code: "internal",
        message: `The database in ${folder} was removed while the server was running.`,
      };
    },
    close: (_argument: undefined) => {
      database.close();
      lock.close();
    },
  };
}

// SQLite would go on writing to a file that has no name any more, and all of it would be gone with the process.
function watchFile(path: string): () => boolean {
  const { ino } = statSync(path);
  return () => statSync(path, { throwIfNoEntry: false })?.ino === ino;
}

if (parentPort !== null) serveCalls(parentPort, openWriter(String(workerData)));
