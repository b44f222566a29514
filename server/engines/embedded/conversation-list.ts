// Conversations of two out of the database: whose they are, and how far each has read them. Lives in the reading
// thread, which reader.ts is.

import type { DirectItem } from "../../../shared/answers.js";
import type { Conversation } from "../../engine.js";
import type { Database, Statement } from "./database.js";
import { unreadIn } from "./read-marks.js";

export interface SilentConversation {
  readonly roomKey: string;
  /** Its highest number. */
  readonly to: number;
  /** The two, whose names make the log's key. */
  readonly senders: readonly string[];
}

export class ConversationList {
  readonly #selectOne: Statement;
  readonly #selectPage: Statement;
  readonly #selectSilent: Statement;
  readonly #countUnread: ReturnType<typeof unreadIn>;

  constructor(database: Database) {
    this.#selectOne = database.prepare(
      `SELECT r.key AS log, c.key, c.name, c.other FROM conversations c JOIN rooms r ON r.id = c.room
       WHERE c.sender = ? AND c.key = ?`,
    );
    this.#selectPage = database.prepare(
      `SELECT c.name, c.room, m.seq,
         max(r.pruned, coalesce((SELECT max(seq) FROM entries WHERE room = r.id), 0)) AS head
       FROM conversations c JOIN rooms r ON r.id = c.room
       LEFT JOIN read_marks m ON m.room = c.room AND m.sender = c.sender
       WHERE c.sender = ? AND c.key > ? ORDER BY c.key LIMIT ?`,
    );
    this.#selectSilent = database.prepare(
      `SELECT r.key AS log, coalesce((SELECT max(seq) FROM entries WHERE room = r.id), 0) AS head
       FROM rooms r WHERE r.name = '' AND r.key > ? AND r.key < '0'
         AND coalesce((SELECT time FROM entries WHERE room = r.id ORDER BY seq DESC LIMIT 1), 0) < ?
       ORDER BY r.key LIMIT ?`,
    );
    this.#countUnread = unreadIn(database);
  }

  one({ sender, key }: { sender: string; key: string }): Conversation | undefined {
    const row = this.#selectOne.get(sender, key);
    if (row === undefined) return undefined;
    const name = { key: String(row.key), shown: String(row.name) };
    return { log: { key: String(row.log), shown: "" }, other: { sender: String(row.other), name } };
  }

  /** Conversations in which nothing was said since a time, in the order of their keys, after one. */
  silent({ after, sinceMs, limit }: { after: string; sinceMs: number; limit: number }): SilentConversation[] {
    return this.#selectSilent.all(after, sinceMs, limit).map(({ log, head }) => {
      const [, ...senders] = String(log).split("/");
      return { roomKey: String(log), to: Number(head), senders };
    });
  }

  page({ sender, after, limit }: { sender: string; after: string; limit: number }): DirectItem[] {
    return this.#selectPage.all(sender, after, limit).map((row) => {
      const readSeq = Number(row.seq ?? 0);
      const unread = this.#countUnread({ roomId: Number(row.room), sender, seq: readSeq });
      return { with: String(row.name), head: Number(row.head), readSeq, unread };
    });
  }
}
