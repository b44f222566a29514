// A small file system for tests of a full or read-only disk. Only root can mount one: elsewhere the test says
// aloud that it was skipped and why.

import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface SmallDisk {
  /** False when this machine does not let us: there is nothing to test then. */
  readonly isMounted: boolean;
  /** Makes it read-only, `ro`, or not, `rw`. */
  remount(how: "ro" | "rw"): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Mounts a tmpfs over an existing folder, for as long as the disk is in scope. */
export async function mountSmallDisk(folder: string, options: string): Promise<SmallDisk> {
  try {
    await run("mount", ["-t", "tmpfs", "-o", options, "roomline-test", folder]);
  } catch (error) {
    console.warn(
      `Skipped "${expect.getState().currentTestName ?? ""}": cannot mount a tmpfs: ${String(error)}`,
    );
    return {
      isMounted: false,
      remount: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  return {
    isMounted: true,
    remount: async (how) => {
      await run("mount", ["-o", `remount,${how}`, folder]);
    },
    [Symbol.asyncDispose]: async () => {
      await run("umount", ["--lazy", folder]);
    },
  };
}
