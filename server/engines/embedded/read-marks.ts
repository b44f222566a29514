// How far senders have read: the embedded ReadMarks, and what the two threads do for it. Marks that are made while
// some are being written go together into the next commit, the newest of each sender and log.

import type { Name } from "../../../shared/names.js";
import { maxUnread } from "../../../shared/limits.js";
import type { ReadMark, ReadMarks } from "../../engine.js";
import type { WorkerCalls } from "./calls.js";
import { inTransaction, type Database } from "./database.js";
import type { ReaderMethods } from "./reader.js";
import type { WriterMethods } from "./writer.js";

export interface ReadMarkRow {
  readonly roomKey: string;
  readonly sender: string;
  readonly seq: number;
}

export class EmbeddedReadMarks implements ReadMarks {
  readonly #writer: WorkerCalls<WriterMethods>;
  readonly #reader: WorkerCalls<ReaderMethods>;
  #waiting = new Map<string, ReadMarkRow>();
  #writing: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(writer: WorkerCalls<WriterMethods>, reader: WorkerCalls<ReaderMethods>) {
    this.#writer = writer;
    this.#reader = reader;
  }

  mark(room: Name, sender: string, seq: number): Promise<void> {
    const key = `${sender} ${room.key}`;
    const waiting = this.#waiting.get(key)?.seq ?? 0;
    this.#waiting.set(key, { roomKey: room.key, sender, seq: Math.max(seq, waiting) });
    this.#next ??= this.#writeNext(this.#writing ?? Promise.resolve());
    return this.#next;
  }

  async find(room: Name, sender: string): Promise<ReadMark | undefined> {
    await this.flush();
    return this.#reader.call("readMark", { roomKey: room.key, sender });
  }

  /** Waits for what was marked; what could not be written is its asker's to hear. */
  async flush(): Promise<void> {
    await (this.#next ?? this.#writing)?.catch(() => undefined);
  }

  async #writeNext(before: Promise<void>): Promise<void> {
    await before.catch(() => undefined);
    const marks = [...this.#waiting.values()];
    this.#waiting = new Map();
    this.#next = undefined;
    const writing = this.#writer.call("markRead", marks);
    this.#writing = writing;
    try {
      await writing;
    } finally {
      if (this.#writing === writing) this.#writing = undefined;
    }
  }
}

/** In the writing thread. A mark in a log that nobody has spoken in means nothing, and leaves nothing. */
export function writeReadMarks(database: Database, marks: readonly ReadMarkRow[], timeMs: number): void {
  const insert = database.prepare(
    `INSERT INTO read_marks (room, sender, seq, time) SELECT id, ?, ?, ? FROM rooms WHERE key = ?
     ON CONFLICT (room, sender) DO UPDATE SET seq = max(seq, excluded.seq), time = excluded.time`,
  );
  inTransaction(database, () => {
    for (const { roomKey, sender, seq } of marks) insert.run(sender, seq, timeMs, roomKey);
  });
}

/** In the reading thread. */
export function readMarksOf(database: Database) {
  const selectMark = database.prepare(
    `SELECT r.id, m.seq FROM rooms r JOIN read_marks m ON m.room = r.id WHERE r.key = ? AND m.sender = ?`,
  );
  const countUnread = unreadIn(database);
  return ({ roomKey, sender }: { roomKey: string; sender: string }): ReadMark | undefined => {
    const mark = selectMark.get(roomKey, sender);
    if (mark === undefined) return undefined;
    const seq = Number(mark.seq);
    return { seq, unread: countUnread({ roomId: Number(mark.id), sender, seq }) };
  };
}

/** Counts what others said above a number, among a bounded number of entries. */
export function unreadIn(database: Database) {
  const count = database.prepare(
    `SELECT count(*) AS unread
     FROM (SELECT type, sender, body FROM entries WHERE room = ? AND seq > ? ORDER BY seq LIMIT ?)
     WHERE sender <> ? AND type IN ('message', 'direct', 'file') AND body NOT LIKE '%,"deleted":true}'`,
  );
  return ({ roomId, sender, seq }: { roomId: number; sender: string; seq: number }): number =>
    Number(count.get(roomId, seq, maxUnread, sender)?.unread);
}
