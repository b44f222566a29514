// An attempt that needs no bytes: all of them are on disk, of an earlier attempt or because the room has that content.
// Only the entry is missing.

import { RoomError } from "../../../shared/errors.js";
import type { Blob, Upload } from "../../engine.js";
import { diskError } from "./disk.js";
import { dropUpload, type UploadHome } from "./folder-upload.js";

export interface CompleteBeginning {
  readonly id: string;
  readonly record: string;
  readonly sha256: string;
  readonly size: number;
}

export class CompleteUpload implements Upload {
  readonly #home: UploadHome;
  readonly #beginning: CompleteBeginning;
  #isOver = false;

  constructor(home: UploadHome, beginning: CompleteBeginning) {
    this.#home = home;
    this.#beginning = beginning;
  }

  get id(): string {
    return this.#beginning.id;
  }

  get receivedBytes(): number {
    return this.#beginning.size;
  }

  get writtenBytes(): number {
    return this.#beginning.size;
  }

  get durableBytes(): number {
    return this.#beginning.size;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Of one without a declared size somebody may have more bytes: then it has others. */
  write(offset: number, bytes: Uint8Array): Promise<void> {
    const { size, id } = this.#beginning;
    if (offset === size && bytes.length > 0)
      return Promise.reject(new RoomError("hash-mismatch", { upload: id }));
    return Promise.reject(new RoomError("bad-offset", { offset: size, upload: id }));
  }

  async finish(declared?: string): Promise<Blob> {
    const { record, sha256, size, id } = this.#beginning;
    this.#isOver = true;
    if (declared !== undefined && declared !== sha256) {
      await this.cancel();
      throw new RoomError("hash-mismatch", { upload: id });
    }
    await this.#home.publish(record, sha256).catch((error: unknown) => {
      throw diskError(error, { upload: id });
    });
    return { upload: record, sha256, size };
  }

  pause(): Promise<void> {
    this.#isOver = true;
    return Promise.resolve();
  }

  async cancel(): Promise<void> {
    this.#isOver = true;
    await dropUpload(this.#home, this.#beginning.record).catch(() => undefined);
  }
}
