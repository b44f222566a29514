// What comes from a pipe and is to be sent: nobody knows how much it is, and nobody can read it again. So what the
// server has not told to be on its disk is kept in memory, to be sent again when a connection is lost; while that is
// too much, nothing more is read.

import { types } from "node:util";
import { blockBytes, type Source } from "./source.js";
import { ClientError, diskFailure } from "../failures.js";

/** Twice what the server may leave unsynced: 8 MiB, and the windows under way. */
export const maxKeptBytes = 16 * 1024 * 1024;

/** Begins to read at once. */
export function pipedSource(input: AsyncIterable<unknown>, name: string): Source {
  const piped = new Piped(name);
  void piped.read(input);
  return piped;
}

class Piped implements Source {
  readonly name: string;
  readonly isRereadable = false;
  size: number | undefined;
  // Block n has the bytes from n times its size on. Those that are released are not there.
  readonly #blocks = new Map<number, Buffer>();
  // The memory of one is used again for a later one.
  readonly #free: Buffer[] = [];
  #readBytes = 0;
  #releasedBytes = 0;
  #failure: Error | undefined;
  #isClosed = false;
  readonly #waiting = new Set<() => void>();

  constructor(name: string) {
    this.name = name;
  }

  async read(input: AsyncIterable<unknown>): Promise<void> {
    try {
      for await (const piece of input) {
        this.#add(typeof piece === "string" ? Buffer.from(piece) : piece);
        while (this.#isFull) await this.#changed();
      }
      this.size = this.#readBytes;
    } catch (error) {
      const failure = diskFailure(`read ${this.name}`, error);
      this.#failure = types.isNativeError(failure) ? failure : new Error(String(failure));
    }
    this.#wake();
  }

  async *blocks(start: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    if (start < this.#releasedBytes)
      throw new ClientError(
        "damaged",
        `The server has lost bytes of ${this.name} that it had; it is not uploaded.`,
      );
    const wake = (): void => {
      this.#wake();
    };
    signal.addEventListener("abort", wake);
    try {
      for (let offset = start; !signal.aborted;) {
        const bytes = this.#bytesAt(offset);
        if (bytes.length > 0) yield bytes;
        else if (this.#failure !== undefined) throw this.#failure;
        else if (this.size !== undefined) return;
        else await this.#changed();
        offset += bytes.length;
      }
    } finally {
      signal.removeEventListener("abort", wake);
    }
  }

  release(offset: number): void {
    this.#releasedBytes = Math.max(this.#releasedBytes, Math.min(offset, this.#readBytes));
    for (const [n, block] of this.#blocks) {
      if ((n + 1) * blockBytes > this.#releasedBytes) continue;
      this.#blocks.delete(n);
      this.#free.push(block);
    }
    this.#wake();
  }

  check(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#blocks.clear();
    this.#wake();
    return Promise.resolve();
  }

  get #isFull(): boolean {
    return !this.#isClosed && this.#readBytes - this.#releasedBytes > maxKeptBytes;
  }

  #add(piece: unknown): void {
    if (this.#isClosed || !(piece instanceof Uint8Array)) return;
    for (let done = 0; done < piece.length;) {
      const [n, at] = [Math.floor(this.#readBytes / blockBytes), this.#readBytes % blockBytes];
      let block = this.#blocks.get(n);
      if (block === undefined)
        this.#blocks.set(n, (block = this.#free.pop() ?? Buffer.allocUnsafe(blockBytes)));
      const part = piece.subarray(done, done + blockBytes - at);
      block.set(part, at);
      done += part.length;
      this.#readBytes += part.length;
    }
    this.#wake();
  }

  /** As many as lie together; none when they are not there yet. */
  #bytesAt(offset: number): Uint8Array {
    const [n, at] = [Math.floor(offset / blockBytes), offset % blockBytes];
    const end = Math.min(this.#readBytes - n * blockBytes, blockBytes);
    return this.#blocks.get(n)?.subarray(at, end) ?? new Uint8Array(0);
  }

  async #changed(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
