// Overwrites what SQLite leaves behind in the pages of its file. `secure_delete` overwrites a row where it is, but
// not the copies that stay in the unused middle of a page when its rows were moved to another: of a thousand deleted
// texts some five could still be read there. Used by checkpoints.ts, in the thread that alone writes the database,
// when everything in the write-ahead log is in the file. Why so: docs/decisions/0014.
//
// The format is https://www.sqlite.org/fileformat2.html: 1.3 the header, 1.6 b-tree pages, 1.8 pointer maps.
//
//   b-tree page:  header | cell pointers | [ gap: means nothing, and is zeroed ] | cells

import { closeSync, fdatasyncSync, fstatSync, openSync, readSync, writeSync } from "node:fs";

/** Kinds of page in a pointer map. All others are free, overflow, or maps themselves. */
const rootPage = 1;
const innerPage = 5;

/** First byte of the header of a b-tree page, and how long the header is. */
const headerBytes = new Map([
  [2, 12],
  [5, 12],
  [10, 8],
  [13, 8],
]);

/** SQLite locks bytes of this page, and never uses it. */
const lockedByte = 0x40000000;

export class Gaps {
  /**
   * Held as long as the database is open: closing any descriptor of a file drops all the locks that this process
   * has on it, SQLite's too.
   */
  readonly #file: number;
  #pageBytes = 0;
  #zeros = Buffer.alloc(0);
  /** Pages that one pointer map tells of. */
  #mapped = 0;
  #page = Buffer.alloc(0);
  #maps = new Map<number, Buffer>();

  constructor(path: string) {
    this.#file = openSync(path, "r+");
  }

  /** Those of a database that was written without this. */
  cleanAll(): void {
    const pages = this.#readHeader();
    this.#clean(Array.from({ length: pages }, (_, index) => index + 1));
  }

  /** @param pages their numbers, from 1; those that are not in the file any more are passed over */
  clean(pages: Iterable<number>): void {
    const count = this.#readHeader();
    this.#clean(Array.from(pages).filter((page) => page <= count));
  }

  /** Only after the database was closed. */
  close(): void {
    closeSync(this.#file);
  }

  /** Returns how many pages there are to look at: none when no pointer map tells what they are. */
  #readHeader(): number {
    const header = Buffer.alloc(100);
    if (readSync(this.#file, header, 0, header.length, 0) < header.length) return 0;
    if (header.readUInt32BE(52) === 0) return 0;
    const stated = header.readUInt16BE(16);
    this.#pageBytes = stated === 1 ? 65_536 : stated;
    const usableBytes = this.#pageBytes - header.readUInt8(20);
    this.#mapped = Math.floor(usableBytes / 5);
    if (this.#page.length !== this.#pageBytes) {
      this.#page = Buffer.alloc(this.#pageBytes);
      this.#zeros = Buffer.alloc(this.#pageBytes);
    }
    return Math.floor(fstatSync(this.#file).size / this.#pageBytes);
  }

  #clean(pages: readonly number[]): void {
    this.#maps.clear();
    let hasWritten = false;
    for (const page of pages) if (this.#isTree(page) && this.#zeroGap(page)) hasWritten = true;
    this.#maps.clear();
    if (hasWritten) fdatasyncSync(this.#file);
  }

  #isTree(page: number): boolean {
    if (page === 1) return true;
    const map = this.#mapOf(page);
    if (page <= map || page === Math.floor(lockedByte / this.#pageBytes) + 1) return false;
    const kind = this.#readMap(map)[5 * (page - map - 1)];
    return kind === rootPage || kind === innerPage;
  }

  /** The page of the pointer map that tells of a page, as SQLite's `ptrmapPageno` counts. */
  #mapOf(page: number): number {
    const map = Math.floor((page - 2) / (this.#mapped + 1)) * (this.#mapped + 1) + 2;
    return map === Math.floor(lockedByte / this.#pageBytes) + 1 ? map + 1 : map;
  }

  #readMap(page: number): Buffer {
    let map = this.#maps.get(page);
    if (map === undefined) {
      map = Buffer.alloc(this.#pageBytes);
      readSync(this.#file, map, 0, map.length, (page - 1) * this.#pageBytes);
      this.#maps.set(page, map);
    }
    return map;
  }

  #zeroGap(number: number): boolean {
    const [page, at] = [this.#page, (number - 1) * this.#pageBytes];
    if (readSync(this.#file, page, 0, page.length, at) < page.length) return false;
    const start = number === 1 ? 100 : 0;
    const header = headerBytes.get(page.readUInt8(start));
    if (header === undefined) return false;
    const from = start + header + 2 * page.readUInt16BE(start + 3);
    const stated = page.readUInt16BE(start + 5);
    const to = stated === 0 ? 65_536 : stated;
    if (to <= from || to > page.length) return false;
    const gap = page.subarray(from, to);
    if (gap.equals(this.#zeros.subarray(0, gap.length))) return false;
    writeSync(this.#file, this.#zeros, 0, gap.length, at + from);
    return true;
  }
}
