// The folder store by itself, with its records in a database in the same thread: for tests that watch or spoil what it
// does with its disk.

import { join } from "node:path";
import {
  openFolderFileStore,
  type FolderFileStore,
  type FolderFileStoreOptions,
} from "../../../server/engines/embedded/files.js";
import { KeyTurns } from "../../../server/engines/embedded/key-turns.js";
import { openLogDatabase } from "../../../server/engines/embedded/log-database.js";
import { Records, type TakeRecords } from "../../../server/engines/embedded/records.js";
import { UploadRecords } from "../../../server/engines/embedded/upload-records.js";
import { cleanUp } from "../../support/cleanup.js";

interface StoreOptions extends Partial<Omit<FolderFileStoreOptions, "folder" | "records" | "turns">> {
  /** Where its database is, if not beside its files. */
  readonly databaseFolder?: string;
  /** Called before each transaction; what it throws is why that fails. */
  readonly beforeTake?: () => void;
}

/** Opens it, and closes it after the test. */
export async function openStore(folder: string, options: StoreOptions = {}): Promise<FolderFileStore> {
  const { databaseFolder = folder, beforeTake, ...others } = options;
  const { database, checkpoints } = openLogDatabase(join(databaseFolder, "roomline.db"));
  const uploads = new UploadRecords(database, {});
  const take: TakeRecords = async (calls) => {
    beforeTake?.();
    return Promise.resolve(uploads.take(calls, Date.now()));
  };
  cleanUp(async () => {
    database.close();
    checkpoints.close();
    return Promise.resolve();
  });
  const store = await openFolderFileStore({
    ...{ folder, records: new Records(take), turns: new KeyTurns() },
    minFreeBytes: 0,
    ...others,
  });
  cleanUp(() => store.close());
  return store;
}
