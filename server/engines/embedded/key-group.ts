// Some segments' hashes in memory, behind one bitmap that tells of nearly every hash that none of them has it: so
// that a key which is no repeat, nearly every one, costs one look for many segments. Used by key-segments.ts.

export interface KeySegment {
  readonly id: number;
  /** When the newest of its entries was recorded, in ms since 1970. */
  readonly newestMs: number;
  /** Ascending. */
  readonly hashes: Uint32Array;
  /** Where the hashes begin that start with each of the numbers that `shift` leaves; one more at the end. */
  readonly starts: Uint32Array;
  readonly shift: number;
}

/** The bitmap has a bit for each number that 25 bits of a hash can be: 4 MiB. */
const bitmapShift = 32 - 25;

/** With so many, one hash in sixteen passes the bitmap without being there. */
const maxKeys = 2 ** 21;

export class KeyGroup {
  readonly #bitmap = new Uint32Array(2 ** 20);
  #segments: KeySegment[] = [];
  #keys = 0;

  get isEmpty(): boolean {
    return this.#segments.length === 0;
  }

  hasRoomFor({ hashes }: KeySegment): boolean {
    return this.#keys + hashes.length <= maxKeys;
  }

  add(segment: KeySegment): void {
    this.#segments.push(segment);
    this.#keys += segment.hashes.length;
    mark(this.#bitmap, segment.hashes);
  }

  /** The first thing that `look` finds at a place of that hash, the newest segment first. */
  find<T>(hash: number, look: (segment: KeySegment, at: number) => T | undefined): T | undefined {
    const bit = hash >>> bitmapShift;
    if (((this.#bitmap[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) return undefined;
    for (let n = this.#segments.length - 1; n >= 0; n--) {
      const segment = this.#segments[n];
      const found = segment && findIn(segment, hash, look);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Lets go of segments that are not newer, and returns them. */
  expire(sinceMs: number): KeySegment[] {
    const expired = this.#segments.filter(({ newestMs }) => newestMs <= sinceMs);
    if (expired.length > 0) this.#segments = this.#segments.filter(({ newestMs }) => newestMs > sinceMs);
    return expired;
  }
}

function mark(bitmap: Uint32Array, hashes: Uint32Array): void {
  for (const hash of hashes) {
    const bit = hash >>> bitmapShift;
    bitmap[bit >>> 5] = (bitmap[bit >>> 5] ?? 0) | (1 << (bit & 31));
  }
}

/** Makes the index of its starts: about eight hashes from one to the next, less than a cache line. */
export function segmentOf(facts: Pick<KeySegment, "id" | "newestMs" | "hashes">): KeySegment {
  const { hashes } = facts;
  const bits = Math.max(1, Math.ceil(Math.log2(hashes.length + 1)) - 3);
  const shift = 32 - bits;
  const starts = new Uint32Array(2 ** bits + 1);
  let at = 0;
  for (let n = 0; n < starts.length; n++) {
    starts[n] = at;
    while (at < hashes.length && (hashes[at] ?? 0) >>> shift === n) at++;
  }
  return { ...facts, starts, shift };
}

function findIn<T>(
  segment: KeySegment,
  hash: number,
  look: (segment: KeySegment, at: number) => T | undefined,
): T | undefined {
  const { hashes, starts, shift } = segment;
  const start = hash >>> shift;
  const end = starts[start + 1] ?? 0;
  for (let at = starts[start] ?? 0; at < end; at++) {
    const found = hashes[at] === hash ? look(segment, at) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
