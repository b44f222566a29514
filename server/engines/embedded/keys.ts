// By what a repeat is known: the keys (room, sender, id) of the entries within the window, in memory as hashes. A hash
// is only a hint; the entry itself is asked before anything is called a repeat. Nothing is written for it when an
// entry is recorded: the newest keys are read back from the entries themselves, older ones are sealed in runs.
// Lives in the writing thread. Why so: docs/decisions/0009.
//
//   entry recorded -> tail (key-tail.ts) -> sealed after some commit -> segment (key-segments.ts) -> expired, dropped

import { hash as digest } from "node:crypto";
import type { Recorded } from "../../engine.js";
import { inTransaction, type Database, type Statement } from "./database.js";
import type { KeySegment } from "./key-group.js";
import { KeySegments } from "./key-segments.js";
import { KeyTail, type Place } from "./key-tail.js";
import { entryTypeOf } from "./rows.js";
import { unsealedEntries, unsealedRooms } from "./unsealed.js";

export interface KeyOptions {
  /** For how long the same key is a repeat. */
  readonly windowMs: number;
  /** Entries from one sealing to the next, with an id or not: as many at most are read back at the next start. */
  readonly segmentEntries: number;
}

export interface Key {
  readonly hash: number;
  readonly roomId: number;
  readonly sender: string;
  readonly id: string;
}

/** After a sealing failed, the next attempt comes no sooner. */
const retryMs = 1000;

/** Opens the window of a database and reads back what is not sealed. */
export function openKeys(database: Database, options: KeyOptions): Keys {
  const keys = new Keys(database, options);
  keys.load(Date.now());
  return keys;
}

export class Keys {
  readonly #database: Database;
  readonly #windowMs: number;
  readonly #segmentEntries: number;
  readonly #secret: string;
  readonly #selectEntry: Statement;
  readonly #moveKeyed: Statement;
  readonly #tail = new KeyTail();
  readonly #segments: KeySegments;
  /** Rooms with entries that are not sealed; perhaps some more. */
  readonly #touched = new Set<number>();
  #newestMs = 0;
  /** Entries that are not sealed, and how many of them, and of the tail's keys, are committed. */
  #unsealed = 0;
  #committed = { unsealed: 0, keys: 0 };
  #failure: { readonly error: Error; readonly atMs: number } | undefined;

  constructor(database: Database, { windowMs, segmentEntries }: KeyOptions) {
    this.#database = database;
    this.#windowMs = windowMs;
    this.#segmentEntries = segmentEntries;
    this.#secret = String(database.prepare("SELECT secret FROM key_secret").get()?.secret);
    this.#selectEntry = database.prepare(
      "SELECT time, sender, id, type, body FROM entries WHERE room = ? AND seq = ?",
    );
    this.#moveKeyed = database.prepare(
      "UPDATE rooms SET keyed = coalesce((SELECT max(seq) FROM entries WHERE room = rooms.id), pruned) WHERE id = ?",
    );
    this.#segments = new KeySegments(database);
  }

  /** Reads segments, and back from the entries what no segment has. */
  load(nowMs: number): void {
    this.#segments.load();
    this.#segments.expire(nowMs - this.#windowMs);
    inTransaction(this.#database, () => {
      this.#readBack(nowMs - this.#windowMs);
    });
    this.commit();
  }

  keyOf(roomId: number, sender: string, id: string): Key {
    // The secret keeps anybody from choosing ids that meet in one hash and make every lookup slow.
    const text = `${this.#secret}\n${roomId}\n${sender}\n${id}`;
    return { hash: Number.parseInt(digest("sha1", text, "hex").slice(0, 8), 16), roomId, sender, id };
  }

  /** What was recorded under that key within the window. Sees the transaction that is under way. */
  find(key: Key, nowMs: number): (Recorded & Place) | undefined {
    const verify = (place: Place) => this.#verified(key, place, nowMs);
    return this.#tail.find(key.hash, verify) ?? this.#segments.find(key.hash, verify);
  }

  /** An entry that is being recorded, in a room, with a key or none. It is taken back by `rollback`. */
  add({ roomId, seq }: Place, key: Key | undefined, timeMs: number): void {
    this.#touched.add(roomId);
    this.#unsealed++;
    if (key !== undefined) this.#addKey(key, { roomId, seq }, timeMs);
  }

  commit(): void {
    this.#committed = { unsealed: this.#unsealed, keys: this.#tail.count };
  }

  rollback(): void {
    this.#tail.truncate(this.#committed.keys);
    this.#unsealed = this.#committed.unsealed;
  }

  /**
   * Before a commit: bounds what is not sealed, for when sealing has failed for long.
   * @throws why it failed
   */
  makeRoom(nowMs: number): void {
    if (this.#unsealed < 2 * this.#segmentEntries) return;
    if (!this.#mustWait(nowMs)) this.#trySeal(nowMs);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Between commits: seals when it is time, and drops what has expired. Never throws: it is tried again. */
  tidy(nowMs: number): void {
    const hasExpired = this.#segments.expire(nowMs - this.#windowMs);
    if (this.#unsealed < this.#segmentEntries && !hasExpired) return;
    if (!this.#mustWait(nowMs)) this.#trySeal(nowMs);
  }

  #mustWait(nowMs: number): boolean {
    return this.#failure !== undefined && Math.abs(nowMs - this.#failure.atMs) < retryMs;
  }

  // What has expired goes in the same transaction, so that its pages are written once, with what takes their place.
  #trySeal(nowMs: number): void {
    const isDue = this.#unsealed >= this.#segmentEntries;
    try {
      const done = inTransaction(this.#database, () => {
        const dropped = this.#segments.drop();
        return { dropped, written: isDue ? this.#writeAll() : [] };
      });
      this.#segments.dropped(done.dropped);
      if (isDue) this.#sealed(done.written);
      this.#failure = undefined;
    } catch (error) {
      this.#failure = { error: error instanceof Error ? error : new Error(String(error)), atMs: nowMs };
    }
  }

  /** The tail as segments, and every room's `keyed` at its head. */
  #writeAll(): KeySegment[] {
    const written = this.#writeTail();
    for (const roomId of this.#touched) this.#moveKeyed.run(roomId);
    return written;
  }

  #writeTail(): KeySegment[] {
    const sorted = this.#tail.sorted();
    return sorted.hashes.length === 0 ? [] : [this.#segments.write(sorted, this.#newestMs)];
  }

  #sealed(written: readonly KeySegment[]): void {
    this.#segments.adopt(written);
    this.#tail.truncate(0);
    this.#newestMs = 0;
    this.#touched.clear();
    this.#unsealed = 0;
    this.commit();
  }

  // What does not fit, as after a migration, is sealed on the way; `keyed` moves when everything was read.
  #readBack(sinceMs: number): void {
    const early: KeySegment[] = [];
    for (const room of unsealedRooms(this.#database)) {
      for (const { sender, id, timeMs, ...place } of unsealedEntries(this.#database, room, sinceMs)) {
        this.#addKey(this.keyOf(room.roomId, sender, id), place, timeMs);
        if (this.#tail.count < 2 * this.#segmentEntries) continue;
        early.push(...this.#writeTail());
        this.#tail.truncate(0);
      }
      this.#touched.add(room.roomId);
      this.#unsealed += room.head - room.keyed;
    }
    if (early.length > 0) this.#sealed([...early, ...this.#writeAll()]);
  }

  #addKey(key: Key, place: Place, timeMs: number): void {
    this.#tail.add(key.hash, place);
    this.#newestMs = Math.max(this.#newestMs, timeMs);
  }

  #verified(key: Key, { roomId, seq }: Place, nowMs: number): (Recorded & Place) | undefined {
    if (roomId !== key.roomId) return undefined;
    const row = this.#selectEntry.get(roomId, seq);
    if (row?.sender !== key.sender || row.id !== key.id) return undefined;
    if (Number(row.time) <= nowMs - this.#windowMs) return undefined;
    return { roomId, seq, type: entryTypeOf(row), body: String(row.body) };
  }
}
