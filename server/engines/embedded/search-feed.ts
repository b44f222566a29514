// Brings the search index up to the log, log by log, in the order of the numbers. What it reads it reads from the log's
// database; nothing waits for it but a search. Lives in the indexing thread, which indexer.ts is.
//
//   message, direct, file, topic -> a document          edit -> a document instead of its target's and earlier edits'
//   delete -> the target's and its edits' go            what the log has pruned -> goes, a few at a time

import { membersOf } from "../../../shared/entry.js";
import type { Database, Row, Statement } from "./database.js";
import { entryTypeOf, maxSeq } from "./rows.js";
import type { Indexed, SearchIndex } from "./search-index.js";

export interface FedRoom {
  readonly roomId: number;
  readonly name: string;
  readonly head: number;
}

export interface Taken {
  /** How many entries. */
  readonly count: number;
  /** Whether the index is up to the log. */
  readonly isDone: boolean;
  /** Whether some of them delete others. */
  readonly hasErased: boolean;
  /** Documents that went, because their entries are kept no more. */
  readonly pruned: number;
}

/** Documents that are taken out at a time when a log is another than it was. */
const prunedAtOnce = 1000;

export class SearchFeed {
  readonly #index: SearchIndex;
  readonly #selectRoom: Statement;
  readonly #selectRooms: Statement;
  readonly #selectId: Statement;
  readonly #selectEntries: Statement;
  readonly #selectEdit: Statement;

  constructor(log: Database, index: SearchIndex) {
    this.#index = index;
    const room = `SELECT id, key, name, epoch, pruned,
      max(pruned, coalesce((SELECT max(seq) FROM entries WHERE room = rooms.id), 0)) AS head FROM rooms`;
    this.#selectRoom = log.prepare(`${room} WHERE key = ?`);
    this.#selectRooms = log.prepare(`${room} WHERE key > ? ORDER BY key LIMIT ?`);
    this.#selectId = log.prepare("SELECT 1 FROM rooms WHERE id = ?");
    this.#selectEntries = log.prepare(
      "SELECT seq, type, body FROM entries WHERE room = ? AND seq > ? ORDER BY seq LIMIT ?",
    );
    this.#selectEdit = log.prepare(
      `SELECT max(seq) AS seq FROM changes WHERE room = ? AND target = ? AND type = 'edit' AND seq < ?`,
    );
  }

  /** Keys of the logs behind which the index is, of so many after a key; and the last key that was looked at. */
  behind(after: string, limit: number): { keys: string[]; last: string | undefined } {
    const rows = this.#selectRooms.all(after, limit);
    const keys = rows.filter((row) => !this.#isDone(row)).map(({ key }) => String(key));
    return { keys, last: rows.length < limit ? undefined : String(rows.at(-1)?.key) };
  }

  room(roomKey: string): FedRoom | undefined {
    const row = this.#selectRoom.get(roomKey);
    return row && { roomId: Number(row.id), name: String(row.name), head: Number(row.head) };
  }

  /** Logs in the order of their documents, in which the index takes them in best. */
  inOrder(roomKeys: readonly string[]): string[] {
    const places = roomKeys.map((key) => ({ key, roomId: Number(this.#selectRoom.get(key)?.id ?? 0) }));
    return places.sort((a, b) => a.roomId - b.roomId).map(({ key }) => key);
  }

  /** Entries of a log that the index has not seen. */
  lag(roomKey: string): number {
    const row = this.#selectRoom.get(roomKey);
    if (row === undefined) return 0;
    const indexed = this.#index.indexedOf(Number(row.id));
    return Number(row.head) - (indexed !== undefined && indexed.epoch === row.epoch ? indexed.seq : 0);
  }

  /** Takes in some entries of a log. In a transaction. */
  take(roomKey: string, limit: number): Taken {
    const row = this.#selectRoom.get(roomKey);
    if (row === undefined) return { count: 0, isDone: true, hasErased: this.dropGone(), pruned: 0 };
    const roomId = Number(row.id);
    const indexed = this.#indexedOf(roomId, row);
    // What was there before belongs to another log, or is kept no more.
    const gone = this.#prune(roomId, indexed, Number(row.pruned));
    const { count: pruned } = gone;
    if (gone.more) return { count: pruned, isDone: false, hasErased: false, pruned };
    const rows = this.#selectEntries.all(roomId, indexed.seq, limit);
    for (const entry of rows) this.#takeEntry(roomId, entry);
    const seq = Math.max(Number(rows.at(-1)?.seq ?? indexed.seq), gone.pruned);
    this.#index.setIndexed(roomId, { epoch: String(row.epoch), seq, pruned: gone.pruned });
    const hasErased = rows.some(({ type }) => type === "delete");
    return { count: rows.length, isDone: rows.length < limit, hasErased, pruned };
  }

  /** Takes logs out that are not there any more; tells whether there were any. In a transaction. */
  dropGone(): boolean {
    const gone = this.#index.indexedRooms().filter((roomId) => this.#selectId.get(roomId) === undefined);
    for (const roomId of gone) this.#index.drop(roomId);
    return gone.length > 0;
  }

  /** Takes out what was deleted, and its edits. In a transaction. */
  erase(roomKey: string, target: number): void {
    const row = this.#selectRoom.get(roomKey);
    if (row !== undefined) this.#eraseTarget(Number(row.id), target, Number.MAX_SAFE_INTEGER);
  }

  #isDone(row: Row): boolean {
    const indexed = this.#index.indexedOf(Number(row.id));
    if (indexed === undefined) return Number(row.head) === 0;
    return indexed.epoch === row.epoch && indexed.seq === row.head && indexed.pruned === row.pruned;
  }

  /** Another epoch is another log under the same row, and a number above the head an older copy of this one. */
  #indexedOf(roomId: number, { epoch, head }: Row): Indexed {
    const indexed = this.#index.indexedOf(roomId);
    const fresh = { epoch: String(epoch), seq: 0, pruned: 0 };
    if (indexed === undefined) return fresh;
    if (indexed.epoch === epoch && indexed.seq <= Number(head)) return indexed;
    this.#index.setIndexed(roomId, { ...indexed, seq: 0, pruned: -1 });
    return { ...fresh, pruned: -1 };
  }

  // -1 stands for a log whose documents must all go.
  #prune(roomId: number, indexed: Indexed, pruned: number) {
    if (indexed.pruned >= pruned) return { more: false, pruned: indexed.pruned, count: 0 };
    const to = indexed.pruned < 0 ? maxSeq : Math.min(pruned, maxSeq);
    const count = this.#index.prune(roomId, { from: 0, to, limit: prunedAtOnce });
    return { more: count === prunedAtOnce, pruned: Math.max(pruned, 0), count };
  }

  #takeEntry(roomId: number, row: Row): void {
    const members = membersOf(String(row.body));
    const seq = Number(row.seq);
    const { target } = members;
    switch (entryTypeOf(row)) {
      case "edit":
        if (typeof target === "number") this.#eraseTarget(roomId, target, seq);
        this.#add(roomId, seq, members);
        break;
      case "delete":
        if (typeof target === "number") this.#eraseTarget(roomId, target, seq);
        break;
      case "react":
        break;
      default:
        this.#add(roomId, seq, members);
    }
  }

  // A file is found by its name.
  #add(roomId: number, seq: number, { text, name, from }: Record<string, unknown>): void {
    const said = text ?? name;
    if (typeof said === "string" && said !== "" && typeof from === "string")
      this.#index.add(roomId, seq, { text: said, from });
  }

  // Of an entry and its edits only the newest has a document: it took the place of the one before.
  #eraseTarget(roomId: number, target: number, before: number): void {
    const edit = this.#selectEdit.get(roomId, target, before)?.seq;
    this.#index.erase(roomId, typeof edit === "number" ? [target, edit] : [target]);
  }
}
