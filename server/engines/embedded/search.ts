// The main thread's side of the search: tells the indexing thread which logs have news, and asks it. Called by log.ts.

import { setTimeout as sleep } from "node:timers/promises";
import { RoomError } from "../../../shared/errors.js";
import type { Name } from "../../../shared/names.js";
import type { Found, SearchQuery } from "../../engine.js";
import type { WorkerCalls } from "./calls.js";
import type { IndexerMethods } from "./indexer.js";

/** How often the indexing thread is told of news: it takes them in together. */
const tellEveryMs = 50;

/** How long a search waits for the index to have come so far. */
const patienceMs = 10_000;

export class Search {
  readonly #indexer: WorkerCalls<IndexerMethods>;
  /** Keys of logs with news that were not told yet. */
  readonly #news = new Set<string>();
  readonly #erased = new Map<string, number[]>();
  #timer: NodeJS.Timeout | undefined;

  constructor(indexer: WorkerCalls<IndexerMethods>) {
    this.#indexer = indexer;
  }

  /** A log has news. */
  note(roomKey: string): void {
    this.#news.add(roomKey);
    this.#timer ??= setTimeout(() => {
      this.#tell();
    }, tellEveryMs);
  }

  /** An entry was deleted. */
  erase(roomKey: string, target: number): void {
    const targets = this.#erased.get(roomKey) ?? [];
    targets.push(target);
    this.#erased.set(roomKey, targets);
    this.note(roomKey);
  }

  /** @throws RoomError too-many while the index is far behind */
  async find(room: Name, query: SearchQuery): Promise<Found> {
    const { text, from, after = 0, before = Number.MAX_SAFE_INTEGER, limit } = query;
    const call = { roomKey: room.key, text, from: from?.shown, after, before, limit };
    this.#tell();
    const endMs = performance.now() + patienceMs;
    for (;;) {
      const found = await this.#indexer.call("search", call);
      if (!("behind" in found)) return found;
      if (performance.now() > endMs) {
        const message = `The search index has ${found.behind} entries of this room to go.`;
        throw new RoomError("too-many", { message, retryAfterMs: patienceMs });
      }
      // Behind what else waits for that thread.
      await sleep(1);
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#tell();
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const erased = Array.from(this.#erased, ([roomKey, targets]) => ({ roomKey, targets }));
    this.#erased.clear();
    const news = [...this.#news];
    this.#news.clear();
    // A thread that ends, ends the engine; nobody else waits for this.
    if (erased.length > 0) this.#indexer.call("erase", erased).catch(() => undefined);
    if (news.length > 0) this.#indexer.call("note", news).catch(() => undefined);
  }
}
