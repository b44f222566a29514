// The file store of one machine: a folder. A blob is `blobs/ab/cdef…`, its SHA-256 split after two digits; an
// upload is `partial/<random id>`. Nothing else is kept here: which room has which file under what name is the
// log's. No name, id or hash that a peer chose becomes a path unless it is 64 hexadecimal digits.

import { randomBytes } from "node:crypto";
import { open, readdir, rename, rm, unlink, type FileHandle } from "node:fs/promises";
import { join, resolve } from "node:path";
import { RoomError } from "../../../shared/errors.js";
import type { BlobReader, FileStore, Upload } from "../../engine.js";
import { diskError, freeBytes, hasCode, makeDurableFolder, makeFolder, syncFolder } from "./disk.js";
import { openFolderUpload, type FolderUpload, type UploadHome } from "./folder-upload.js";
import { sweepBlobs, type FindOrphans } from "./sweep.js";

export interface FolderFileStoreOptions {
  readonly folder: string;
  /** Left out, there are none: no blob is ever dropped. */
  readonly findOrphans?: FindOrphans;
  /** With less room on the disk no upload begins. */
  readonly minFreeBytes?: number;
  /** Bytes of an upload are on disk at the latest when there are so many more. */
  readonly syncEveryBytes?: number;
  /** And at the latest after this time. */
  readonly syncEveryMs?: number;
}

/** Enough for the log to go on for long: its journal alone takes 4 MiB before it is folded in. */
const defaultMinFreeBytes = 16 * 1024 * 1024;

/**
 * Opens the store and drops what an earlier process left: uploads, whose ids nobody knows, and blobs that no entry
 * refers to. So only one process may have the folder open; its caller sees to that.
 * @throws Error with a sentence that names the folder when it cannot be made or written to
 */
export async function openFolderFileStore(options: FolderFileStoreOptions): Promise<FolderFileStore> {
  const folder = resolve(options.folder);
  const places = { blobs: join(folder, "blobs"), partial: join(folder, "partial") };
  try {
    await makeDurableFolder(places.blobs);
    await makeDurableFolder(places.partial);
    for (const name of await readdir(places.partial))
      await rm(join(places.partial, name), { recursive: true, force: true });
    if (options.findOrphans !== undefined) await sweepBlobs(places.blobs, options.findOrphans);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot keep files in ${folder}: ${reason}`, { cause: error });
  }
  return new FolderFileStore(places, options);
}

export class FolderFileStore implements FileStore {
  readonly #blobs: string;
  readonly #home: UploadHome;
  readonly #uploads = new Set<FolderUpload>();
  readonly #findOrphans: FindOrphans;
  readonly #minFreeBytes: number;
  readonly #shards = new Map<string, Promise<void>>();
  readonly #turns = new Map<string, Promise<void>>();
  /** How many finishes of a hash made a blob whose entry is neither recorded nor refused. */
  readonly #holds = new Map<string, number>();
  #isClosed = false;

  constructor(places: { blobs: string; partial: string }, options: FolderFileStoreOptions) {
    this.#blobs = places.blobs;
    this.#findOrphans = options.findOrphans ?? (() => Promise.resolve([]));
    this.#minFreeBytes = options.minFreeBytes ?? defaultMinFreeBytes;
    this.#home = {
      folder: places.partial,
      syncEveryBytes: options.syncEveryBytes ?? 8 * 1024 * 1024,
      syncEveryMs: options.syncEveryMs ?? 1000,
      publish: (path, sha256) => this.#inTurn(sha256, () => this.#publish(path, sha256)),
      onEnd: (upload) => this.#uploads.delete(upload),
    };
  }

  /** @throws RoomError shutting-down after `close` */
  async begin(): Promise<Upload> {
    const upload = await this.#openUpload().catch((error: unknown) => {
      throw diskError(error);
    });
    this.#uploads.add(upload);
    if (!this.#isClosed) return upload;
    await upload.cancel();
    throw new RoomError("shutting-down");
  }

  async open(sha256: string): Promise<BlobReader> {
    const place = this.#placeOf(sha256);
    try {
      return await openBlob(place.path);
    } catch (error) {
      if (hasCode(error, "ENOENT")) throw new RoomError("file-not-found", {}, { cause: error });
      throw diskError(error);
    }
  }

  /** A blob that is not there is removed. Who has it open reads it to its end. */
  async remove(sha256: string): Promise<void> {
    this.#placeOf(sha256);
    await this.#inTurn(sha256, () => this.#dropOrphan(sha256)).catch((error: unknown) => {
      throw diskError(error);
    });
  }

  /**
   * Ends the hold of one finish, and removes the blob when that was all it had. Never throws, and need not be
   * waited for: what cannot be asked or removed goes when the folder is next opened.
   */
  async release(sha256: string): Promise<void> {
    const release = () => {
      const left = (this.#holds.get(sha256) ?? 0) - 1;
      if (left > 0) this.#holds.set(sha256, left);
      else this.#holds.delete(sha256);
      return this.#dropOrphan(sha256);
    };
    await this.#inTurn(sha256, release).catch(() => undefined);
  }

  /** Drops the uploads under way, waits for what is being finished or removed. Open blobs are their readers'. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#uploads].map((upload) => upload.cancel()));
    await Promise.allSettled(this.#turns.values());
  }

  async #openUpload(): Promise<FolderUpload> {
    if ((await freeBytes(this.#home.folder)) < this.#minFreeBytes) throw new RoomError("storage-full");
    return openFolderUpload(this.#home, randomBytes(16).toString("hex"));
  }

  #placeOf(sha256: string): { shard: string; path: string } {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new RoomError("file-not-found");
    const shard = join(this.#blobs, sha256.slice(0, 2));
    return { shard, path: join(shard, sha256.slice(2)) };
  }

  // The file is synced already. Its new name is durable with the shard's folder. The partial folder needs no
  // sync: should the old name come back after a power cut, the next open removes it.
  // A blob that exists is replaced by the same bytes; who reads the older file keeps it.
  async #publish(path: string, sha256: string): Promise<void> {
    const place = this.#placeOf(sha256);
    await this.#shard(place.shard);
    await rename(path, place.path);
    try {
      await syncFolder(place.shard);
    } catch (error) {
      await this.#dropOrphan(sha256).catch(() => undefined);
      throw error;
    }
    this.#holds.set(sha256, (this.#holds.get(sha256) ?? 0) + 1);
  }

  // Only in the turn of its hash. So no entry can begin to refer to it between question and unlink: an entry comes
  // after a finish, and a finish comes before this, and holds it, or after this, and makes it again.
  async #dropOrphan(sha256: string): Promise<void> {
    if (this.#holds.has(sha256) || (await this.#findOrphans([sha256])).length === 0) return;
    const place = this.#placeOf(sha256);
    try {
      await unlink(place.path);
    } catch (error) {
      if (hasCode(error, "ENOENT")) return;
      throw error;
    }
    // Deleted means deleted, also after a power cut.
    await syncFolder(place.shard);
  }

  // Once per shard and process, whether the folder is there or not: an earlier process may have ended between
  // making it and syncing its name. Everybody waits for the same sync.
  #shard(folder: string): Promise<void> {
    const known = this.#shards.get(folder);
    if (known !== undefined) return known;
    const made = makeFolder(folder).then(() => syncFolder(this.#blobs));
    this.#shards.set(folder, made);
    made.catch(() => this.#shards.delete(folder));
    return made;
  }

  /** One after another for a hash, so that no finish tells of a blob that an unlink takes meanwhile. */
  #inTurn(sha256: string, work: () => Promise<void>): Promise<void> {
    const turn = (this.#turns.get(sha256) ?? Promise.resolve()).then(work, work);
    this.#turns.set(sha256, turn);
    const leave = () => {
      if (this.#turns.get(sha256) === turn) this.#turns.delete(sha256);
    };
    turn.then(leave, leave);
    return turn;
  }
}

async function openBlob(path: string): Promise<BlobReader> {
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    return new FolderBlobReader(handle, size);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

class FolderBlobReader implements BlobReader {
  readonly size: number;
  readonly #handle: FileHandle;

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.size = size;
  }

  async read(into: Uint8Array, offset: number): Promise<number> {
    let filled = 0;
    try {
      while (filled < into.length) {
        const { bytesRead } = await this.#handle.read(into, filled, into.length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
    } catch (error) {
      throw diskError(error);
    }
    return filled;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
