// Sees the order in which syncs and renames reach the disk, and can hold or fail the syncs: what a power cut
// would find cannot be tested, the order that decides it can. Reads open files' names from /proc (Linux).

import { readlinkSync } from "node:fs";
import fs, { type FileHandle } from "node:fs/promises";
import { relative } from "node:path";

export interface WatchedDisk {
  /** What was done since the last call, such as `sync blobs/ab`; paths are relative to the folder. */
  take(): string[];
  /** Lets no sync end until the returned function is called. */
  holdSyncs(): () => void;
  failSyncs(error: Error): void;
  readonly failedSyncs: number;
}

/** Watches until `jest.restoreAllMocks()`. */
export async function watchDisk(folder: string): Promise<WatchedDisk> {
  let done: string[] = [];
  let held = Promise.resolve();
  let failure: Error | undefined;
  let failedSyncs = 0;
  const name = (path: string) => relative(folder, path) || ".";

  const probe = await fs.open(folder);
  const handles = Object.getPrototypeOf(probe) as FileHandle;
  await probe.close();
  const watch = (method: "sync" | "datasync") => {
    const original = Reflect.get(handles, method);
    jest.spyOn(handles, method).mockImplementation(async function (this: FileHandle) {
      const path = name(readlinkSync(`/proc/self/fd/${this.fd}`));
      await held;
      if (failure !== undefined) {
        failedSyncs++;
        throw failure;
      }
      await original.call(this);
      done.push(`sync ${path}`);
    });
  };
  watch("sync");
  watch("datasync");
  watchRenames((from, to) => done.push(`rename ${name(from)} ${name(to)}`));

  return {
    take() {
      const taken = done;
      done = [];
      return taken;
    },
    holdSyncs() {
      let release: () => void = () => undefined;
      held = new Promise((resolve) => (release = resolve));
      return release;
    },
    failSyncs(error) {
      failure = error;
    },
    get failedSyncs() {
      return failedSyncs;
    },
  };
}

function watchRenames(onRename: (from: string, to: string) => void): void {
  const { rename } = fs;
  jest.spyOn(fs, "rename").mockImplementation(async (from, to) => {
    await rename(from, to);
    onRename(String(from), String(to));
  });
}
