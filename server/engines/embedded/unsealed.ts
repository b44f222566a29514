// Reads back, when the database is opened, the entries whose keys no segment has. Called by keys.ts.

import type { Database } from "./database.js";
import type { Place } from "./key-tail.js";

export interface UnsealedRoom {
  readonly roomId: number;
  /** Its keys are sealed up to this number. */
  readonly keyed: number;
  readonly head: number;
}

export interface KeyedEntry extends Place {
  readonly sender: string;
  readonly id: string;
  readonly timeMs: number;
}

/** Read at a time, so that no statement is open while something is sealed. */
const entriesAtOnce = 4096;

/** Rooms with entries above their `keyed`. */
export function unsealedRooms(database: Database): UnsealedRoom[] {
  const rooms = database.prepare(
    `SELECT id, keyed, (SELECT max(seq) FROM entries WHERE room = rooms.id) AS head FROM rooms
     WHERE EXISTS (SELECT 1 FROM entries WHERE room = rooms.id AND seq > keyed)`,
  );
  return rooms
    .all()
    .map(({ id, keyed, head }) => ({ roomId: Number(id), keyed: Number(keyed), head: Number(head) }));
}

/** A room's entries with an id that are newer than a moment, not sealed, lowest first. */
export function* unsealedEntries(
  database: Database,
  { roomId, keyed }: UnsealedRoom,
  sinceMs: number,
): Iterable<KeyedEntry> {
  const entries = database.prepare(
    `SELECT seq, time, sender, id FROM entries
     WHERE room = ? AND seq > ? AND id IS NOT NULL AND time > ? ORDER BY seq LIMIT ?`,
  );
  for (let after = keyed, isMore = true; isMore;) {
    const rows = entries.all(roomId, after, sinceMs, entriesAtOnce);
    for (const { seq, time, sender, id } of rows) {
      after = Number(seq);
      yield { roomId, seq: after, timeMs: Number(time), sender: String(sender), id: String(id) };
    }
    isMore = rows.length === entriesAtOnce;
  }
}
