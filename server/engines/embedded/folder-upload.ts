// One attempt to bring a file: bytes are hashed as they come, written by one loop and synced beside it, and what is
// synced is recorded before anybody is told. It knows its own file only; which blob that becomes and where is the
// store's (files.ts).
//
//   taken --finish--> written, hashed, synced, recorded as complete --publish--> blob
//     |                     | hash-mismatch: dropped
//     +--pause, an error----+--> closed; the next attempt goes on behind what was recorded
//     +--cancel--> dropped: unlinked, then the record

import { createHash, type Hash } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { RoomError } from "../../../shared/errors.js";
import type { Blob, Upload } from "../../engine.js";
import { contentOf } from "./blob-copies.js";
import { Gathering, type BlockPool } from "./blocks.js";
import { diskError, hasCode, removeFile, syncFolder, writeFully } from "./disk.js";
import type { Records } from "./records.js";

/** What an upload needs from the store that began it. */
export interface UploadHome {
  /** Where unfinished files are. */
  readonly folder: string;
  readonly records: Records;
  readonly blocks: BlockPool;
  /** Written bytes are synced at the latest when there are so many. */
  readonly syncEveryBytes: number;
  /** And at the latest after this time. */
  readonly syncEveryMs: number;
  /** Writes so many bytes. @throws RoomError storage-full when so little room is left that nothing should be written */
  writeInRoom(bytes: number, write: () => Promise<void>): Promise<void>;
  /** Hashes a file of an earlier process, one after the other. */
  hashInTurn<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Gives an upload's synced file its name as a blob, durably. */
  publish(record: string, sha256: string): Promise<void>;
  /** Called once, when the attempt is over. `hash` is that of what is on disk, if it is known. */
  onEnd(upload: FolderUpload, hash: Hash | undefined): void;
}

/** What an attempt begins with. */
export interface Beginning {
  /** Of this attempt. */
  readonly id: string;
  /** Of the upload: its row, and its file's name. */
  readonly record: string;
  /** Bytes that are there. */
  readonly offset: number;
  /** That of those bytes; undefined when an earlier process took them. */
  readonly hash: Hash | undefined;
  readonly onDurable: () => void;
}

/** @throws RoomError upload-not-found when the file has fewer bytes than were recorded */
export async function openFolderUpload(home: UploadHome, beginning: Beginning): Promise<FolderUpload> {
  const { record, offset, hash } = beginning;
  const path = join(home.folder, record);
  const handle = await open(path, offset === 0 ? "w" : "r+", 0o600).catch((error: unknown) => {
    throw hasCode(error, "ENOENT") && offset > 0 ? new RoomError("upload-not-found") : error;
  });
  try {
    if ((await handle.stat()).size < offset) throw new RoomError("upload-not-found");
    // What lies behind was never synced, and after a power cut may be anything.
    await handle.truncate(offset);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return new FolderUpload(home, {
    ...beginning,
    hash: offset === 0 ? createHash("sha256") : hash,
    path,
    handle,
  });
}

export class FolderUpload implements Upload {
  readonly id: string;
  readonly record: string;
  readonly #home: UploadHome;
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #hash: Hash | undefined;
  readonly #onDurable: () => void;
  #receivedBytes: number;
  #takenAtMs = performance.now();
  #writtenBytes: number;
  #durableBytes: number;
  readonly #pending: Gathering;
  #nextBatch: Promise<void> | undefined;
  #lastBatch = Promise.resolve();
  #syncing: Promise<void> | undefined;
  #syncTimer: NodeJS.Timeout | undefined;
  #isNameSynced = false;
  #failure: RoomError | undefined;
  #ended: Promise<void> | undefined;

  constructor(home: UploadHome, file: Beginning & { path: string; handle: FileHandle }) {
    this.#home = home;
    this.#pending = new Gathering(home.blocks);
    this.id = file.id;
    this.record = file.record;
    this.#path = file.path;
    this.#handle = file.handle;
    this.#hash = file.hash;
    this.#onDurable = file.onDurable;
    this.#receivedBytes = this.#writtenBytes = this.#durableBytes = file.offset;
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

  /** For how long no byte has come. */
  get idleMs(): number {
    return performance.now() - this.#takenAtMs;
  }

  get isOver(): boolean {
    return this.#ended !== undefined;
  }

  write(offset: number, bytes: Uint8Array): Promise<void> {
    const refusal = this.#refusal(offset);
    if (refusal !== undefined) return Promise.reject(refusal);
    this.#hash?.update(bytes);
    this.#receivedBytes += bytes.length;
    this.#takenAtMs = performance.now();
    this.#pending.add(bytes);
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

  /** After `finish` it only waits for it. */
  pause(): Promise<void> {
    this.#ended ??= this.#rest();
    return this.#ended;
  }

  /** After `finish` it only waits for it: what that made is the store's. */
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

  /** What failed stays failed: after an error what is behind the last sync is anybody's guess. */
  #fail(error: unknown): RoomError {
    const { code, detail, cause } = diskError(error);
    this.#failure ??= new RoomError(code, { ...detail, upload: this.id }, { cause });
    this.#pending.take().giveBack();
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
    const { bytes, pieces, giveBack } = this.#pending.take();
    this.#nextBatch = undefined;
    try {
      if (this.#failure !== undefined) throw this.#failure;
      await this.#home.writeInRoom(bytes, () => writeFully(this.#handle, pieces, this.#writtenBytes));
    } catch (error) {
      throw this.#fail(error);
    } finally {
      giveBack();
    }
    this.#writtenBytes += bytes;
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

  // Never tried again: a disk reports lost pages once, and the next sync would lie.
  async #sync(): Promise<void> {
    // Only what was written before the sync began is sure to be in it.
    const syncedBytes = this.#writtenBytes;
    try {
      await this.#handle.datasync();
      if (!this.#isNameSynced) await syncFolder(this.#home.folder);
      this.#isNameSynced = true;
      await this.#home.records.ask({ do: "mark", id: this.record, offset: syncedBytes });
      this.#durableBytes = syncedBytes;
      this.#onDurable();
    } catch (error) {
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
      this.#home.onEnd(this, undefined);
      return blob;
    } catch (error) {
      const failure = this.#fail(error);
      if (failure.code === "hash-mismatch" || failure.code === "quota-exceeded") await this.#drop();
      else await this.#close();
      throw failure;
    }
  }

  async #complete(sha256: string | undefined): Promise<Blob> {
    await this.#lastBatch;
    this.#stopTimer();
    await this.#syncing;
    if (this.#failure !== undefined) throw this.#failure;
    const digest = await this.#digest();
    if (sha256 !== undefined && sha256 !== digest) throw new RoomError("hash-mismatch", { upload: this.id });
    await this.#handle.sync();
    if (!this.#isNameSynced) await syncFolder(this.#home.folder);
    const size = this.#writtenBytes;
    await this.#home.records.ask({ do: "complete", id: this.record, size, blob: digest });
    this.#durableBytes = size;
    await this.#handle.close();
    await this.#home.publish(this.record, digest);
    return { upload: this.record, sha256: digest, size };
  }

  async #digest(): Promise<string> {
    if (this.#hash !== undefined) return this.#hash.digest("hex");
    const content = await this.#home.hashInTurn((signal) => contentOf(this.#path, signal));
    if (content?.size !== this.#writtenBytes)
      throw new Error(`${this.#path} has other bytes than were written.`);
    return content.sha256;
  }

  /** All that was taken is written, synced and recorded, if it can be. */
  async #rest(): Promise<void> {
    this.#stopTimer();
    await Promise.allSettled([this.#lastBatch, this.#syncing]);
    if (this.#failure === undefined && this.#writtenBytes > this.#durableBytes) await this.#sync();
    await this.#close();
  }

  async #close(): Promise<void> {
    this.#stopTimer();
    await Promise.allSettled([this.#lastBatch, this.#syncing]);
    await Promise.allSettled([this.#handle.close()]);
    const isHashed = this.#failure === undefined && this.#receivedBytes === this.#durableBytes;
    this.#failure ??= this.#notFound();
    this.#home.onEnd(this, isHashed ? this.#hash : undefined);
  }

  // Nothing of this may throw, and each step is worth trying: what stays behind has its record, and goes when that is
  // too old.
  async #drop(): Promise<void> {
    this.#stopTimer();
    await Promise.allSettled([this.#lastBatch, this.#syncing]);
    await Promise.allSettled([this.#handle.close()]);
    await dropUpload(this.#home, this.record).catch(() => undefined);
    this.#home.onEnd(this, undefined);
  }
}

/** The bytes first, for good, then the record: nothing lies in the folder without one. */
export async function dropUpload(
  { folder, records }: Pick<UploadHome, "folder" | "records">,
  record: string,
): Promise<void> {
  await removeFile(join(folder, record));
  await syncFolder(folder);
  await records.ask({ do: "drop", ids: [record] });
}
