// The newest commits of all rooms in memory, so that whoever is a little behind need not be served from the log.
// One bound for all rooms; past it the oldest commits go, whosever they are. What is here is also in the log.

import type { EntryLines } from "../shared/entry.js";

const maxRecentBytes = 4 * 1024 * 1024;

/** Entries that are put together into one write. */
const maxJoinedBytes = 256 * 1024;

interface Commit {
  readonly lines: EntryLines;
  readonly tail: Tail;
}

export class RecentEntries {
  readonly #maxBytes: number;
  /** Oldest first. */
  readonly #commits = new Set<Commit>();
  #bytes = 0;

  constructor(maxBytes = maxRecentBytes) {
    this.#maxBytes = maxBytes;
  }

  /** The commits of one room. */
  openTail(): Tail {
    return new Tail({
      keep: (commit) => {
        this.#keep(commit);
      },
      drop: (commit) => {
        this.#drop(commit);
      },
    });
  }

  #keep(commit: Commit): void {
    this.#commits.add(commit);
    this.#bytes += commit.lines.bytes.length;
    for (const oldest of this.#commits) {
      // The newest stays, however large: it is about to be delivered.
      if (this.#bytes <= this.#maxBytes || oldest === commit) break;
      oldest.tail.forgetOldest();
    }
  }

  #drop(commit: Commit): void {
    if (this.#commits.delete(commit)) this.#bytes -= commit.lines.bytes.length;
  }
}

interface Keeper {
  keep(commit: Commit): void;
  drop(commit: Commit): void;
}

/** The newest commits of one room, without holes. */
export class Tail {
  readonly #keeper: Keeper;
  readonly #commits: Commit[] = [];
  /** What was last put together, while its commits are here: many members want the same. */
  #joined: EntryLines | undefined;

  constructor(keeper: Keeper) {
    this.#keeper = keeper;
  }

  add(lines: EntryLines): void {
    this.#joined = undefined;
    const commit = { lines, tail: this };
    this.#commits.push(commit);
    this.#keeper.keep(commit);
  }

  /** Entries from after+1 on, as many as one write should have; undefined when they are not here any more. */
  after(seq: number): EntryLines | undefined {
    const newest = this.#commits.at(-1)?.lines;
    if (newest === undefined || newest.from === seq + 1) return newest;
    if (this.#joined?.from !== seq + 1) this.#joined = this.#joinAfter(seq);
    return this.#joined;
  }

  /** Lets go of the commits that begin at this number or before. */
  forgetTo(seq: number): void {
    while ((this.#commits[0]?.lines.from ?? Infinity) <= seq) this.forgetOldest();
  }

  forgetOldest(): void {
    this.#joined = undefined;
    const oldest = this.#commits.shift();
    if (oldest !== undefined) this.#keeper.drop(oldest);
  }

  close(): void {
    while (this.#commits.length > 0) this.forgetOldest();
  }

  #joinAfter(seq: number): EntryLines | undefined {
    const first = this.#placeOf(seq + 1);
    if (first === undefined) return undefined;
    let bytes = 0;
    let end = first;
    for (; end < this.#commits.length && (end === first || bytes < maxJoinedBytes); end++) {
      bytes += this.#commits[end]?.lines.bytes.length ?? 0;
    }
    const joined = this.#commits.slice(first, end).map(({ lines }) => lines);
    const to = joined.at(-1)?.to ?? seq;
    return { from: seq + 1, to, bytes: Buffer.concat(joined.map((lines) => lines.bytes)) };
  }

  /** The place of the commit that begins with this number. */
  #placeOf(from: number): number | undefined {
    let [low, high] = [0, this.#commits.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#commits[middle]?.lines.from ?? Infinity) < from) low = middle + 1;
      else high = middle;
    }
    return this.#commits[low]?.lines.from === from ? low : undefined;
  }
}
