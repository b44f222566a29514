// The thread that appends, and does nothing else: reading is reader.ts. Called by log.ts through calls.ts.

import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { RoomError } from "../../../shared/errors.js";
import type { Name } from "../../../shared/names.js";
import { serveCalls } from "./calls.js";
import { Purge } from "./checkpoints.js";
import { lockFolder, unusable } from "./database.js";
import { openKeys, type KeyOptions } from "./keys.js";
import { databaseFile, lockFile } from "./layout.js";
import { openLogDatabase } from "./log-database.js";
import { copiesOf } from "./migration.js";
import { Pruner, type Pruned } from "./pruner.js";
import { writeReadMarks, type ReadMarkRow } from "./read-marks.js";
import type { Quotas } from "./quota.js";
import { UploadRecords, type RecordAnswer, type RecordCall } from "./upload-records.js";
import { Recorder, refusal, type Commit, type Refusal, type RoomDraft } from "./recorder.js";

export interface WriterData {
  /** The data folder, which is this process's alone from now on. */
  readonly folder: string;
  readonly keys: KeyOptions;
  readonly quotas: Quotas;
}

export type WriterMethods = ReturnType<typeof openWriter>["methods"];

function openWriter({ folder, keys: options, quotas }: WriterData) {
  const path = join(folder, databaseFile);
  const lockPath = join(folder, lockFile);
  const lock = lockFolder(lockPath);
  const { database, checkpoints, keys } = prepare(path, options);
  const recorder = new Recorder(database, keys);
  const pruner = new Pruner(database);
  const uploads = new UploadRecords(database, quotas);
  const purge = new Purge(checkpoints);
  const areThere = [watchFile(path, () => false), watchFile(`${path}-wal`, () => checkpoints.hasEmptied)];
  const { ino: lockIno } = statSync(lockPath);
  const isLocked = () => statSync(lockPath, { throwIfNoEntry: false })?.ino === lockIno;
  let hasLetGo = false;
  const letGo = () => {
    if (hasLetGo) return;
    hasLetGo = true;
    database.close();
    checkpoints.close();
    lock.close();
  };
  /** @throws Error when the folder is not this process's any more; the thread ends then */
  const whyNot = (): Refusal | undefined => {
    if (!isLocked()) {
      letGo();
      throw endThread(new Error(`${lockPath} was removed: another server may be using the folder.`));
    }
    if (areThere.every((isThere) => isThere())) return undefined;
    return { code: "internal", cause: `${path} or its -wal was removed or emptied under the server.` };
  };
  const methods = {
    open: (name: Name) => recorder.open(name),
    release: (name: Name) => {
      recorder.release(name);
    },
    find: (key: { room: Name; sender: string; id: string }) => recorder.find(key),
    append: (drafts: readonly RoomDraft[]): Commit | Refusal => {
      const refused = whyNot();
      if (refused !== undefined) return refused;
      const commit = recorder.append(drafts);
      if ("code" in commit) checkpoints.rewind();
      else if (commit.erased.size > 0) purge.isDue();
      return commit;
    },
    markRead: (marks: readonly ReadMarkRow[]) => {
      refuse(whyNot());
      try {
        writeReadMarks(database, marks, Date.now());
      } catch (error) {
        checkpoints.rewind();
        throw new RoomError(refusal(error).code, {}, { cause: error });
      }
    },
    recordUploads: (calls: readonly RecordCall[]): RecordAnswer[] => {
      refuse(whyNot());
      try {
        const answers = uploads.take(calls, Date.now());
        // Names and hashes of what is gone are to be gone, too.
        if (calls.some(isTaking)) purge.isDue();
        return answers;
      } catch (error) {
        checkpoints.rewind();
        throw new RoomError(refusal(error).code, {}, { cause: error });
      }
    },
    prune: (range: { roomKey: string; to: number; keepsFiles: boolean }): Pruned => {
      refuse(whyNot());
      const pruned = pruner.prune(range);
      purge.isDue();
      return pruned;
    },
    forgetRoom: (roomKey: string) => {
      refuse(whyNot());
      pruner.forget(roomKey);
      recorder.release({ key: roomKey, shown: "" });
    },
    /** Gives some free pages back to the disk; tells whether there are more. */
    shrink: (_argument: undefined): boolean => {
      refuse(whyNot());
      const { pages, more } = pruner.shrink();
      if (pages > 0) purge.isDue();
      return more;
    },
    /** Empties the write-ahead log of what was deleted, if it can at once. */
    purge: (_argument: undefined) => purge.now(),
    /** With a clean stop goes what a migration kept for the way back. */
    close: (how: { readonly isClean: boolean } | undefined) => {
      purge.now();
      letGo();
      if (how?.isClean === true) for (const copy of copiesOf(path)) rmSync(copy, { force: true });
    },
  };
  const tidy = () => {
    if (hasLetGo) return;
    keys.tidy(Date.now());
    checkpoints.tidy();
  };
  return { methods, tidy };
}

function isTaking(call: RecordCall): boolean {
  return (call.do === "drop" && call.ids.length > 0) || call.do === "swept";
}

function prepare(path: string, options: KeyOptions) {
  const { database, checkpoints } = openLogDatabase(path);
  try {
    return { database, checkpoints, keys: openKeys(database, options) };
  } catch (error) {
    throw unusable(path, error);
  }
}

/** @throws Error with the cause of a refusal, if there is one */
function refuse(refusal: Refusal | undefined): void {
  if (refusal !== undefined) throw new Error(refusal.cause);
}

// SQLite would go on writing to a file that has no name any more, or that somebody emptied, and all of it would be
// gone with the process. A file that is not there yet is watched from when it is.
function watchFile(path: string, mayBeEmpty: () => boolean): () => boolean {
  let known: number | undefined;
  return () => {
    const { ino, size } = statSync(path, { throwIfNoEntry: false }) ?? { ino: undefined, size: 0 };
    if (known === undefined && size > 0) known = ino;
    return known === undefined || (ino === known && (size > 0 || mayBeEmpty()));
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
