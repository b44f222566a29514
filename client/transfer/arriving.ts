// The bytes of a file as they arrive: checked to be the next ones, decoded and hashed where they lie, gathered, and
// written one block after the other while more arrive. Where to, its opener says: target.ts a file, download.ts a
// stream. It knows no server.

import type { Hash } from "node:crypto";
import { decodeBase64, type Base64Codec } from "../../shared/base64.js";
import { RoomError } from "../../shared/errors.js";
import { ClientError } from "../failures.js";
import { encodeBase64 } from "./transfer.js";

export interface FileFacts {
  /** As the server gave it. */
  readonly name: string;
  readonly size: number;
  /** SHA-256, lower-case hexadecimal. */
  readonly sha256: string;
}

export interface ArrivingOptions {
  readonly facts: FileFacts;
  /** Of the bytes that are there already. */
  readonly hash: Hash;
  /** How many those are. */
  readonly offset: number;
  /** Writes the next bytes; called again when it has. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
}

/** So much is gathered before it is written: a call per chunk costs more. */
export const blockBytes = 256 * 1024;

export class Arriving {
  readonly #options: ArrivingOptions;
  readonly #codec: Base64Codec;
  #takenBytes: number;
  #writtenBytes: number;
  #block: Buffer;
  #filledBytes = 0;
  // The memory of blocks that are written is used again.
  readonly #free: Buffer[] = [];
  #written: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  #onWritten: (bytes: number) => void = () => undefined;
  #onFailure: (error: unknown) => void = () => undefined;

  constructor(options: ArrivingOptions) {
    const { facts, offset } = options;
    this.#options = options;
    this.#takenBytes = offset;
    this.#writtenBytes = offset;
    // Base64 is measured in threes.
    this.#block = Buffer.allocUnsafe(Math.min(Math.max(facts.size - offset, 0) + 3, blockBytes));
    this.#codec = {
      decode: (text) => {
        const at = this.#filledBytes;
        return this.#block.subarray(at, at + this.#block.write(text, at, "base64"));
      },
      encode: encodeBase64,
    };
  }

  /** The offset of the next bytes. */
  get takenBytes(): number {
    return this.#takenBytes;
  }

  get unwrittenBytes(): number {
    return this.#takenBytes - this.#writtenBytes;
  }

  /** Whom to tell how much is written, and that no more can be. */
  watch(onWritten: (bytes: number) => void, onFailure: (error: unknown) => void): void {
    this.#onWritten = onWritten;
    this.#onFailure = onFailure;
    if (this.#failure !== undefined) onFailure(this.#failure.error);
  }

  /** @throws ClientError damaged when these are not the next bytes */
  take(offset: number, data: string | Uint8Array): void {
    const { size } = this.#options.facts;
    this.#makeRoom(typeof data === "string" ? Math.ceil(data.length / 4) * 3 : data.length);
    const bytes = typeof data === "string" ? this.#decode(data) : this.#copy(data);
    if (offset !== this.#takenBytes || offset + bytes.length > size)
      throw this.damaged("its parts do not fit");
    this.#options.hash.update(bytes);
    this.#takenBytes += bytes.length;
    this.#filledBytes += bytes.length;
  }

  /** Resolves when everything that was taken is written, or cannot be. */
  async settled(): Promise<void> {
    this.#handOver();
    await this.#written;
  }

  /**
   * Resolves when every byte is written, and they are those that were promised.
   * @throws ClientError damaged; what `write` threw
   */
  async finish(): Promise<void> {
    const { size, sha256 } = this.#options.facts;
    if (this.#takenBytes !== size) throw this.damaged(`${this.#takenBytes} of ${size} bytes came`);
    if (this.#options.hash.digest("hex") !== sha256) throw this.damaged("its SHA-256 differs");
    await this.settled();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  damaged(why: string): ClientError {
    return damaged(this.#options.facts.name, why);
  }

  #decode(data: string): Uint8Array {
    try {
      return decodeBase64(data, this.#codec);
    } catch (error) {
      if (!(error instanceof RoomError)) throw error;
      throw this.damaged("not Base64");
    }
  }

  // The memory of bytes that come decoded is used again.
  #copy(bytes: Uint8Array): Uint8Array {
    this.#block.set(bytes, this.#filledBytes);
    return this.#block.subarray(this.#filledBytes, this.#filledBytes + bytes.length);
  }

  #makeRoom(bytes: number): void {
    if (this.#block.length - this.#filledBytes >= bytes) return;
    this.#handOver();
    if (this.#block.length < bytes) this.#block = Buffer.allocUnsafe(bytes);
  }

  #handOver(): void {
    if (this.#filledBytes === 0) return;
    const [block, filledBytes] = [this.#block, this.#filledBytes];
    this.#written = this.#written.then(() => this.#write(block, filledBytes));
    this.#block = this.#free.pop() ?? Buffer.allocUnsafe(blockBytes);
    this.#filledBytes = 0;
  }

  async #write(block: Buffer, bytes: number): Promise<void> {
    if (this.#failure !== undefined) return;
    try {
      await this.#options.write(block.subarray(0, bytes));
    } catch (error) {
      this.#failure = { error };
      this.#onFailure(error);
      return;
    }
    if (block.length === blockBytes) this.#free.push(block);
    this.#writtenBytes += bytes;
    this.#onWritten(this.#writtenBytes);
  }
}

export function damaged(name: string, why: string): ClientError {
  return new ClientError("damaged", `${name} arrived damaged: ${why}. It was not saved.`);
}
