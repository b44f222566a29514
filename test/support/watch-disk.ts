// Sees the order in which syncs and renames reach the disk, can hold or fail the syncs and cut the writes short:
// what a power cut would find cannot be tested, the order that decides it can. Reads open files' names from /proc (Linux).

import { readlinkSync } from "node:fs";
import fs, { type FileHandle } from "node:fs/promises";
import { relative } from "node:path";

export interface WatchedDisk {
  /** What was done since the last call, such as `sync blobs/ab`, or `sync too early` with a write under way. */
  take(): string[];
  /** Lets no sync end until the returned function is called. */
  holdSyncs(): () => void;
  /** Of syncs: all, or those of what has a path that begins so. */
  fail(what: "syncs" | "writes", error: Error, within?: string): void;
  /** How often something failed so. */
  readonly failureCount: number;
  /** From then on no write takes more than so many bytes, nor more than its first buffer. */
  cutWrites(bytes: number): void;
}

/** Watches until `jest.restoreAllMocks()`. */
export async function watchDisk(folder: string): Promise<WatchedDisk> {
  const done: string[] = [];
  let held = Promise.resolve();
  const failures = new Map<string, { error: Error; within: string }>();
  let failureCount = 0;
  let writesUnderWay = 0;
  let maxWriteBytes = Infinity;
  const name = (path: string) => relative(folder, path) || ".";

  const probe = await fs.open(folder);
  const handles = Object.getPrototypeOf(probe) as FileHandle;
  await probe.close();
  const failIfAsked = (what: string, path = "") => {
    const failure = failures.get(what);
    if (failure === undefined || !path.startsWith(failure.within)) return;
    failureCount++;
    throw failure.error;
  };
  const watchSyncs = (method: "sync" | "datasync") => {
    const original = Reflect.get(handles, method);
    jest.spyOn(handles, method).mockImplementation(async function (this: FileHandle) {
      const path = name(readlinkSync(`/proc/self/fd/${this.fd}`));
      const what = method === "sync" && writesUnderWay > 0 ? "sync too early" : "sync";
      await held;
      failIfAsked("syncs", path);
      await original.call(this);
      done.push(`${what} ${path}`);
    });
  };
  watchSyncs("sync");
  watchSyncs("datasync");

  const writev = Reflect.get(handles, "writev");
  jest.spyOn(handles, "writev").mockImplementation(async function (this: FileHandle, buffers, position) {
    writesUnderWay++;
    const taken = maxWriteBytes === Infinity ? buffers : beginning(buffers, maxWriteBytes);
    try {
      failIfAsked("writes");
      return await writev.call(this, taken, position);
    } finally {
      writesUnderWay--;
    }
  });

  const { rename } = fs;
  jest.spyOn(fs, "rename").mockImplementation(async (from, to) => {
    await rename(from, to);
    done.push(`rename ${name(String(from))} ${name(String(to))}`);
  });

  return {
    take: () => done.splice(0),
    holdSyncs() {
      let release: () => void = () => undefined;
      held = new Promise((resolve) => (release = resolve));
      return release;
    },
    fail(what, error, within = "") {
      failures.set(what, { error, within });
    },
    get failureCount() {
      return failureCount;
    },
    cutWrites(bytes) {
      maxWriteBytes = bytes;
    },
  };
}

function beginning(buffers: readonly NodeJS.ArrayBufferView[], bytes: number): Uint8Array[] {
  return buffers
    .slice(0, 1)
    .map(
      ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, Math.min(bytes, byteLength)),
    );
}
