// What was said in places that one does not look at: how much, how often of oneself, and the newest of it, to be shown
// when one goes there. Pure; the terminal feeds it.

import type { Entry } from "../session/exchanges.js";
import { placeKey, type Place } from "./place.js";

export interface UnreadOf {
  readonly place: Place;
  /** Messages and files among them. */
  readonly count: number;
  /** Those that speak of us. */
  readonly mentionCount: number;
}

interface Kept {
  readonly place: Place;
  count: number;
  mentionCount: number;
  entries: Entry[];
  /** Older ones that are not kept here any more. */
  dropped: number;
}

export interface Adding {
  /** Whether it counts: it is news, and somebody else's. */
  readonly isNews: boolean;
  readonly isMention: boolean;
}

/** Entries of a place that are kept to be shown. */
const maxKept = 200;

export class Unread {
  readonly #byPlace = new Map<string, Kept>();

  add(place: Place, entry: Entry, { isNews, isMention }: Adding): void {
    const key = placeKey(place);
    const kept = this.#byPlace.get(key) ?? { place, count: 0, mentionCount: 0, entries: [], dropped: 0 };
    this.#byPlace.set(key, kept);
    const counts = isNews && (entry.type === "message" || entry.type === "file" || entry.type === "direct");
    if (counts) kept.count += 1;
    if (isMention) kept.mentionCount += 1;
    kept.entries.push(entry);
    // Twice as many before any goes, so that most do not move.
    if (kept.entries.length < 2 * maxKept) return;
    kept.dropped += kept.entries.length - maxKept;
    kept.entries = kept.entries.slice(-maxKept);
  }

  /** What there is of a place, ascending, and that it is read by now. */
  take(place: Place): { entries: readonly Entry[]; dropped: number } {
    const key = placeKey(place);
    const { entries, dropped } = this.#byPlace.get(key) ?? { entries: [], dropped: 0 };
    this.#byPlace.delete(key);
    return { entries: entries.slice(-maxKept), dropped: dropped + Math.max(0, entries.length - maxKept) };
  }

  /** Places with something new. */
  get all(): UnreadOf[] {
    return [...this.#byPlace.values()].filter(({ count, mentionCount }) => count + mentionCount > 0);
  }
}
