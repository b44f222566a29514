// The bytes of an upload on their way out: each is hashed once, however often it is sent, and sent from wherever the
// server wants it. The hash goes with the last chunk, or with `finish`, so that nothing is shown that is not verified.
// When and how often, sending.ts says.

import { createHash } from "node:crypto";
import type { Credit } from "./credit.js";
import type { Session } from "../session/session.js";
import type { Source } from "./source.js";

/** Where an upload goes on over one connection. */
export interface Attempt {
  readonly upload: string;
  readonly offset: number;
  readonly credit: Credit;
}

export class Outgoing {
  readonly #session: Session;
  readonly #source: Source;
  #hash = createHash("sha256");
  #hashedBytes = 0;
  #sha256: string | undefined;
  #sentBytes = 0;
  #hasSentAll: boolean;

  constructor(session: Session, source: Source) {
    this.#session = session;
    this.#source = source;
    this.#hasSentAll = source.size === 0;
  }

  /** Of all of it, once all was read. */
  get sha256(): string | undefined {
    return this.#sha256;
  }

  /** Past the last byte that was ever sent. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** Whether what completes it is on its way: nobody can tell whether it arrives. */
  get hasSentAll(): boolean {
    return this.#hasSentAll;
  }

  /** The server has so much of it. */
  moveTo(offset: number): void {
    const { size } = this.#source;
    this.#hasSentAll = size !== undefined && offset >= size;
  }

  /**
   * Sends the rest.
   * @throws ClientError connection-lost, bad-file; what the credit was stopped with
   */
  async send(attempt: Attempt): Promise<void> {
    const { upload, offset, credit } = attempt;
    let at = Math.min(offset, this.#hashedBytes);
    for await (const block of this.#source.blocks(at, credit.stopped)) {
      this.#hashBlock(block, at);
      await this.#sendBlock(block, at, attempt);
      at += block.length;
    }
    credit.stopped.throwIfAborted();
    const sha256 = (this.#sha256 ??= this.#hash.digest("hex"));
    if (this.#source.isRereadable) return;
    this.#hasSentAll = true;
    await this.#session.send({ type: "finish", upload, sha256 });
  }

  /** The hash of all of it, also of what need not be sent. @throws ClientError bad-file */
  async hashAll(): Promise<string> {
    const blocks = this.#source.blocks(this.#hashedBytes, new AbortController().signal);
    if (this.#sha256 === undefined && this.#source.isRereadable)
      for await (const block of blocks) this.#hashBlock(block, this.#hashedBytes);
    return (this.#sha256 ??= this.#hash.digest("hex"));
  }

  /** Everything is read and hashed anew. */
  beginAnew(): void {
    this.#hash = createHash("sha256");
    this.#hashedBytes = 0;
    this.#sha256 = undefined;
  }

  #hashBlock(block: Uint8Array, at: number): void {
    const end = at + block.length;
    if (end <= this.#hashedBytes) return;
    this.#hash.update(block.subarray(this.#hashedBytes - at));
    this.#hashedBytes = end;
    if (end === this.#source.size && this.#source.isRereadable) this.#sha256 ??= this.#hash.digest("hex");
  }

  // What the server has already is hashed and not sent again.
  async #sendBlock(block: Uint8Array, at: number, { upload, offset: start, credit }: Attempt): Promise<void> {
    const { chunkBytes } = this.#session.limits;
    const { size, isRereadable } = this.#source;
    const end = at + block.length;
    for (let offset = Math.max(at, start); offset < end;) {
      const bytes = block.subarray(offset - at, offset - at + chunkBytes);
      const isLast = isRereadable && offset + bytes.length === size;
      await credit.spend(offset + bytes.length);
      if (isLast) await this.#source.check();
      const chunk = { type: "chunk", upload, offset, data: bytes } as const;
      offset += bytes.length;
      this.#sentBytes = Math.max(this.#sentBytes, offset);
      this.#hasSentAll ||= isLast;
      const sha256 = isLast ? this.#sha256 : undefined;
      await this.#session.send(sha256 === undefined ? chunk : { ...chunk, sha256 });
    }
  }
}
