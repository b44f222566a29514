// Pages of the log lately read for members who catch up: a thousand who come back at once want the same ones. One
// bound for all rooms; past it the page that was wanted longest ago goes. What is below a room's head is the same
// whenever it is read, until something of it is deleted: then the room's pages are forgotten.

import type { Page } from "./engine.js";

const maxRecentPageBytes = 8 * 1024 * 1024;

/** A page of a log, by the log's epoch. */
export interface PageKey {
  readonly epoch: string;
  readonly range: string;
}

interface Kept {
  readonly epoch: string;
  readonly page: Promise<Page>;
  /** 0 while it is being read. */
  bytes: number;
}

export class RecentPages {
  readonly #maxBytes: number;
  /** Those wanted last come last. */
  readonly #pages = new Map<string, Kept>();
  #bytes = 0;

  constructor(maxBytes = maxRecentPageBytes) {
    this.#maxBytes = maxBytes;
  }

  /** The page of that key, as it was or is being read for another; else it is read. */
  get({ epoch, range }: PageKey, read: () => Promise<Page>): Promise<Page> {
    const key = `${epoch} ${range}`;
    const kept = this.#pages.get(key) ?? this.#begin(key, epoch, read());
    this.#pages.delete(key);
    this.#pages.set(key, kept);
    return kept.page;
  }

  /** Lets go of the pages of a log; who waits for one gets it. */
  forget(epoch: string): void {
    for (const [key, kept] of this.#pages) if (kept.epoch === epoch) this.#drop(key, kept);
  }

  #begin(key: string, epoch: string, page: Promise<Page>): Kept {
    const kept = { epoch, page, bytes: 0 };
    page.then(
      ({ bytes }) => {
        this.#count(key, kept, bytes.length);
      },
      () => this.#pages.delete(key),
    );
    return kept;
  }

  #count(key: string, kept: Kept, bytes: number): void {
    if (this.#pages.get(key) !== kept) return;
    kept.bytes = bytes;
    this.#bytes += bytes;
    for (const [oldest, other] of this.#pages) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#drop(oldest, other);
    }
  }

  #drop(key: string, { bytes }: Kept): void {
    this.#pages.delete(key);
    this.#bytes -= bytes;
  }
}
