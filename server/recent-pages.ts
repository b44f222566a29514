// Pages of the log lately read for members who catch up: a thousand who come back at once want the same ones. One
// bound for all rooms; past it the page that was wanted longest ago goes. What is below a room's head is the same
// whenever it is read.

import type { Page } from "./engine.js";

const maxRecentPageBytes = 8 * 1024 * 1024;

interface Kept {
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
  get(key: string, read: () => Promise<Page>): Promise<Page> {
    const kept = this.#pages.get(key) ?? this.#begin(key, read());
    this.#pages.delete(key);
    this.#pages.set(key, kept);
    return kept.page;
  }

  #begin(key: string, page: Promise<Page>): Kept {
    const kept = { page, bytes: 0 };
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
    for (const [oldest, { bytes: freed }] of this.#pages) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#pages.delete(oldest);
      this.#bytes -= freed;
    }
  }
}
