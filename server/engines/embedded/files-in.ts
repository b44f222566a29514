// The files of an import: blobs that come from a folder, by their hash, into the store, durable before the entries that
// refer to them. Called by import.ts.

import { lstat, open, stat } from "node:fs/promises";
import { join } from "node:path";
import { RoomError } from "../../../shared/errors.js";
import type { Blob, Upload } from "../../engine.js";
import { hasCode } from "./disk.js";
import type { FolderFileStore } from "./files.js";
import { blobPath } from "./layout.js";

const pieceBytes = 1024 * 1024;

export interface FilesInParts {
  readonly store: FolderFileStore;
  readonly dataFolder: string;
  /** Where blobs come from; undefined when only those that are in the store already count. */
  readonly folder: string | undefined;
}

export class FilesIn {
  readonly #parts: FilesInParts;
  /** Blobs that were made here: held until it is known whether there are entries that refer to them. */
  readonly #made: string[] = [];
  /** Files whose bytes are nowhere. */
  missing = 0;
  count = 0;

  constructor(parts: FilesInParts) {
    this.#parts = parts;
  }

  /** Whether the bytes are in the store, now at the latest. @throws Error with a sentence when they are damaged */
  async bring({ sha256, size }: Blob): Promise<boolean> {
    const isThere = (await this.#isStored({ sha256, size })) || (await this.#take({ sha256, size }));
    if (isThere) this.count++;
    else this.missing++;
    return isThere;
  }

  /** Lets go of the blobs: those that no entry refers to are removed. */
  async release(): Promise<void> {
    for (const sha256 of this.#made) await this.#parts.store.release(sha256);
  }

  async #isStored({ sha256, size }: Blob): Promise<boolean> {
    try {
      return (await stat(blobPath(this.#parts.dataFolder, sha256))).size === size;
    } catch (error) {
      if (hasCode(error, "ENOENT")) return false;
      throw error;
    }
  }

  async #take({ sha256, size }: Blob): Promise<boolean> {
    const { folder, store } = this.#parts;
    if (folder === undefined) return false;
    const path = join(folder, sha256);
    try {
      // A device or a pipe has no end.
      const facts = await lstat(path);
      if (!facts.isFile() || facts.size !== size) throw new RoomError("hash-mismatch");
      const made = await put(path, await store.begin(), sha256);
      this.#made.push(sha256);
      if (made.size === size) return true;
    } catch (error) {
      if (hasCode(error, "ENOENT")) return false;
      if (!(error instanceof RoomError) || error.code !== "hash-mismatch") throw error;
    }
    throw new Error(`${path} is damaged: it is not the file of that SHA-256 and size`);
  }
}

async function put(path: string, upload: Upload, sha256: string): Promise<Blob> {
  try {
    const source = await open(path, "r");
    try {
      for (let at = 0; ;) {
        // Anew each time: the upload keeps what it is given until it is written.
        const { buffer, bytesRead } = await source.read(Buffer.alloc(pieceBytes), 0, pieceBytes, at);
        if (bytesRead === 0) break;
        await upload.write(at, buffer.subarray(0, bytesRead));
        at += bytesRead;
      }
    } finally {
      await source.close();
    }
    return await upload.finish(sha256);
  } catch (error) {
    await upload.cancel();
    throw error;
  }
}
