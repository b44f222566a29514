// Keeps the search index as small as what it has: writes it anew without what was pruned, and gives free pages back to
// the disk, a little at a time. Only when entries have stopped going: each that goes would make it begin again. Used by
// indexer.ts, in its thread, when there is nothing else to do.

import type { SearchIndex } from "./search-index.js";

/** For fewer documents it is not worth it. */
const leastPruned = 1000;

/** Nor for a smaller share of those that are left. */
const shareOfLeft = 1 / 4;

/** So long after the last was pruned. */
const calmMs = 5000;

export class SearchRenewal {
  readonly #index: SearchIndex;
  readonly #nowMs: () => number;
  /** Documents that have gone, and when the last did, since it was begun to write the index anew. */
  #prunedCount = 0;
  #prunedMs = 0;
  #isRenewing = false;

  /** @param nowMs a clock that only goes forward */
  constructor(index: SearchIndex, nowMs = () => performance.now()) {
    this.#index = index;
    this.#nowMs = nowMs;
  }

  pruned(count: number): void {
    if (count === 0) return;
    this.#prunedCount += count;
    this.#prunedMs = this.#nowMs();
  }

  /** Does a little; tells whether there is more. */
  step(): boolean {
    if (this.#isDue && this.#nowMs() - this.#prunedMs >= calmMs) {
      this.#prunedCount = 0;
      this.#isRenewing = true;
      this.#index.beginRenewal();
    } else if (this.#isRenewing) {
      this.#isRenewing = this.#index.renew();
    } else {
      return this.#index.shrink() || this.#isDue;
    }
    return true;
  }

  get #isDue(): boolean {
    if (this.#prunedCount < leastPruned) return false;
    return this.#prunedCount >= this.#index.countDocuments() * shareOfLeft;
  }
}
