// A connection in a room, with its position: the number up to which it was given the room's entries. There is
// no queue. A member whose peer reads slowly is given nothing more; when the peer reads again it is served
// from the room's recent entries or the log, from its position on.
//
//   join ------------------------> [ live ] <--- at the head: `live` ---+
//    |                               |  ^                              |
//    |                       give    |  |                              |
//    |                 while it      +--+                              |
//    |                    reads      |                                 |
//    |                               +-- too much waits --> [ behind ]-+
//    |                                    when it reads: `behind`, then entries, page by page
//    |
//    +-- with a number to go on from --> [ replaying ] -- at the head: `live` --> [ live ]
//                                          pages with a `history` header each

import type { AnswerOf } from "../shared/answers.js";
import type { EntryLines } from "../shared/entry.js";
import { encode } from "../shared/protocol.js";
import type { Page, Range } from "./engine.js";

/** Of a page out of the log; it ends earlier at its bytes. */
const pageEntries = 500;

/** What a member needs of its connection. */
export interface Peer {
  readonly name: string;
  /** Who this is across connections. */
  readonly sender: string;
  readonly isOpen: boolean;
  /** Whether the peer should first take what waits for it. */
  readonly isCrowded: boolean;
  /** Bytes of entries that may wait for the peer. */
  readonly shareBytes: number;
  send(lines: Uint8Array | string): void;
  /** Does a work that sends a page: one after the other, each begun when the peer has taken what went before. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Ends the connection: what it should have been given cannot be read. */
  abandon(error: unknown): void;
}

/** What a member needs of its room. */
export interface MemberRoom {
  readonly head: number;
  /** Entries from after+1 on that are still in memory. */
  recent(after: number): EntryLines | undefined;
  /** Does it when those who are not at the head have their turn, and resolves when it is done. */
  inTurn(step: () => void): Promise<void>;
  /** Reads a page of what is below the head, once for all who want it now, and gives it in turn. */
  readTogether(range: Range, give: (page: Page) => void): Promise<void>;
  /** Undefined where presence is not told. */
  presenceNow(): Uint8Array | undefined;
}

/** What the lines of a membership say of where they are. */
export type Place = { readonly room: string } | { readonly with: string };

/** How often the others are told that a member is typing. */
const typingEveryMs = 1000;

/** How a member that was not at the head is told what it is given: in a replay under the request's `id`. */
type Telling = { readonly kind: "behind" } | { readonly kind: "replay"; readonly id: string | undefined };

/** Somebody who waits until the member was given this number. */
interface Waiting {
  readonly seq: number;
  readonly resolve: () => void;
}

export class Member {
  readonly peer: Peer;
  /** What its lines say of where they are. */
  readonly place: Place;
  #toldTypingMs = -Infinity;
  readonly #room: MemberRoom;
  #position: number;
  /** How it is told what it is given while it is not at the head; undefined while it is live. */
  #telling: Telling | undefined;
  #hasLeft = false;
  #waiting: Waiting[] = [];

  constructor(peer: Peer, room: MemberRoom, place: Place) {
    this.peer = peer;
    this.place = place;
    this.#room = room;
    this.#position = room.head;
  }

  /** Gives what is new, or leaves it to the log when the peer is behind. */
  give(): void {
    while (this.#telling === undefined && !this.#hasLeft && this.#position < this.#room.head) {
      const lines = this.peer.isCrowded ? undefined : this.#room.recent(this.#position);
      if (lines === undefined) {
        this.#catchUp({ kind: "behind" }).catch(() => undefined);
        return;
      }
      this.peer.send(lines.bytes);
      this.#position = lines.to;
    }
    if (this.#telling === undefined && this.#waiting.length > 0) this.#settle();
  }

  /**
   * Goes on from a number, which is not above the head, in pages under the `id`; then says `live`. Resolves when it
   * has begun: the peer has taken what was to be sent before.
   */
  replay(after: number, id: string | undefined): Promise<void> {
    this.#position = after;
    return this.#catchUp({ kind: "replay", id });
  }

  /** Gives what is no entry; it is dropped for one who is behind. */
  notify(line: Uint8Array): void {
    if (this.#telling === undefined && !this.#hasLeft && !this.peer.isCrowded) this.peer.send(line);
  }

  /** Whether it is time to tell the others that it is typing; if so, it is told. */
  mayTellTyping(nowMs: number): boolean {
    if (nowMs - this.#toldTypingMs < typingEveryMs) return false;
    this.#toldTypingMs = nowMs;
    return true;
  }

  /** Whether it was given all that its room has. */
  get isCaughtUp(): boolean {
    return this.#telling === undefined && this.#position >= this.#room.head;
  }

  /** Resolves when the member was given all that its room had when this was called, or is gone. */
  caughtUp(): Promise<void> {
    const seq = this.#room.head;
    if (this.isCaughtUp || this.#isGone()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ seq, resolve }));
  }

  /** From here on nothing more is given. */
  leave(): void {
    this.#hasLeft = true;
    this.#settle();
  }

  /** Resolves when it has begun. */
  #catchUp(telling: Telling): Promise<void> {
    this.#telling = telling;
    const begun = this.peer.inTurn(() => this.#tellBehind());
    void this.#goOn(begun);
    return begun;
  }

  async #goOn(begun: Promise<void>): Promise<void> {
    try {
      await begun;
      while (this.#position < this.#room.head && !this.#isGone()) {
        await this.peer.inTurn(() => this.#givePage());
        // Who has waited for a number long past need not wait for a busy room's head.
        if (this.#position < this.#room.head) this.#settle();
      }
      if (!this.#isGone()) this.#beLive();
    } catch (error) {
      this.peer.abandon(error);
    } finally {
      this.#settle();
    }
  }

  #beLive(): void {
    const telling = this.#telling;
    this.#telling = undefined;
    this.peer.send(encode({ type: "live", ...this.place, head: this.#position }, idOf(telling)));
    const presence = telling?.kind === "behind" ? this.#room.presenceNow() : undefined;
    if (presence !== undefined) this.peer.send(presence);
  }

  async #tellBehind(): Promise<void> {
    if (this.#telling?.kind !== "behind") return;
    await this.#room.inTurn(() => {
      if (this.#isGone()) return;
      const { head } = this.#room;
      this.peer.send(encode({ type: "behind", ...this.place, from: this.#position + 1, to: head }));
    });
  }

  async #givePage(): Promise<void> {
    const after = this.#position;
    // What it lacks may still be in memory; who comes back gets pages of the log.
    if (this.#telling?.kind === "behind" && !this.#isGone()) {
      await this.#room.inTurn(() => {
        const recent = this.#room.recent(after);
        if (recent !== undefined && recent.bytes.length <= this.peer.shareBytes) this.#give(recent);
      });
    }
    const { head } = this.#room;
    // To a round number, so that members at different places soon want the same pages. When nothing is left up to
    // there, to the head. Never past it: the log may have more by now, which is about to be delivered.
    for (const to of [Math.min(head, after - (after % pageEntries) + pageEntries), head]) {
      if (this.#position === after && !this.#isGone())
        await this.#giveLogged({ after, to, isLast: to === head });
    }
  }

  async #giveLogged({ after, to, isLast }: { after: number; to: number; isLast: boolean }): Promise<void> {
    const bytes = 2 ** Math.floor(Math.log2(this.peer.shareBytes));
    const range = { after, before: to + 1, limit: pageEntries, bytes };
    await this.#room.readTogether(range, (page) => {
      const isEmpty = page.to < page.from;
      if (!isEmpty) this.#give(page);
      // Nothing is left of what was there: the log keeps entries only for so long.
      else if (isLast) this.#give({ from: to + 1, to, bytes: page.bytes });
    });
  }

  #give({ from, to, bytes }: EntryLines): void {
    if (this.#isGone()) return;
    const lost = from > this.#position + 1 ? { lost: { from: this.#position + 1, to: from - 1 } } : {};
    if (this.#telling?.kind === "replay" || "lost" in lost) {
      this.peer.send(encode(this.#header({ from, to, ...lost }), idOf(this.#telling)));
    }
    if (to >= from) this.peer.send(bytes);
    this.#position = to;
  }

  #header(page: Pick<AnswerOf<"history">, "from" | "to" | "lost">): AnswerOf<"history"> {
    const { from, to, lost } = page;
    const more = to < this.#room.head;
    const facts = { ...this.place, from, to, count: to - from + 1, more };
    return { type: "history", ...facts, ...(lost && { lost }) };
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

function idOf(telling: Telling | undefined): string | undefined {
  return telling?.kind === "replay" ? telling.id : undefined;
}
