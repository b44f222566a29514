// Writes lines to the output in blocks that a pipe takes whole or not at all, and has each block counted by the cursor
// at once. What a run before has written without counting it is not written again.

import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { systemCode } from "../failures.js";

/** What POSIX lets no pipe tear (PIPE_BUF of Linux). */
const blockBytes = 4096;
/** How soon an output is tried again that takes nothing at the moment, in milliseconds. */
const retryMs = 5;

interface Line {
  readonly bytes: Buffer;
  readonly seq: number;
}

export interface TapeOptions {
  readonly fd: number;
  /** The beginning of what comes, already written. */
  readonly uncounted: Buffer;
  /** All up to that number is written. */
  readonly count: (seq: number) => void;
}

export class Tape {
  readonly #options: TapeOptions;
  readonly #lines: Line[] = [];
  #uncounted: Buffer;
  #writing: Promise<void> | undefined;

  constructor(options: TapeOptions) {
    this.#options = options;
    this.#uncounted = options.uncounted;
  }

  /** Resolves when all that was added is written. @throws what the output fails with; ClientError bad-file */
  async add(line: string, seq: number): Promise<void> {
    this.#lines.push({ bytes: Buffer.from(`${line}\n`), seq });
    this.#writing ??= this.#writeAll();
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    // What comes in the same moment goes in the same block.
    await Promise.resolve();
    try {
      while (this.#lines.length > 0) {
        const block = this.#takeBlock();
        await this.#write(this.#withoutWritten(Buffer.concat(block.map(({ bytes }) => bytes))));
        this.#options.count(block.at(-1)?.seq ?? 0);
      }
    } finally {
      this.#writing = undefined;
    }
  }

  #takeBlock(): Line[] {
    let bytes = 0;
    let count = 0;
    do bytes += this.#lines[count++]?.bytes.length ?? 0;
    while (count < this.#lines.length && bytes + (this.#lines[count]?.bytes.length ?? 0) <= blockBytes);
    return this.#lines.splice(0, count);
  }

  /** What of the block is not there yet. */
  #withoutWritten(block: Buffer): Buffer {
    const length = Math.min(block.length, this.#uncounted.length);
    const isThere = length > 0 && block.subarray(0, length).equals(this.#uncounted.subarray(0, length));
    // Somebody else's words end the search.
    this.#uncounted = isThere ? this.#uncounted.subarray(length) : Buffer.alloc(0);
    return isThere ? block.subarray(length) : block;
  }

  async #write(bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      try {
        done += writeSync(this.#options.fd, bytes, done);
      } catch (error) {
        if (systemCode(error) !== "EAGAIN") throw error;
        await sleep(retryMs);
      }
    }
  }
}
