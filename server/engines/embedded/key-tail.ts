// The newest keys, those of entries above their room's `keyed`: hashes and places in flat arrays, chained by hash,
// so that a key costs bytes and not objects and the last ones can be taken back. Knows no database. Used by keys.ts.

/** Where an entry is. */
export interface Place {
  readonly roomId: number;
  readonly seq: number;
}

/** What `find` asks of a place that may be the one: what it means if it is, else undefined. */
export type Verify<T> = (place: Place) => T | undefined;

/** Keys in the order of their hashes. */
export interface SortedKeys {
  readonly hashes: Uint32Array;
  /** Room and number of each, one after the other. */
  readonly places: Float64Array;
}

const chainBits = 16;
const none = -1;

export class KeyTail {
  #hashes = new Uint32Array(1024);
  #places = new Float64Array(2048);
  /** Of each key the one before it in its chain. */
  #older = new Int32Array(1024);
  readonly #chains = new Int32Array(1 << chainBits).fill(none);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(hash: number, { roomId, seq }: Place): void {
    if (this.#count === this.#hashes.length) this.#grow();
    const at = this.#count++;
    this.#hashes[at] = hash;
    this.#places[2 * at] = roomId;
    this.#places[2 * at + 1] = seq;
    this.#older[at] = this.#newestOf(hash);
    this.#chains[chainOf(hash)] = at;
  }

  /** The newest key with that hash which verifies. */
  find<T>(hash: number, verify: Verify<T>): T | undefined {
    for (let at = this.#newestOf(hash); at !== none; at = this.#older[at] ?? none) {
      if (this.#hashes[at] !== hash) continue;
      const found = verify(placeIn(this.#places, at));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Takes the last keys back, down to that many. */
  truncate(count: number): void {
    while (this.#count > count) {
      const at = --this.#count;
      this.#chains[chainOf(this.#hashes[at] ?? 0)] = this.#older[at] ?? none;
    }
  }

  /** All keys. A chain has the hashes that begin alike, a few; so chain by chain is nearly in order. */
  sorted(): SortedKeys {
    const sorted = { hashes: new Uint32Array(this.#count), places: new Float64Array(2 * this.#count) };
    let end = 0;
    for (const newest of this.#chains) {
      const start = end;
      for (let at = newest; at !== none; at = this.#older[at] ?? none) {
        const hash = this.#hashes[at] ?? 0;
        let to = end++;
        for (; to > start && (sorted.hashes[to - 1] ?? 0) > hash; to--) move(sorted, to - 1, to);
        sorted.hashes[to] = hash;
        sorted.places[2 * to] = this.#places[2 * at] ?? 0;
        sorted.places[2 * to + 1] = this.#places[2 * at + 1] ?? 0;
      }
    }
    return sorted;
  }

  #newestOf(hash: number): number {
    return this.#chains[chainOf(hash)] ?? none;
  }

  #grow(): void {
    const [hashes, places, older] = [this.#hashes, this.#places, this.#older];
    this.#hashes = new Uint32Array(2 * hashes.length);
    this.#hashes.set(hashes);
    this.#places = new Float64Array(2 * places.length);
    this.#places.set(places);
    this.#older = new Int32Array(2 * older.length);
    this.#older.set(older);
  }
}

/** @throws RangeError when there is no such key */
export function placeIn(places: Float64Array, at: number): Place {
  const [roomId, seq] = [places[2 * at], places[2 * at + 1]];
  if (roomId === undefined || seq === undefined) throw new RangeError(`There is no key ${at}.`);
  return { roomId, seq };
}

function move({ hashes, places }: SortedKeys, from: number, to: number): void {
  hashes[to] = hashes[from] ?? 0;
  places.copyWithin(2 * to, 2 * from, 2 * from + 2);
}

function chainOf(hash: number): number {
  return hash >>> (32 - chainBits);
}
