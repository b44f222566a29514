// One upload under way: a file in the partial folder, hashed as the bytes come, written by one loop and synced
// beside it. It knows its own file only; which blob that becomes and where is the store's (files.ts).
//
//   taken --finish--> written, hashed, synced --publish--> blob
//     |                     | hash-mismatch, disk error
//     +--cancel-------------+--> dropped: closed and unlinked

import { createHash } from "node:crypto";
import { open, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { RoomError } from "../../../shared/errors.js";
import type { Blob, Upload } from "../../engine.js";
import { diskError, syncFolder, writeFully } from "./disk.js";

/** What an upload needs from the store that began it. */
export interface UploadHome {
  /** Where unfinished files are. */
  readonly folder: string;
  /** Written bytes are synced at the latest when there are so many. */
  readonly syncEveryBytes: number;
  /** And at the latest after this time. */
  readonly syncEveryMs: number;
  /** Gives a closed, synced file its name as a blob, durably. */
  publish(path: string, sha256: string): Promise<void>;
  /** Called once, when the file has become a blob or is gone. */
  onEnd(upload: FolderUpload): void;
}

/** @param id the file's name; made by the store, never by a peer */
export async function openFolderUpload(home: UploadHome, id: string): Promise<FolderUpload> {
  const path = join(home.folder, id);
  return new FolderUpload(home, { id, path, handle: await open(path, "wx", 0o600) });
}

export class FolderUpload implements Upload {
  readonly id: string;
  readonly #home: UploadHome;
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #hash = createHash("sha256");
  #receivedBytes = 0;
  #writtenBytes = 0;
  #durableBytes = 0;
  #pending: Uint8Array[] = [];
  #nextBatch: Promise<void> | undefined;
  #lastBatch = Promise.resolve();
  #syncing: Promise<void> | undefined;
  #syncTimer: NodeJS.Timeout | undefined;
  #isNameSynced = false;
  #failure: RoomError | undefined;
  #ended: Promise<void> | undefined;

  constructor(home: UploadHome, file: { id: string; path: string; handle: FileHandle }) {
    this.#home = home;
    this.id = file.id;
    this.#path = file.path;
    this.#handle = file.handle;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  get durableBytes(): number {
    return this.#durableBytes;
  }

  /** The bytes belong to the store from here on: nobody may change them. */
  write(offset: number, bytes: Uint8Array): Promise<void> {
    const refusal = this.#refusal(offset);
    if (refusal !== undefined) return Promise.reject(refusal);
    this.#hash.update(bytes);
    this.#receivedBytes += bytes.length;
    if (bytes.length > 0) this.#pending.push(bytes);
    this.#nextBatch ??= this.#queueBatch();
    return this.#nextBatch;
  }

  finish(sha256?: string): Promise<Blob> {
    if (this.#ended !== undefined) return Promise.reject(this.#notFound());
    const finished = this.#finish(sha256);
    this.#ended = finished.then(
      () => undefined,
      () => undefined,
    );
    return finished;
  }

  /** After `finish` it only waits for it: what that made is the store's, what it did not make is gone. */
  cancel(): Promise<void> {
    if (this.#ended === undefined) {
      this.#fail(this.#notFound());
      this.#ended = this.#drop();
    }
    return this.#ended;
  }

  #refusal(offset: number): RoomError | undefined {
    if (this.#failure !== undefined) return this.#failure;
    if (this.#ended !== undefined) return this.#notFound();
    if (offset === this.#receivedBytes) return undefined;
    return new RoomError("bad-offset", { offset: this.#receivedBytes, upload: this.id });
  }

  #notFound(): RoomError {
    return new RoomError("upload-not-found", { upload: this.id });
  }

  /** What failed stays failed: after an error the file's content is anybody's guess. */
  #fail(error: unknown): RoomError {
    this.#failure ??= diskError(error, { upload: this.id });
    this.#pending = [];
    return this.#failure;
  }

  // One batch writes while the next gathers all that comes meanwhile.
  #queueBatch(): Promise<void> {
    const batch = this.#lastBatch.then(() => this.#writePending());
    // A batch whose writers have gone must not end the process; finish and every later write say it again.
    batch.catch(() => undefined);
    this.#lastBatch = batch;
    return batch;
  }

  async #writePending(): Promise<void> {
    const buffers = this.#pending;
    this.#pending = [];
    this.#nextBatch = undefined;
    if (this.#failure !== undefined) throw this.#failure;
    try {
      await writeFully(this.#handle, buffers, this.#writtenBytes);
    } catch (error) {
      throw this.#fail(error);
    }
    for (const buffer of buffers) this.#writtenBytes += buffer.length;
    this.#paceSync();
  }

  #paceSync(): void {
    if (this.#syncing !== undefined || this.#ended !== undefined || this.#failure !== undefined) return;
    const unsyncedBytes = this.#writtenBytes - this.#durableBytes;
    if (unsyncedBytes >= this.#home.syncEveryBytes) this.#startSync();
    else if (unsyncedBytes > 0)
      this.#syncTimer ??= setTimeout(() => {
        this.#startSync();
      }, this.#home.syncEveryMs).unref();
  }

  #startSync(): void {
    this.#stopTimer();
    this.#syncing = this.#sync().then(() => {
      this.#syncing = undefined;
      this.#paceSync();
    });
  }

  async #sync(): Promise<void> {
    // Only what was written before the sync began is sure to be in it.
    const syncedBytes = this.#writtenBytes;
    try {
      await this.#handle.datasync();
      if (!this.#isNameSynced) await syncFolder(this.#home.folder);
      this.#isNameSynced = true;
      this.#durableBytes = syncedBytes;
    } catch (error) {
      // Never tried again: a disk reports lost pages once, and the next sync would lie.
      this.#fail(error);
    }
  }

  #stopTimer(): void {
    clearTimeout(this.#syncTimer);
    this.#syncTimer = undefined;
  }

  async #finish(sha256: string | undefined): Promise<Blob> {
    try {
      const blob = await this.#complete(sha256);
      this.#home.onEnd(this);
      return blob;
    } catch (error) {
      const failure = this.#fail(error);
      await this.#drop();
      throw failure;
    }
  }

  async #complete(sha256: string | undefined): Promise<Blob> {
    await this.#lastBatch;
    this.#stopTimer();
    await this.#syncing;
    if (this.#failure !== undefined) throw this.#failure;
    const digest = this.#hash.digest("hex");
    if (sha256 !== undefined && sha256 !== digest) throw new RoomError("hash-mismatch", { upload: this.id });
    await this.#handle.sync();
    this.#durableBytes = this.#writtenBytes;
    await this.#handle.close();
    await this.#home.publish(this.#path, digest);
    return { sha256: digest, size: this.#writtenBytes };
  }

  // Nothing of this may throw, and each step is worth trying: what stays behind goes when the store is next opened.
  async #drop(): Promise<void> {
    this.#stopTimer();
    await Promise.allSettled([this.#lastBatch, this.#syncing]);
    await Promise.allSettled([this.#handle.close()]);
    await Promise.allSettled([unlink(this.#path)]);
    this.#home.onEnd(this);
  }
}
