// Every log of the database, entry by entry: numbers without holes, bodies that are what they should be, and whether
// what is kept beside the entries (files, changes, the topic) agrees with them. Called by check.ts.
//
// Each step reads as of one moment, so that what a running server does between two of them is no fault.

import { membersOf } from "../../../shared/entry.js";
import type { Findings } from "./check.js";
import { CheckEntry, type EntryRow } from "./check-entry.js";
import type { Database, Row, Statement } from "./database.js";

/** Looked at in one step: few enough that nothing waits for the moment that is read. */
const entriesAtOnce = 2000;
const roomsAtOnce = 500;

/** A log while it is looked at. */
interface Walk {
  readonly roomId: number;
  /** How faults name it. */
  readonly name: string;
  /** Looked at up to this number. */
  last: number;
}

export class CheckLog {
  readonly #database: Database;
  readonly #findings: Findings;
  readonly #entry: CheckEntry;
  readonly #selectRoom: Statement;
  readonly #selectEntries: Statement;
  readonly #selectFiles: Statement;
  readonly #selectChanges: Statement;
  readonly #selectEntry: Statement;

  constructor(database: Database, findings: Findings) {
    this.#database = database;
    this.#findings = findings;
    this.#entry = new CheckEntry(database);
    this.#selectRoom = database.prepare("SELECT name, pruned, topic, topic_seq FROM rooms WHERE id = ?");
    this.#selectEntries = database.prepare(
      "SELECT seq, time, type, sender, body FROM entries WHERE room = ? AND seq > ? ORDER BY seq LIMIT ?",
    );
    this.#selectFiles = database.prepare("SELECT seq FROM files WHERE room = ? AND seq > ? AND seq <= ?");
    this.#selectChanges = database.prepare(
      `SELECT c.target, c.seq, e.type, e.body FROM changes c
       LEFT JOIN entries e ON e.room = c.room AND e.seq = c.seq
       WHERE c.room = ? AND c.target > ? AND c.target <= ?`,
    );
    this.#selectEntry = database.prepare("SELECT type, body FROM entries WHERE room = ? AND seq = ?");
  }

  checkAll(): void {
    const select = this.#database.prepare("SELECT id, name FROM rooms WHERE id > ? ORDER BY id LIMIT ?");
    for (let after = 0, isMore = true; isMore;) {
      const rows = select.all(after, roomsAtOnce);
      for (const row of rows) {
        after = Number(row.id);
        this.#checkRoom(row);
      }
      isMore = rows.length === roomsAtOnce;
    }
    const { withoutFile } = this.#entry;
    if (withoutFile > 0) {
      this.#findings.note(`note: ${withoutFile} of the imported files came without their bytes`);
    }
  }

  #checkRoom({ id, name: shown }: Row): void {
    const isRoom = shown !== "";
    const name = isRoom ? `room ${String(shown)}` : `conversation ${String(id)}`;
    const walk: Walk = { roomId: Number(id), name, last: 0 };
    for (let isMore = true; isMore;) {
      // So that all of a step is of one moment.
      this.#database.exec("BEGIN");
      try {
        isMore = this.#step(walk);
      } finally {
        this.#database.exec("COMMIT");
      }
    }
    if (isRoom) this.#findings.seen.rooms++;
    else this.#findings.seen.conversations++;
  }

  /** Looks at some entries; returns whether there are more. */
  #step(walk: Walk): boolean {
    const room = this.#selectRoom.get(walk.roomId);
    // A conversation that has ended meanwhile.
    if (room === undefined) return false;
    const pruned = Number(room.pruned);
    const rows = this.#selectEntries.all(walk.roomId, walk.last, entriesAtOnce);
    const isMore = rows.length === entriesAtOnce;
    const from = Math.max(walk.last, pruned);
    for (const row of rows) this.#checkRow(walk, row, pruned);
    // Rows beside the entries that are looked at; behind the last entry there must be none.
    const to = isMore ? walk.last : Number.MAX_SAFE_INTEGER;
    this.#checkFiles(walk, { from, to });
    this.#checkChanges(walk, { from, to, pruned });
    if (!isMore) this.#checkTopic(walk, room);
    return isMore;
  }

  #checkRow(walk: Walk, row: Row, pruned: number): void {
    const seq = Number(row.seq);
    const wanted = Math.max(walk.last, pruned) + 1;
    if (seq > wanted) this.#fault(walk, missing(wanted, seq - 1));
    if (seq <= pruned) this.#fault(walk, `has number ${seq}, which is not kept any more`);
    walk.last = seq;
    this.#findings.seen.entries++;
    const entry: EntryRow = { ...row, roomId: walk.roomId, seq, pruned };
    for (const fault of this.#entry.faultsOf(entry)) this.#fault(walk, `number ${seq} ${fault}`);
  }

  /** Every file above what is kept belongs to an entry. */
  #checkFiles(walk: Walk, { from, to }: { from: number; to: number }): void {
    for (const row of this.#selectFiles.all(walk.roomId, from, to)) {
      const seq = Number(row.seq);
      const entry = this.#selectEntry.get(walk.roomId, seq);
      if (entry === undefined) this.#fault(walk, `has a file of number ${seq}, which is not there`);
      else if (entry.type !== "file") this.#fault(walk, `has a file of number ${seq}, which is none`);
    }
  }

  /** Every change is of an entry that says so, and of a target that is there. */
  #checkChanges(walk: Walk, { from, to, pruned }: { from: number; to: number; pruned: number }): void {
    const start = from === pruned ? 0 : from;
    for (const { target, seq, type, body } of this.#selectChanges.all(walk.roomId, start, to)) {
      const change = `has a change of number ${String(target)} by number ${String(seq)}`;
      if (!["edit", "delete", "react"].includes(String(type))) this.#fault(walk, `${change}, which is none`);
      else if (!saysTarget(String(body), target)) this.#fault(walk, `${change}, which changes another`);
      else if (this.#selectEntry.get(walk.roomId, Number(target)) === undefined) {
        this.#fault(walk, `${change}, of which the first is not there`);
      }
    }
  }

  #checkTopic(walk: Walk, { topic, topic_seq: topicSeq, pruned }: Row): void {
    const seq = Number(topicSeq);
    if (seq <= Number(pruned)) return;
    const entry = this.#selectEntry.get(walk.roomId, seq);
    const isIt = entry?.type === "topic" && parse(String(entry.body))?.text === topic;
    if (!isIt) this.#fault(walk, `has a topic that number ${seq} does not say`);
  }

  #fault({ name }: Walk, line: string): void {
    this.#findings.fault(`${name}: ${line}`);
  }
}

function missing(from: number, to: number): string {
  return from === to ? `number ${from} is missing` : `numbers ${from} to ${to} are missing`;
}

// A deleted edit does not say any more what it has changed.
function saysTarget(body: string, target: unknown): boolean {
  const said = parse(body);
  return said === undefined || said.deleted === true || said.target === target;
}

function parse(body: string): Record<string, unknown> | undefined {
  try {
    return membersOf(body);
  } catch {
    return undefined;
  }
}
