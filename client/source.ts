// A local file that is to be sent: opened so that nothing blocks, read in chunks of a size asked for, and held
// to the size that it had at the beginning.

import { constants } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { Stats } from "node:fs";
import { ClientError, diskFailure } from "./failures.js";

export interface Source {
  /** The last segment of its path. */
  readonly name: string;
  /** Bytes, as they were counted when it was opened. */
  readonly size: number;
  /**
   * The chunks of the file in order, each of `chunkBytes` but the last. The memory of a chunk is used again.
   * @throws ClientError bad-file when it cannot be read or has become shorter
   */
  chunks(chunkBytes: number): AsyncGenerator<Uint8Array, void>;
  close(): Promise<void>;
}

/** @throws ClientError bad-file */
export async function openSource(path: string): Promise<Source> {
  const name = basename(resolve(path));
  try {
    // Before opening, since opening a device may do something. O_NONBLOCK for a FIFO put there meanwhile.
    checkIsFile(await stat(path), path);
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const facts = await handle.stat();
      checkIsFile(facts, path);
      return sourceOf(handle, { name, size: facts.size });
    } catch (error) {
      await handle.close();
      throw error;
    }
  } catch (error) {
    throw diskFailure(`read ${path}`, error);
  }
}

function sourceOf(handle: FileHandle, { name, size }: { name: string; size: number }): Source {
  return {
    name,
    size,
    async *chunks(chunkBytes) {
      const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, size));
      for (let offset = 0; offset < size;) {
        const wanted = Math.min(chunkBytes, size - offset);
        const got = await readUpTo(handle, buffer.subarray(0, wanted), offset).catch((error: unknown) => {
          throw diskFailure(`read ${name}`, error);
        });
        if (got < wanted) {
          throw new ClientError("bad-file", `${name} became shorter while it was sent; it is not uploaded.`);
        }
        yield buffer.subarray(0, wanted);
        offset += wanted;
      }
    },
    close: () => handle.close(),
  };
}

// One read may give less than there is.
async function readUpTo(handle: FileHandle, into: Buffer, offset: number): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const { bytesRead } = await handle.read(into, done, into.length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

function checkIsFile(facts: Stats, path: string): void {
  if (facts.isFile()) return;
  const what = facts.isDirectory() ? "a folder" : "not a plain file";
  throw new ClientError("bad-file", `Cannot upload ${path}: it is ${what}.`);
}
