// Which pages of the database its write-ahead log has, since they were last asked for. Reads the log as
// https://www.sqlite.org/fileformat2.html#walformat says; only the thread that writes it may, between transactions.
// Used by checkpoints.ts.

import { closeSync, openSync, readSync } from "node:fs";

const headerBytes = 32;
const frameHeaderBytes = 24;

export class WalPages {
  readonly #path: string;
  #file: number | undefined;
  /** Of the log as it is now: another pair means that it begins anew. */
  #salts = "";
  #pageBytes = 0;
  /** Where the first frame begins that is not counted yet. */
  #next = headerBytes;
  readonly #pages = new Set<number>();
  readonly #header = Buffer.alloc(headerBytes);

  constructor(path: string) {
    this.#path = path;
  }

  /** Frames that are in the log. */
  get frames(): number {
    return this.#pageBytes === 0 ? 0 : (this.#next - headerBytes) / (frameHeaderBytes + this.#pageBytes);
  }

  get pages(): ReadonlySet<number> {
    return this.#pages;
  }

  /** Takes note of what was committed since the last time. */
  read(): void {
    if (!this.#readHeader()) return;
    // Only whole transactions count: what was rolled back is written over.
    let pending: number[] = [];
    for (let at = this.#next; this.#readFrame(at);) {
      at += frameHeaderBytes + this.#pageBytes;
      pending.push(this.#header.readUInt32BE(0));
      if (this.#header.readUInt32BE(4) === 0) continue;
      for (const page of pending) this.#pages.add(page);
      pending = [];
      this.#next = at;
    }
  }

  /** A commit has failed: what it left in the log may be written over, and is read again from the beginning. */
  rewind(): void {
    this.#next = headerBytes;
  }

  /** What was noted so far is dealt with. */
  forget(): void {
    this.#pages.clear();
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }

  #readHeader(): boolean {
    this.#file ??= openIfThere(this.#path);
    if (this.#file === undefined) return false;
    const isThere = readSync(this.#file, this.#header, 0, headerBytes, 0) === headerBytes;
    const salts = isThere ? this.#header.toString("latin1", 16, 24) : "";
    if (salts !== this.#salts) {
      this.#salts = salts;
      this.#next = headerBytes;
    }
    if (isThere) this.#pageBytes = this.#header.readUInt32BE(8);
    return isThere;
  }

  #readFrame(at: number): boolean {
    if (this.#file === undefined) return false;
    if (readSync(this.#file, this.#header, 0, frameHeaderBytes, at) < frameHeaderBytes) return false;
    return this.#header.toString("latin1", 8, 16) === this.#salts;
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
