// What waits in memory for peers to take it. Of entries a peer is handed a small, fixed amount, then it has a
// position in the log; of answers it may leave so many before its requests are no longer read. One bound holds for
// all together: the more peers let things wait, the less each may.

import type { Answer } from "../shared/answers.js";
import { encode } from "../shared/protocol.js";
import { Turnstile } from "./turnstile.js";
import type { Wire } from "./wires/wire.js";

/** What may wait for everybody together, beyond the least for each. */
const maxWaitingBytes = 64 * 1024 * 1024;
const maxEntryBytes = 512 * 1024;
const leastBytes = 16 * 1024;

/** What all connections of a server share. */
export class Outboxes {
  /** Those for whom more waits than a socket should hold by itself. */
  readonly #slow = new Set<Outbox>();

  /** Of what may wait for one peer, as much as may wait when so many let things wait. */
  shareOf(bytes: number): number {
    return Math.max(leastBytes, Math.min(bytes, maxWaitingBytes / Math.max(this.#slow.size, 1)));
  }

  /** Counts an outbox as slow until its peer has taken what waits. */
  watch(outbox: Outbox): void {
    if (this.#slow.has(outbox)) return;
    this.#slow.add(outbox);
    void outbox.ready().then(() => this.#slow.delete(outbox));
  }
}

export class Outbox {
  readonly #wire: Wire;
  readonly #all: Outboxes;
  readonly #maxAnswerBytes: number;
  /** Of what is large, one thing at a time. */
  readonly #bulk = new Turnstile(1);
  /** Of answers, since the peer was last known to have taken what was sent. */
  #answerBytes = 0;

  /** @param maxAnswerBytes answers that may wait before requests are no longer read */
  constructor(wire: Wire, all: Outboxes, maxAnswerBytes: number) {
    this.#wire = wire;
    this.#all = all;
    this.#maxAnswerBytes = maxAnswerBytes;
  }

  /** Sends what has a bound of its own: entries, notices, parts of a transfer. */
  send(lines: Uint8Array | string, onTaken?: () => void): void {
    this.#wire.send(lines, onTaken);
    if (this.#wire.pendingBytes > leastBytes) this.#all.watch(this);
  }

  /** Sends an answer, under the request's `id` if it has one. */
  answer(id: string | undefined, answer: Answer): void {
    const line = encode(answer, id);
    this.#answerBytes += Buffer.byteLength(line);
    this.send(line);
  }

  /** Bytes of entries that may wait for this peer. */
  get shareBytes(): number {
    return this.#all.shareOf(maxEntryBytes);
  }

  /** Whether the peer should first take what is there, before it is given entries. */
  get isCrowded(): boolean {
    return this.#wire.pendingBytes > leastBytes && this.#wire.pendingBytes > this.shareBytes;
  }

  /** Whether so many answers wait that no request should be read. */
  get isFull(): boolean {
    return this.#answerBytes > leastBytes && this.#answerBytes > this.#all.shareOf(this.#maxAnswerBytes);
  }

  /**
   * Does a work that sends a page or a piece of a file: one after the other, each begun when the peer has taken what
   * went before. So a thousand requests of a peer that does not read hold no answers, and no more than one such
   * piece lies before a message.
   */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#bulk.pass(async () => {
      await this.ready();
      return work();
    });
  }

  /** Resolves when the peer has taken what was sent, but for what a socket holds by itself, or is gone. */
  async ready(): Promise<void> {
    const answerBytes = this.#answerBytes;
    await this.#wire.ready();
    this.#answerBytes = Math.max(0, this.#answerBytes - answerBytes);
  }
}
