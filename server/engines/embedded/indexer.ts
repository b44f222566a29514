// The thread that searches, and feeds the index that it searches in. It reads the log's database and writes its own,
// search.db; it is of lower rank than all others, and nobody who records or reads waits for it. Called by search.ts
// through calls.ts.

import { setPriority } from "node:os";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { membersOf, placeOf } from "../../../shared/entry.js";
import { RoomError } from "../../../shared/errors.js";
import { maxPageBytes } from "../../../shared/limits.js";
import type { Found } from "../../engine.js";
import { serveCalls } from "./calls.js";
import { Purge } from "./checkpoints.js";
import { openForReading, resultCode, resultCodes, type Database } from "./database.js";
import { databaseFile, searchFile } from "./layout.js";
import { bytesOf, lineOf, maxSeq } from "./rows.js";
import { SearchFeed } from "./search-feed.js";
import { SearchRenewal } from "./search-renewal.js";
import { makeSearchIndex, openSearchIndex, type SearchIndex } from "./search-index.js";
import { expressionOf } from "./search-words.js";

export type IndexerMethods = ReturnType<typeof openIndexer>;

export interface SearchCall {
  readonly roomKey: string;
  readonly text: string;
  readonly from: string | undefined;
  readonly after: number;
  readonly before: number;
  readonly limit: number;
}

/** Of one transaction: few enough that a search which comes in between waits some tens of milliseconds. */
const entriesAtOnce = 2000;

/** So that entries which come one by one are not taken in one by one. */
const restMs = 100;

/** Logs that are looked at in one go. */
const roomsAtOnce = 500;

/** After a disk that is full, or another error, the next attempt comes no sooner. */
const retryMs = 1000;

/** A damaged index is made anew no more often. */
const rebuildEveryMs = 600_000;

const nothingBehind = { keys: [], last: undefined };

const niceness = 10;

function openIndexer(folder: string) {
  // On Linux this is the rank of this thread alone; elsewhere it may not be allowed, and need not.
  if (process.platform === "linux") setPriority(niceness);
  const log = openForReading(join(folder, databaseFile));
  const indexer = new Indexer(log, join(folder, searchFile));
  return {
    /** Logs that have news; without any, it looks for itself. */
    note: (roomKeys: readonly string[]) => {
      indexer.note(roomKeys);
    },
    erase: (erased: readonly { roomKey: string; targets: readonly number[] }[]) => {
      indexer.erase(erased);
    },
    /** What was found, or how many entries must still be taken in before: ask again. */
    search: (call: SearchCall) => indexer.search(call),
    close: (_argument: undefined) => {
      indexer.close();
      log.close();
    },
  };
}

class Indexer {
  readonly #log: Database;
  readonly #path: string;
  #index: SearchIndex;
  #feed: SearchFeed;
  #purge: Purge;
  #renewal: SearchRenewal;
  readonly #dirty = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  /** Whether there is more to renew. */
  #isRenewing = false;
  /** Whether there is no index, because none could be made. */
  #isGone = false;
  /** When the index was last made anew. */
  #begunMs = -Infinity;

  constructor(log: Database, path: string) {
    this.#log = log;
    this.#path = path;
    [this.#index, this.#feed, this.#purge, this.#renewal] = this.#use(openSearchIndex(path));
    this.#index.checkpoints.purge();
    this.#lookAround("");
    this.#attempt(() => {
      if (this.#index.inTransaction(() => this.#feed.dropGone())) this.#purge.isDue();
    });
  }

  note(roomKeys: readonly string[]): void {
    for (const key of roomKeys) this.#dirty.add(key);
    this.#goOn(restMs);
  }

  erase(erased: readonly { roomKey: string; targets: readonly number[] }[]): void {
    this.#attempt(() => {
      this.#index.inTransaction(() => {
        for (const { roomKey, targets } of erased)
          for (const target of targets) this.#feed.erase(roomKey, target);
      });
      this.#purge.isDue();
    });
  }

  /** @throws RoomError storage-full when the index has no room for what it lacks */
  search(call: SearchCall): Found | { behind: number } {
    try {
      return this.#mended(() => this.#search(call));
    } catch (error) {
      if (resultCode(error) !== resultCodes.full) throw error;
      throw new RoomError("storage-full", {}, { cause: error });
    }
  }

  #search({ roomKey, text, from, after, before, limit }: SearchCall): Found | { behind: number } {
    const nothing = { count: 0, more: false, bytes: bytesOf([]) };
    const room = this.#feed.room(roomKey);
    const expression = expressionOf(text, from);
    if (room === undefined || expression === undefined) return nothing;
    if (this.#feed.lag(roomKey) > 0) {
      this.#takeIn([roomKey]);
      const behind = this.#feed.lag(roomKey);
      if (behind > 0) return { behind };
    }
    const range = {
      roomId: room.roomId,
      from: Math.min(after + 1, maxSeq),
      to: Math.min(before - 1, maxSeq),
      limit,
    };
    const hits = this.#index.find(expression, range);
    return this.#linesOf(room, hits);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    if (this.#isGone) return;
    this.#attempt(() => this.#purge.now());
    this.#index.close();
  }

  /** At the start: the logs whose news an earlier process did not take in. */
  #lookAround(after: string): void {
    if (this.#isClosed) return;
    const { keys, last } = this.#attempt(() => this.#feed.behind(after, roomsAtOnce)) ?? nothingBehind;
    if (keys.length > 0) this.note(keys);
    if (last !== undefined)
      setImmediate(() => {
        this.#lookAround(last);
      });
  }

  #goOn(inMs: number): void {
    const hasWork = this.#dirty.size > 0 || this.#isRenewing;
    if (this.#isClosed || this.#timer !== undefined || !hasWork) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const count = this.#attempt(() => this.#work());
      // Whoever asks gets a turn between two of them.
      this.#goOn(count === undefined ? retryMs : count >= entriesAtOnce ? 0 : restMs);
    }, inMs);
  }

  /** Takes in what there is; when that is little, there is time to renew the index. */
  #work(): number {
    const count = this.#dirty.size === 0 ? 0 : this.#takeIn([...this.#dirty].slice(0, roomsAtOnce));
    const wasRenewing = this.#isRenewing;
    this.#isRenewing = count < entriesAtOnce && this.#renewal.step();
    // A checkpoint cuts the file.
    if (wasRenewing && !this.#isRenewing) this.#purge.isDue();
    return count;
  }

  /** Takes in entries of some logs, in one transaction. What is not done comes behind the others next time. */
  #takeIn(roomKeys: readonly string[]): number {
    const all = { count: 0, hasErased: false, pruned: 0 };
    const unfinished = new Set(roomKeys);
    try {
      this.#index.inTransaction(() => {
        for (const key of this.#feed.inOrder(roomKeys)) {
          if (all.count >= entriesAtOnce) break;
          const taken = this.#feed.take(key, entriesAtOnce - all.count);
          all.count += taken.count;
          all.hasErased ||= taken.hasErased;
          all.pruned += taken.pruned;
          if (taken.isDone) unfinished.delete(key);
        }
      });
    } finally {
      for (const key of roomKeys) this.#dirty.delete(key);
      for (const key of unfinished) this.#dirty.add(key);
    }
    if (all.hasErased || all.pruned > 0) this.#purge.isDue();
    this.#renewal.pruned(all.pruned);
    this.#index.checkpoints.tidy();
    return all.count;
  }

  /** What fails for nobody who asks is tried again later. */
  #attempt<T>(work: () => T): T | undefined {
    try {
      return this.#mended(work);
    } catch {
      return undefined;
    }
  }

  // An index that is damaged is made anew: nothing is lost but the time. When it was just made, it is the log that is
  // damaged, or the disk.
  #mended<T>(work: () => T): T {
    if (this.#isGone) this.#begin();
    try {
      return work();
    } catch (error) {
      const code = resultCode(error);
      if (code !== resultCodes.corrupt && code !== resultCodes.notADatabase) throw error;
      if (performance.now() - this.#begunMs < rebuildEveryMs) throw error;
      this.#begin();
      return work();
    }
  }

  /** @throws Error when none can be made now; it is tried again with whatever is done next */
  #begin(): void {
    const before = this.#isGone ? undefined : this.#index;
    this.#isGone = true;
    before?.close();
    [this.#index, this.#feed, this.#purge, this.#renewal] = this.#use(makeSearchIndex(this.#path));
    this.#isGone = false;
    this.#begunMs = performance.now();
    setImmediate(() => {
      this.#lookAround("");
    });
  }

  #use(index: SearchIndex): [SearchIndex, SearchFeed, Purge, SearchRenewal] {
    const { checkpoints } = index;
    return [index, new SearchFeed(this.#log, index), new Purge(checkpoints), new SearchRenewal(index)];
  }

  // An entry that went since its document was found is not there any more.
  #linesOf(room: { roomId: number; name: string }, hits: { seqs: readonly number[]; more: boolean }): Found {
    const select = this.#log.prepare("SELECT seq, time, type, body FROM entries WHERE room = ? AND seq = ?");
    const place = placeOf(room.name);
    const lines: string[] = [];
    let bytes = 0;
    for (const seq of hits.seqs) {
      if (bytes >= maxPageBytes) return { count: lines.length, more: true, bytes: bytesOf(lines) };
      const row = select.get(room.roomId, seq);
      if (row === undefined || membersOf(String(row.body)).deleted === true) continue;
      const line = lineOf(place, row);
      bytes += Buffer.byteLength(line);
      lines.push(line);
    }
    return { count: lines.length, more: hits.more, bytes: bytesOf(lines) };
  }
}

if (parentPort !== null) serveCalls(parentPort, openIndexer(String(workerData)));
