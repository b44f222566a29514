// Who is about to say something, and where. It is told once a second or so by whoever types, and nobody says that they
// have stopped; so each is forgotten after some seconds, or when they have said it. Pure but for its clock.

import { placeKey, type Place } from "./place.js";

const lastsMs = 6_000;

export class Typing {
  readonly #now: () => number;
  readonly #byPlace = new Map<string, Map<string, number>>();

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  note(place: Place, name: string): void {
    // Whoever was forgotten there goes now: nobody may ever look at that place.
    this.of(place);
    const names = this.#byPlace.get(placeKey(place)) ?? new Map<string, number>();
    this.#byPlace.set(placeKey(place), names);
    names.set(name, this.#now());
  }

  /** They have said it. */
  end(place: Place, name: string): void {
    this.#byPlace.get(placeKey(place))?.delete(name);
  }

  of(place: Place): string[] {
    const names = this.#byPlace.get(placeKey(place));
    if (names === undefined) return [];
    for (const [name, at] of names) if (this.#now() - at > lastsMs) names.delete(name);
    if (names.size === 0) this.#byPlace.delete(placeKey(place));
    return [...names.keys()];
  }
}
