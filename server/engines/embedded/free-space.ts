// The room that files leave on the disk: what is to come counts before it comes, and what is written is looked after
// while it is, so that the log can go on recording. Used by files.ts.

import { RoomError } from "../../../shared/errors.js";
import { freeBytes } from "./disk.js";

/** Enough for the log to go on for long: its journal alone takes 4 MiB before it is folded in. */
const defaultMinFreeBytes = 16 * 1024 * 1024;

export class FreeSpace {
  readonly #folder: string;
  readonly #minFreeBytes: number;
  /** Bytes that are being written, and those that were since it was last looked. */
  #writingBytes = 0;
  #unseenBytes = 0;

  constructor(folder: string, minFreeBytes = defaultMinFreeBytes) {
    this.#folder = folder;
    this.#minFreeBytes = minFreeBytes;
  }

  /** @param promisedBytes what is still to come, asked when it is known what is left @throws RoomError storage-full */
  async check(promisedBytes: () => number): Promise<void> {
    const free = (await freeBytes(this.#folder)) - promisedBytes();
    if (free >= this.#minFreeBytes) return;
    const message =
      "The server's disk has too little room left for this: try again later, or ask its operator.";
    throw new RoomError("storage-full", { message });
  }

  /**
   * Writes, if there is room. It is not looked each time, but often enough that all who write at once leave most of what
   * is kept free.
   * @throws RoomError storage-full; what `write` throws
   */
  async write(bytes: number, write: () => Promise<void>): Promise<void> {
    this.#writingBytes += bytes;
    this.#unseenBytes += bytes;
    try {
      if (this.#unseenBytes > this.#minFreeBytes / 4) {
        await this.check(() => this.#writingBytes);
        this.#unseenBytes = 0;
      }
      await write();
    } finally {
      this.#writingBytes -= bytes;
    }
  }
}
