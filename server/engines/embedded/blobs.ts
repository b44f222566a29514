// Blobs in their folder, `blobs/ab/cdef…`: made of a finished file, and opened. What nothing refers to any more is swept
// by sweeper.ts, in the same turns by hash as a blob is made in.

import { rename } from "node:fs/promises";
import { dirname } from "node:path";
import { RoomError } from "../../../shared/errors.js";
import type { BlobReader } from "../../engine.js";
import { openBlob } from "./blob-reader.js";
import { diskError, exists, hasCode, makeFolder, syncFolder, tooManyOpen } from "./disk.js";
import type { KeyTurns } from "./key-turns.js";
import { blobPath } from "./layout.js";

/** Blobs that are open at once: descriptors are left for those who talk. */
const maxOpen = 1000;

export class Blobs {
  readonly #dataFolder: string;
  readonly #turns: KeyTurns;
  readonly #shards = new Map<string, Promise<void>>();
  #openCount = 0;

  constructor(dataFolder: string, turns: KeyTurns) {
    this.#dataFolder = dataFolder;
    this.#turns = turns;
  }

  /** @throws RoomError file-not-found, too-many, or that of the disk */
  async open(sha256: string): Promise<BlobReader> {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new RoomError("file-not-found");
    if (this.#openCount >= maxOpen) throw tooManyOpen();
    this.#openCount++;
    const onClose = () => this.#openCount--;
    try {
      return await openBlob(blobPath(this.#dataFolder, sha256), onClose);
    } catch (error) {
      onClose();
      if (hasCode(error, "ENOENT")) throw new RoomError("file-not-found", {}, { cause: error });
      throw diskError(error);
    }
  }

  has(sha256: string): Promise<boolean> {
    return exists(blobPath(this.#dataFolder, sha256));
  }

  /** Gives a synced file its name as a blob, durably; does nothing when an earlier attempt has come as far as that. */
  publish(path: string, sha256: string): Promise<void> {
    return this.#turns.run(sha256, () => this.#publish(path, blobPath(this.#dataFolder, sha256)));
  }

  // The new name is durable with the shard's folder, and the old one is gone with it. A blob that exists is replaced by
  // the same bytes; who reads the older file keeps it.
  async #publish(path: string, blob: string): Promise<void> {
    await this.#shard(dirname(blob));
    try {
      await rename(path, blob);
    } catch (error) {
      if (!hasCode(error, "ENOENT") || !(await exists(blob))) throw error;
    }
    await syncFolder(dirname(blob));
  }

  // Once per shard and process, whether the folder is there or not: an earlier process may have ended between
  // making it and syncing its name. Everybody waits for the same sync.
  #shard(folder: string): Promise<void> {
    const known = this.#shards.get(folder);
    if (known !== undefined) return known;
    const made = makeFolder(folder).then(() => syncFolder(dirname(folder)));
    this.#shards.set(folder, made);
    made.catch(() => this.#shards.delete(folder));
    return made;
  }
}
