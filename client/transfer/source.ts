// What is to be sent, as blocks from any offset that may be asked for again. A file is opened so that nothing blocks,
// and held to what it was at the beginning; what comes from a pipe is in piped.ts.

import { constants } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { BigIntStats } from "node:fs";
import { ClientError, diskFailure } from "../failures.js";

export interface Source {
  /** What it is called in the room, unless somebody gives another name. */
  readonly name: string;
  /** In bytes; undefined until it has ended, when nobody knows before. */
  readonly size: number | undefined;
  /** Whether all of it can be read once more. */
  readonly isRereadable: boolean;
  /**
   * The bytes from an offset on, in order; the memory of a block is used again. Ends early when the signal is aborted.
   * @throws ClientError bad-file when it cannot be read or has become shorter
   */
  blocks(offset: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void>;
  /** What is below this offset is not asked for again. */
  release(offset: number): void;
  /** @throws ClientError bad-file when it is not any more what it was when it was opened */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Eight chunks of the usual size: a call per chunk costs more. */
export const blockBytes = 8 * 48 * 1024;

/** @throws ClientError bad-file */
export async function openSource(path: string): Promise<Source> {
  try {
    // Before opening, since opening a device may do something. O_NONBLOCK for a FIFO put there meanwhile.
    checkIsFile(await stat(path, { bigint: true }), path);
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const facts = await handle.stat({ bigint: true });
      checkIsFile(facts, path);
      return sourceOf(handle, basename(resolve(path)), facts);
    } catch (error) {
      await handle.close();
      throw error;
    }
  } catch (error) {
    throw diskFailure(`read ${path}`, error);
  }
}

function sourceOf(handle: FileHandle, name: string, facts: BigIntStats): Source {
  const size = Number(facts.size);
  const onDisk = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw diskFailure(`read ${name}`, error);
    });
  return {
    name,
    size,
    isRereadable: true,
    async *blocks(start, signal) {
      const buffer = Buffer.allocUnsafe(Math.min(blockBytes, size));
      for (let offset = start; offset < size && !signal.aborted;) {
        const wanted = Math.min(buffer.length, size - offset);
        const { bytesRead } = await onDisk(handle.read(buffer, 0, wanted, offset));
        if (bytesRead === 0) throw becameShorter(name);
        yield buffer.subarray(0, bytesRead);
        offset += bytesRead;
      }
    },
    release: () => undefined,
    async check() {
      const { size: sizeNow, mtimeNs } = await onDisk(handle.stat({ bigint: true }));
      if (sizeNow < facts.size) throw becameShorter(name);
      if (sizeNow !== facts.size || mtimeNs !== facts.mtimeNs)
        throw new ClientError("bad-file", `${name} changed while it was sent; it is not uploaded.`);
    },
    close: () => handle.close(),
  };
}

function becameShorter(name: string): ClientError {
  return new ClientError("bad-file", `${name} became shorter while it was sent; it is not uploaded.`);
}

function checkIsFile(facts: BigIntStats, path: string): void {
  if (facts.isFile()) return;
  const what = facts.isDirectory() ? "a folder" : "not a plain file";
  throw new ClientError("bad-file", `Cannot upload ${path}: it is ${what}.`);
}
