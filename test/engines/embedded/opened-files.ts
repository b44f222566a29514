// The embedded engine as the file store's contract opens it: on a folder of its own that lasts from one engine to the
// next.

import type { FilesOptions, LeftBehind, OpenedFiles } from "../../contracts/file-store.contract.js";
import { expectNoOrphans } from "../../support/files-on-disk.js";
import { openTestEngine, temporaryFolder } from "../../support/server.js";
import { leaveBehind } from "./files-child.js";

export async function openFiles(options: FilesOptions = {}, dataFolder?: string): Promise<OpenedFiles> {
  const folder = dataFolder ?? (await temporaryFolder());
  const { quotas, unfinishedMs, entries } = options;
  const engine = await openTestEngine(folder, {
    ...(quotas !== undefined && { quotas }),
    ...(unfinishedMs !== undefined && { unfinishedMs }),
    ...(entries !== undefined && { retention: { all: { entries, keepsFiles: false }, rooms: new Map() } }),
    retentionEveryMs: 20,
  });
  return {
    ...engine,
    reopen: async (others = options) => {
      await engine.close();
      return openFiles(others, folder);
    },
    reopenAfterKill: async (left: readonly LeftBehind[]) => {
      await engine.close();
      await leaveBehind(folder, left);
      return openFiles(options, folder);
    },
    expectSound: () => expectNoOrphans(folder),
  };
}
