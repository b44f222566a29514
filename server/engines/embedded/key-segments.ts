// Keys that are sealed: written once, in runs of many, sorted by hash. The hashes of a segment are kept in memory
// (key-group.ts); the places of its keys stay in the database, in pages that are read when a hash is met. Expired
// segments go one at a time. Used by keys.ts, in its transactions.

import type { Database, Statement } from "./database.js";
import { KeyGroup, segmentOf, type KeySegment } from "./key-group.js";
import { placeIn, type Place, type SortedKeys, type Verify } from "./key-tail.js";

/** So that a page's row fits into one page of the database: 16 bytes each. */
const keysOfPage = 250;

export class KeySegments {
  readonly #database: Database;
  readonly #insertSegment: Statement;
  readonly #insertPage: Statement;
  readonly #selectPage: Statement;
  readonly #deletePages: Statement;
  readonly #deleteSegment: Statement;
  /** Oldest first. */
  #groups: KeyGroup[] = [];
  /** Segments that are still in the database, by id. */
  #expired: number[] = [];

  constructor(database: Database) {
    this.#database = database;
    this.#insertSegment = database.prepare("INSERT INTO key_segments (newest, hashes) VALUES (?, ?)");
    this.#insertPage = database.prepare("INSERT INTO key_pages (segment, page, places) VALUES (?, ?, ?)");
    this.#selectPage = database.prepare("SELECT places FROM key_pages WHERE segment = ? AND page = ?");
    this.#deletePages = database.prepare("DELETE FROM key_pages WHERE segment = ?");
    this.#deleteSegment = database.prepare("DELETE FROM key_segments WHERE id = ?");
  }

  /** Reads the segments that are there. */
  load(): void {
    const rows = this.#database.prepare("SELECT id, newest, hashes FROM key_segments ORDER BY newest, id");
    for (const { id, newest, hashes } of rows.iterate()) {
      const facts = { id: Number(id), newestMs: Number(newest), hashes: new Uint32Array(bufferOf(hashes)) };
      this.adopt([segmentOf(facts)]);
    }
  }

  /** The newest key with that hash which verifies. */
  find<T>(hash: number, verify: Verify<T>): T | undefined {
    const look = (segment: KeySegment, at: number) => verify(this.#placeOf(segment, at));
    for (let n = this.#groups.length - 1; n >= 0; n--) {
      const found = this.#groups[n]?.find(hash, look);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Writes a segment. It is looked into once it is `adopted`, when its transaction is committed. */
  write(keys: SortedKeys, newestMs: number): KeySegment {
    const id = Number(this.#insertSegment.run(newestMs, bytesOf(keys.hashes)).lastInsertRowid);
    for (let at = 0; at < keys.hashes.length; at += keysOfPage) {
      const places = keys.places.subarray(2 * at, 2 * (at + keysOfPage));
      this.#insertPage.run(id, at / keysOfPage, bytesOf(places));
    }
    return segmentOf({ id, newestMs, hashes: keys.hashes });
  }

  adopt(segments: readonly KeySegment[]): void {
    for (const segment of segments) {
      let group = this.#groups.at(-1);
      if (group?.hasRoomFor(segment) !== true) {
        group = new KeyGroup();
        this.#groups.push(group);
      }
      group.add(segment);
    }
  }

  /** Lets go of what nobody asks for any more. Tells whether there is something to `drop`. */
  expire(sinceMs: number): boolean {
    for (const group of this.#groups) this.#expired.push(...group.expire(sinceMs).map(({ id }) => id));
    if (this.#groups.some(({ isEmpty }) => isEmpty)) {
      this.#groups = this.#groups.filter(({ isEmpty }) => !isEmpty);
    }
    return this.#expired.length > 0;
  }

  /** Deletes one expired segment, if there is one. */
  drop(): number | undefined {
    const id = this.#expired[0];
    if (id === undefined) return undefined;
    this.#deletePages.run(id);
    this.#deleteSegment.run(id);
    return id;
  }

  /** After the commit of a `drop`. */
  dropped(id: number | undefined): void {
    this.#expired = this.#expired.filter((expired) => expired !== id);
  }

  #placeOf({ id }: KeySegment, at: number): Place {
    const page = this.#selectPage.get(id, Math.floor(at / keysOfPage));
    return placeIn(new Float64Array(bufferOf(page?.places)), at % keysOfPage);
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

// Copied, because numbers begin at multiples of their size only.
function bufferOf(blob: unknown): ArrayBuffer {
  if (!(blob instanceof Uint8Array)) throw new Error("A page of keys is missing from the database.");
  return new Uint8Array(blob).buffer;
}
