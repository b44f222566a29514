// Everybody who takes part in a crash run: writers, one who uploads, and readers, with their connections breaking
// at random while the server lives.

import { setTimeout as sleep } from "node:timers/promises";
import { Follower } from "./crash-follower.js";
import type { Ledger } from "./crash-ledger.js";
import { fileTask, messageTask } from "./crash-tasks.js";
import { Writer } from "./crash-writer.js";

export const talkRooms = ["left", "right"] as const;
export const fileRoom = "files";

export interface CastOptions {
  readonly writers: number;
  readonly readers: number;
  readonly ledger: Ledger;
  /** 0 to 1. */
  readonly random: () => number;
}

const breakEveryMs = 25;
const maxRewind = 1500;

export class Cast {
  readonly writers: readonly Writer[];
  readonly uploader: Writer;
  readonly #readers: readonly Follower[];
  readonly #ledger: Ledger;
  readonly #random: () => number;
  #port: number | undefined;

  constructor({ writers, readers, ledger, random }: CastOptions) {
    this.#random = random;
    this.#ledger = ledger;
    const facts = { ledger, random };
    this.writers = numbered(writers).map((n) => {
      const makeTask = () => messageTask(this.#freshId(), this.#pick(talkRooms));
      return new Writer({ ...facts, name: `writer-${n}`, rooms: talkRooms, inFlight: 8, makeTask });
    });
    const makeTask = () => fileTask(this.#freshId(), fileRoom);
    this.uploader = new Writer({ ...facts, name: "uploader", rooms: [fileRoom], inFlight: 4, makeTask });
    this.#readers = numbered(readers).map(
      (n) => new Follower({ ledger, name: `reader-${n}`, rooms: [...talkRooms, fileRoom] }),
    );
  }

  /** Everybody comes, and keeps coming back until `leave`. */
  come(port: number, hasFiles: boolean): void {
    this.#port = port;
    const followers = [...this.writers.map(({ follower }) => follower), ...this.#readers];
    if (hasFiles) followers.push(this.uploader.follower);
    for (const follower of followers) follower.come(port);
    void this.#breakNowAndThen(port, followers);
  }

  /** The server is gone. */
  leave(): void {
    this.#port = undefined;
    for (const { follower } of [...this.writers, this.uploader]) follower.cut();
    for (const reader of this.#readers) reader.cut();
  }

  /** Nobody begins anything more. Resolves when nothing waits for its acknowledgement. */
  async finish(port: number, deadlineMs: number): Promise<void> {
    const all = [...this.writers, this.uploader];
    for (const writer of all) {
      writer.rest();
      writer.follower.come(port);
    }
    const end = Date.now() + deadlineMs;
    while (all.some(({ pending }) => pending > 0)) {
      if (Date.now() > end) {
        for (const { pending, follower } of all)
          if (pending > 0) this.#ledger.note("others", `${follower.name} waits for ${pending} answers`);
        break;
      }
      await sleep(5);
    }
    this.leave();
  }

  async #breakNowAndThen(port: number, followers: readonly Follower[]): Promise<void> {
    for (;;) {
      await sleep(this.#random() * 2 * breakEveryMs);
      if (this.#port !== port) return;
      const follower = this.#pick(followers);
      // Before its session is known, its name would be another's. A reader's breaks fall into replays, too.
      if (!follower.isGreeted) continue;
      const how = this.#random();
      if (how < 0.4) follower.cut();
      else if (how < 0.6) follower.send({ type: "quit" });
      if (this.#readers.includes(follower) && this.#random() < 0.3)
        follower.rewind(Math.floor(this.#random() * maxRewind));
      follower.come(port);
    }
  }

  #freshId(): string {
    return Math.floor(this.#random() * 2 ** 52).toString(36);
  }

  #pick<T>(of: readonly [T, ...T[]] | readonly T[]): T {
    const picked = of[Math.floor(this.#random() * of.length)];
    if (picked === undefined) throw new Error("nothing to pick from");
    return picked;
  }
}

function numbered(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n + 1);
}
