// Who came and who went, told to a room at most once per interval however many do. A change and its opposite
// within one interval are never told.

import { encode } from "../shared/protocol.js";

export const presenceIntervalMs = 250;

export interface PresenceOptions {
  readonly room: string;
  /** Names told at most in each list; the count tells the rest. */
  readonly maxNames: number;
  readonly countMembers: () => number;
  /** Sends to every member but the one of that name. */
  readonly tell: (line: Uint8Array, except?: string) => void;
}

export class Presence {
  readonly #options: PresenceOptions;
  readonly #changes = new Map<string, "joined" | "left">();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  joined(name: string): void {
    this.#change(name, "joined");
  }

  left(name: string): void {
    this.#change(name, "left");
  }

  /** A line that tells the count alone, for one who missed changes. */
  now(): Uint8Array {
    return this.#line([], []);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  // After a quiet time a coming is told at once, so that nobody speaks before their coming is told; a going
  // waits, because who comes right back was never away.
  #change(name: string, change: "joined" | "left"): void {
    const before = this.#changes.get(name);
    if (before !== undefined && before !== change) this.#changes.delete(name);
    else this.#changes.set(name, change);
    if (this.#timer !== undefined) return;
    if (change === "joined") this.#tellChanges(name);
    this.#rest();
  }

  #rest(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#changes.size === 0) return;
      this.#tellChanges();
      this.#rest();
    }, presenceIntervalMs);
  }

  #tellChanges(except?: string): void {
    const names = (wanted: "joined" | "left") =>
      Array.from(this.#changes)
        .filter(([, change]) => change === wanted)
        .map(([name]) => name)
        .slice(0, this.#options.maxNames);
    const line = this.#line(names("joined"), names("left"));
    this.#changes.clear();
    this.#options.tell(line, except);
  }

  #line(joined: string[], left: string[]): Uint8Array {
    const { room, countMembers } = this.#options;
    return Buffer.from(encode({ type: "presence", room, joined, left, memberCount: countMembers() }));
  }
}
