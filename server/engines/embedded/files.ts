// The file store of one machine: a folder. A blob is `blobs/ab/cdef…`, its SHA-256 split after two digits; an upload is
// `unfinished/<random id>`, which its record in the database names. What nothing refers to any more is swept by
// sweeper.ts. No name, id or hash that a peer chose becomes a path unless it is 64 hexadecimal digits.

import { createHash, randomBytes, type Hash } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { RoomError } from "../../../shared/errors.js";
import type { Blob, BlobReader, FileStore, Upload, UploadDraft } from "../../engine.js";
import { Blobs } from "./blobs.js";
import { BlockPool } from "./blocks.js";
import { CompleteUpload } from "./complete-upload.js";
import { diskError, exists, makeDurableFolder, tooManyOpen } from "./disk.js";
import {
  dropUpload,
  openFolderUpload,
  type Beginning,
  type FolderUpload,
  type UploadHome,
} from "./folder-upload.js";
import { FreeSpace } from "./free-space.js";
import type { KeyTurns } from "./key-turns.js";
import { blobsFolder, unfinishedFolder } from "./layout.js";
import type { Records } from "./records.js";
import type { BeginCall, UploadRecord } from "./upload-records.js";

export interface FolderFileStoreOptions {
  readonly folder: string;
  readonly records: Records;
  /** By hash, and by what an upload is to become. */
  readonly turns: KeyTurns;
  /** With less room on the disk nothing is taken. */
  readonly minFreeBytes?: number | undefined;
  /** Bytes of an upload are on disk at the latest when there are so many more. */
  readonly syncEveryBytes?: number;
  /** And at the latest after this time. */
  readonly syncEveryMs?: number;
  /** Attempts under way, each with a file that is open: descriptors are left for those who talk. */
  readonly maxAttempts?: number;
  /** When there are so many, one that has stood still for so long makes room for another. */
  readonly idleMs?: number;
}

const defaultMaxAttempts = 1000;
const defaultIdleMs = 15 * 60_000;

/**
 * Opens the store. Only one process may have the folder open; its caller sees to that.
 * @throws Error with a sentence that names the folder when it cannot be made or written to
 */
export async function openFolderFileStore(options: FolderFileStoreOptions): Promise<FolderFileStore> {
  const folder = resolve(options.folder);
  try {
    await makeDurableFolder(join(folder, blobsFolder));
    await makeDurableFolder(join(folder, unfinishedFolder));
    // Uploads of an older version, which had no records: nobody can go on with them.
    await rm(join(folder, "partial"), { recursive: true, force: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot keep files in ${folder}: ${reason}`, { cause: error });
  }
  return new FolderFileStore(folder, options);
}

export class FolderFileStore implements FileStore {
  readonly #blobs: Blobs;
  readonly #space: FreeSpace;
  readonly #home: UploadHome;
  readonly #records: Records;
  readonly #turns: KeyTurns;
  readonly #maxAttempts: number;
  readonly #idleMs: number;
  /** Attempts under way, and what each is to become. */
  readonly #attempts = new Map<FolderUpload, UploadDraft>();
  /** Of uploads that rest: what their bytes hash to so far, by their record. */
  readonly #hashes = new Map<string, Hash>();
  /** Attempts that are about to be under way, and what is still to come of them. */
  readonly #beginnings = new Set<{ bytes: number }>();
  /** Uploads of one line whose entries are not decided yet. */
  readonly #whole = new Set<string>();
  /** What closing waits for. */
  readonly #works = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  #isClosed = false;

  constructor(folder: string, options: FolderFileStoreOptions) {
    const unfinished = join(folder, unfinishedFolder);
    this.#blobs = new Blobs(folder, options.turns);
    this.#space = new FreeSpace(unfinished, options.minFreeBytes);
    this.#records = options.records;
    this.#turns = options.turns;
    this.#maxAttempts = options.maxAttempts ?? defaultMaxAttempts;
    this.#idleMs = options.idleMs ?? defaultIdleMs;
    this.#home = {
      folder: unfinished,
      records: options.records,
      blocks: new BlockPool(),
      syncEveryBytes: options.syncEveryBytes ?? 8 * 1024 * 1024,
      syncEveryMs: options.syncEveryMs ?? 1000,
      writeInRoom: (bytes, write) => this.#space.write(bytes, write),
      hashInTurn: (work) => options.turns.run("hash", () => work(this.#closing.signal)),
      publish: (record, sha256) => this.#blobs.publish(join(unfinished, record), sha256),
      onEnd: (upload, hash) => {
        this.#attempts.delete(upload);
        if (hash !== undefined) this.#hashes.set(upload.record, hash);
      },
    };
  }

  /** @throws RoomError shutting-down after `close` */
  async begin(draft: UploadDraft, onDurable: () => void = () => undefined): Promise<Upload> {
    const { sender, room, name } = draft;
    // One after the other for what could be the same upload.
    const key = ["upload", sender, room.key, name.key].join("\0");
    try {
      return await this.#turns.run(key, () => this.#begin(draft, onDurable));
    } catch (error) {
      throw diskError(error);
    }
  }

  put(draft: UploadDraft, bytes: Uint8Array): Promise<Blob> {
    return this.#counted(this.#put(draft, bytes));
  }

  async #put(draft: UploadDraft, bytes: Uint8Array): Promise<Blob> {
    const size = bytes.length;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    if (draft.sha256 !== undefined && draft.sha256 !== sha256) throw new RoomError("hash-mismatch");
    this.#checkGoing();
    const call = callOf({ ...draft, size, sha256 }, true);
    const record = call.id;
    try {
      await this.#space.check(() => this.#promisedBytes + size);
      this.#whole.add(record);
      await this.#records.begin(call);
      await this.#write(record, bytes);
      await this.#home.publish(record, sha256);
      return { upload: record, sha256, size };
    } catch (error) {
      if (this.#whole.has(record)) await this.drop(record);
      throw diskError(error);
    }
  }

  open(sha256: string): Promise<BlobReader> {
    return this.#blobs.open(sha256);
  }

  /** Drops an upload that has become nothing, or nothing more than there is already. Never throws. */
  drop(record: string): Promise<void> {
    this.#hashes.delete(record);
    this.#whole.delete(record);
    return this.#counted(dropUpload(this.#home, record).catch(() => undefined));
  }

  /** An upload is an entry. */
  isRecorded(record: string): void {
    this.#whole.delete(record);
  }

  /** Its entry could not be recorded: nobody goes on with an upload of one line. */
  giveUp(record: string): void {
    if (this.isWhole(record)) void this.drop(record);
  }

  /** Whether an upload of one line waits for its entry: nobody can go on with it. */
  isWhole(record: string): boolean {
    return this.#whole.has(record);
  }

  /** Whether an attempt of this upload is under way. */
  isUnderWay(record: string): boolean {
    return this.isWhole(record) || [...this.#attempts.keys()].some((upload) => upload.record === record);
  }

  /** Lets the uploads under way rest, and waits for what is being finished. Open blobs are their readers'. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closing.abort(new RoomError("shutting-down"));
    await Promise.all(Array.from(this.#attempts.keys(), (upload) => upload.pause()));
    await this.#turns.settled();
    await Promise.allSettled(this.#works);
  }

  async #begin(draft: UploadDraft, onDurable: () => void): Promise<Upload> {
    this.#checkGoing();
    for (const [upload, other] of this.#attempts) if (isSame(draft, other)) await upload.pause();
    if (this.#isFull) await this.#letIdleRest();
    if (this.#isFull) throw tooManyOpen();
    const beginning = { bytes: 0 };
    this.#beginnings.add(beginning);
    const call = callOf(draft, false);
    try {
      await this.#space.check(() => this.#promisedBytes);
      const found = await this.#records.begin(call);
      return await this.#attempt(found, { draft, beginning, onDurable }).catch(async (error: unknown) => {
        // What had begun before stays, to be gone on with.
        if (found.id === call.id) await this.drop(call.id);
        throw error;
      });
    } finally {
      this.#beginnings.delete(beginning);
    }
  }

  async #attempt(
    found: UploadRecord,
    {
      draft,
      beginning,
      onDurable,
    }: { draft: UploadDraft; beginning: { bytes: number }; onDurable: () => void },
  ): Promise<Upload> {
    const { id: record, blob, isComplete } = found;
    const id = newId();
    if (isComplete && blob !== undefined && (await this.#isThere(record, blob)))
      return new CompleteUpload(this.#home, { id, record, sha256: blob, size: found.offset });
    const offset = isComplete ? 0 : found.offset;
    beginning.bytes = Math.max(0, (draft.size ?? 0) - offset);
    await this.#space.check(() => this.#promisedBytes);
    const upload = await this.#open({ id, record, offset, onDurable }, isComplete);
    this.#attempts.set(upload, draft);
    if (!this.#isClosed) return upload;
    await upload.pause();
    throw new RoomError("shutting-down");
  }

  /** From the beginning when the bytes that were recorded are not there: somebody has taken the file away. */
  async #open(beginning: Omit<Beginning, "hash">, isGone: boolean): Promise<FolderUpload> {
    const { record } = beginning;
    const hash = this.#hashes.get(record);
    this.#hashes.delete(record);
    if (!isGone) {
      try {
        return await openFolderUpload(this.#home, { ...beginning, hash });
      } catch (error) {
        if (!(error instanceof RoomError) || error.code !== "upload-not-found") throw error;
      }
    }
    await this.#records.ask({ do: "mark", id: record, offset: 0 });
    return openFolderUpload(this.#home, { ...beginning, hash: undefined, offset: 0 });
  }

  /** Whether the bytes of a complete upload are in its own file or are a blob already. */
  async #isThere(record: string, blob: string): Promise<boolean> {
    return (await exists(join(this.#home.folder, record))) || this.#blobs.has(blob);
  }

  #counted<T>(work: Promise<T>): Promise<T> {
    this.#works.add(work);
    const done = () => void this.#works.delete(work);
    work.then(done, done);
    return work;
  }

  get #isFull(): boolean {
    return this.#attempts.size + this.#beginnings.size >= this.#maxAttempts;
  }

  /** What it has taken stays, to be gone on with. */
  async #letIdleRest(): Promise<void> {
    const [idlest] = [...this.#attempts.keys()].sort((one, other) => other.idleMs - one.idleMs);
    if (idlest !== undefined && idlest.idleMs >= this.#idleMs) await idlest.pause();
  }

  #checkGoing(): void {
    if (this.#isClosed) throw new RoomError("shutting-down");
  }

  /** What is still to come of attempts counts as taken when another begins. */
  get #promisedBytes(): number {
    let promised = 0;
    for (const { bytes } of this.#beginnings) promised += bytes;
    for (const [{ writtenBytes }, { size = 0 }] of this.#attempts)
      promised += Math.max(0, size - writtenBytes);
    return promised;
  }

  async #write(record: string, bytes: Uint8Array): Promise<void> {
    const file = await open(join(this.#home.folder, record), "wx", 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

function newId(): string {
  return randomBytes(16).toString("hex");
}

function callOf({ room, sender, name, id, size, sha256 }: UploadDraft, isWhole: boolean): BeginCall {
  const where = { roomKey: room.key, sender, nameKey: name.key };
  return { do: "begin", id: newId(), ...where, request: id, size, sha256, isWhole };
}

/** Whether the later of two attempts goes on with what the earlier has. */
function isSame(one: UploadDraft, other: UploadDraft): boolean {
  const isOf =
    one.sender === other.sender && one.room.key === other.room.key && one.name.key === other.name.key;
  const isOfId = one.id !== undefined && one.id === other.id;
  const isOfSize = one.size === other.size && (one.size !== undefined || isOfId);
  const isOfHash = one.sha256 === undefined || other.sha256 === undefined || one.sha256 === other.sha256;
  return isOf && isOfSize && isOfHash;
}
