// A connection in a room, with its position: the number up to which it was given the room's entries. There is
// no queue. A member whose peer reads slowly is given nothing more; when the peer reads again it is served
// from the log, from its position on.
//
//            deliver, while little is pending
//              +----+
//              |    v
//   join ---> [ live ] -- too much is pending --> [ behind ] -- at the head again: `live` --> [ live ]
//                                                  |      ^
//                                                  +------+
//                                                ready: `behind`, then a page of the log

import type { EntryLines } from "../shared/entry.js";
import { encode } from "../shared/protocol.js";
import type { Page, Range } from "./engine.js";

/** Bytes that may wait in a peer's socket before it gets no more entries: the small, fixed amount. */
const maxPendingBytes = 512 * 1024;

/** Of a page out of the log; it ends earlier at its bytes. */
const pageEntries = 500;

/** What a member needs of its connection. */
export interface Peer {
  readonly name: string;
  readonly isOpen: boolean;
  readonly pendingBytes: number;
  send(lines: Uint8Array | string): void;
  ready(): Promise<void>;
  /** Ends the connection: what it should have been given cannot be read. */
  abandon(error: unknown): void;
}

/** What a member needs of its room. */
export interface MemberRoom {
  readonly name: { readonly shown: string };
  readonly head: number;
  read(range: Range): Promise<Page>;
  presenceNow(): Uint8Array;
}

/** Somebody who waits until the member was given this number. */
interface Waiting {
  readonly seq: number;
  readonly resolve: () => void;
}

export class Member {
  readonly peer: Peer;
  readonly #room: MemberRoom;
  #position: number;
  #isBehind = false;
  #hasLeft = false;
  #waiting: Waiting[] = [];

  constructor(peer: Peer, room: MemberRoom) {
    this.peer = peer;
    this.#room = room;
    this.#position = room.head;
  }

  /** Gives the entries of one commit, or leaves them to the log when the peer is behind. */
  deliver(lines: EntryLines): void {
    if (this.#isBehind) return;
    if (lines.from !== this.#position + 1 || this.peer.pendingBytes > maxPendingBytes) {
      this.#isBehind = true;
      void this.#catchUp();
      return;
    }
    this.peer.send(lines.bytes);
    this.#position = lines.to;
  }

  /** Gives what is no entry; it is dropped for one who is behind. */
  notify(line: Uint8Array): void {
    if (!this.#isBehind && this.peer.pendingBytes <= maxPendingBytes) this.peer.send(line);
  }

  /** Resolves when the member was given all that its room had when this was called, or is gone. */
  caughtUp(): Promise<void> {
    const seq = this.#room.head;
    if (this.#position >= seq || this.#isGone()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ seq, resolve }));
  }

  /** From here on nothing more is given. */
  leave(): void {
    this.#hasLeft = true;
    this.#settle();
  }

  async #catchUp(): Promise<void> {
    try {
      await this.peer.ready();
      if (this.#isGone()) return;
      const room = this.#room.name.shown;
      this.peer.send(encode({ type: "behind", room, from: this.#position + 1, to: this.#room.head }));
      while (this.#position < this.#room.head) {
        await this.#givePage();
        if (this.#isGone()) return;
      }
      this.#isBehind = false;
      this.peer.send(encode({ type: "live", room, head: this.#position }));
      this.peer.send(this.#room.presenceNow());
    } catch (error) {
      this.peer.abandon(error);
    } finally {
      this.#settle();
    }
  }

  // Never past the head: the log may have more by now, which is about to be delivered.
  async #givePage(): Promise<void> {
    const [after, before] = [this.#position, this.#room.head + 1];
    const page = await this.#room.read({ after, before, limit: pageEntries });
    if (this.#isGone()) return;
    if (page.from !== after + 1 || page.to < page.from) {
      throw new Error(`The log of ${this.#room.name.shown} has no entry ${after + 1}.`);
    }
    this.peer.send(page.bytes);
    this.#position = page.to;
    this.#settle();
    await this.peer.ready();
  }

  #settle(): void {
    const isOver = ({ seq }: Waiting) => this.#position >= seq || this.#isGone();
    const settled = this.#waiting.filter(isOver);
    if (settled.length === 0) return;
    this.#waiting = this.#waiting.filter((waiting) => !isOver(waiting));
    for (const { resolve } of settled) resolve();
  }

  #isGone(): boolean {
    return this.#hasLeft || !this.peer.isOpen;
  }
}
