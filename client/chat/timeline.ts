// The newest entries of each place as they read by now, in memory: what an answer or a correction is about can be shown
// beside it without asking the server. chat.ts feeds it.

import type { Entry } from "../session/exchanges.js";
import { placeKey, placeOfEntry, type Place } from "./place.js";

/** More than anybody answers to without looking back. */
const maxEntries = 500;
const maxPlaces = 200;

export class Timeline {
  readonly #byPlace = new Map<string, Map<number, Entry>>();

  /** @param me whose conversations these are */
  add(entry: Entry, me: string): void {
    const key = placeKey(placeOfEntry(entry, me));
    const entries = this.#byPlace.get(key) ?? new Map<number, Entry>();
    // The place that was spoken in last is forgotten last.
    this.#byPlace.delete(key);
    this.#byPlace.set(key, entries);
    change(entries, entry);
    entries.set(entry.seq, entry);
    dropOldest(entries, maxEntries);
    dropOldest(this.#byPlace, maxPlaces);
  }

  get(place: Place, seq: number): Entry | undefined {
    return this.#byPlace.get(placeKey(place))?.get(seq);
  }

  /** Those that are such, the newest first. */
  newest(place: Place, isSuch: (entry: Entry) => boolean): Entry[] {
    return [...(this.#byPlace.get(placeKey(place))?.values() ?? [])].filter(isSuch).toReversed();
  }
}

/** What the entry does to an earlier one. */
function change(entries: Map<number, Entry>, entry: Entry): void {
  if (entry.type !== "edit" && entry.type !== "delete") return;
  const target = entries.get(entry.target);
  if (target === undefined) return;
  if (entry.type === "delete") entries.delete(entry.target);
  else if ((target.type === "message" || target.type === "direct") && entry.text !== undefined)
    entries.set(entry.target, { ...target, text: entry.text });
}

function dropOldest(map: Map<unknown, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) break;
    map.delete(key);
  }
}
