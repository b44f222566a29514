// An open blob. Whoever has it open reads it to its end, whatever becomes of its name.

import { open, type FileHandle } from "node:fs/promises";
import type { BlobReader } from "../../engine.js";
import { diskError } from "./disk.js";

/** @param onClose called once */
export async function openBlob(path: string, onClose: () => void): Promise<BlobReader> {
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    return new FolderBlobReader(handle, size, onClose);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

class FolderBlobReader implements BlobReader {
  readonly size: number;
  readonly #handle: FileHandle;
  readonly #onClose: () => void;

  constructor(handle: FileHandle, size: number, onClose: () => void) {
    this.#handle = handle;
    this.size = size;
    this.#onClose = onClose;
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
    this.#onClose();
    await this.#handle.close();
  }
}
