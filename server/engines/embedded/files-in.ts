// The files of an import: blobs that come from a folder, by their hash, durable before the entries that refer to them.
// Called by import.ts.

import { lstat, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { copyBlob } from "./blob-copies.js";
import { hasCode, makeFolder, syncFolder } from "./disk.js";
import { blobPath } from "./layout.js";

export interface FilesInParts {
  readonly dataFolder: string;
  /** Where blobs come from; undefined when only those that are there already count. */
  readonly folder: string | undefined;
}

interface Wanted {
  readonly sha256: string;
  readonly size: number;
}

/**
 * The blobs that a folder can bring: recorded before the first is copied, so that whatever ends the import leaves none
 * that nothing refers to.
 */
export async function blobsOffered(folder: string | undefined): Promise<string[]> {
  if (folder === undefined) return [];
  try {
    return (await readdir(folder)).filter((name) => /^[0-9a-f]{64}$/.test(name));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}

export class FilesIn {
  readonly #parts: FilesInParts;
  /** Files whose bytes are nowhere. */
  missing = 0;
  count = 0;

  constructor(parts: FilesInParts) {
    this.#parts = parts;
  }

  /** Whether the bytes are in the store, now at the latest. @throws Error with a sentence when they are damaged */
  async bring(wanted: Wanted): Promise<boolean> {
    const isThere = (await this.#isStored(wanted)) || (await this.#take(wanted));
    if (isThere) this.count++;
    else this.missing++;
    return isThere;
  }

  async #isStored({ sha256, size }: Wanted): Promise<boolean> {
    try {
      return (await stat(blobPath(this.#parts.dataFolder, sha256))).size === size;
    } catch (error) {
      if (hasCode(error, "ENOENT")) return false;
      throw error;
    }
  }

  async #take({ sha256, size }: Wanted): Promise<boolean> {
    const { folder, dataFolder } = this.#parts;
    if (folder === undefined) return false;
    const [from, to] = [join(folder, sha256), blobPath(dataFolder, sha256)];
    if (!(await this.#isOfSize(from, size))) return false;
    await makeFolder(dirname(to));
    await syncFolder(dirname(dirname(to)));
    const outcome = await copyBlob(from, to, sha256);
    if (outcome === "damaged") throw damaged(from);
    if (outcome === "copied") await syncFolder(dirname(to));
    return outcome === "copied";
  }

  /** False when there is none. A device or a pipe has no end. */
  async #isOfSize(path: string, size: number): Promise<boolean> {
    try {
      const facts = await lstat(path);
      if (!facts.isFile() || facts.size !== size) throw damaged(path);
      return true;
    } catch (error) {
      if (hasCode(error, "ENOENT")) return false;
      throw error;
    }
  }
}

function damaged(path: string): Error {
  return new Error(`${path} is damaged: it is not the file of that SHA-256 and size`);
}
