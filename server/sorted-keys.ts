// Keys of names in order, so that a page of them costs its own length and not a sort of all. The order is that
// of their bytes in UTF-8, as the catalog's: not that of JavaScript, which compares UTF-16 units.

export class SortedKeys {
  readonly #keys: string[] = [];

  /** Does nothing when the key is there already. */
  add(key: string): void {
    const at = this.#placeOf(key);
    if (this.#keys[at] !== key) this.#keys.splice(at, 0, key);
  }

  delete(key: string): void {
    const at = this.#placeOf(key);
    if (this.#keys[at] === key) this.#keys.splice(at, 1);
  }

  /** At most so many of the keys after one; the first ones when it is undefined. */
  after(key: string | undefined, limit: number): string[] {
    const at = key === undefined ? 0 : this.#placeOf(key);
    const start = key !== undefined && this.#keys[at] === key ? at + 1 : at;
    return this.#keys.slice(start, start + limit);
  }

  // The first place whose key is not below this one.
  #placeOf(key: string): number {
    let [low, high] = [0, this.#keys.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(this.#keys[middle] ?? "", key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Below 0 when the first comes first in UTF-8. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [unitA, unitB] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (unitA !== unitB) return rankOf(unitA) - rankOf(unitB);
  }
  return a.length - b.length;
}

// Surrogates stand for what is above all other units.
function rankOf(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
