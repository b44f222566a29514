// Pages of a room's history as finished lines. Lives in the reading thread, which reader.ts is.

import { placeOf } from "../../../shared/entry.js";
import { maxPageBytes, maxPageChanges } from "../../../shared/limits.js";
import type { Lines, Page, Range } from "../../engine.js";
import type { Database, Row, Statement } from "./database.js";
import { bytesOf, lineOf } from "./rows.js";

interface Taken {
  readonly seq: number;
  readonly line: string;
}

export class Pages {
  readonly #selectRoom: Statement;
  readonly #selectAfter: Statement;
  readonly #selectBefore: Statement;
  readonly #selectChanges: Statement;

  constructor(database: Database) {
    const entries = "SELECT seq, time, type, body FROM entries WHERE room = ?";
    this.#selectRoom = database.prepare("SELECT id, name FROM rooms WHERE key = ?");
    this.#selectAfter = database.prepare(`${entries} AND seq > ? AND seq < ? ORDER BY seq LIMIT ?`);
    this.#selectBefore = database.prepare(`${entries} AND seq < ? ORDER BY seq DESC LIMIT ?`);
    this.#selectChanges = database.prepare(
      `SELECT e.seq, e.time, e.type, e.body FROM entries e WHERE e.room = ?1 AND e.seq IN (
         SELECT seq FROM changes WHERE room = ?1 AND target BETWEEN ?2 AND ?3 AND seq > ?3
         ORDER BY seq DESC LIMIT ?4)
       ORDER BY e.seq DESC`,
    );
  }

  read({ roomKey, range }: { roomKey: string; range: Range }): Page {
    const { after, before = Number.MAX_SAFE_INTEGER, limit } = range;
    const room = this.#selectRoom.get(roomKey);
    const rowId = Number(room?.id ?? -1);
    const rows =
      after !== undefined
        ? this.#selectAfter.iterate(rowId, after, before, limit + 1)
        : this.#selectBefore.iterate(rowId, before, limit + 1);
    const place = placeOf(room === undefined ? "" : String(room.name));
    const { taken, more } = take(rows, place, range);
    if (after === undefined) taken.reverse();
    const from = taken[0]?.seq ?? edgeOf(range);
    const to = taken.at(-1)?.seq ?? from - 1;
    const page = { from, to, more, bytes: bytesOf(taken.map(({ line }) => line)) };
    return range.changes === true ? { ...page, changes: this.#changesOf(rowId, place, page) } : page;
  }

  /** What is above a page and changes an entry of it. */
  #changesOf(rowId: number, place: string, { from, to }: { from: number; to: number }): Lines {
    const lines: string[] = [];
    let bytes = 0;
    for (const row of this.#selectChanges.iterate(rowId, from, to, maxPageChanges)) {
      if (bytes >= maxPageBytes) break;
      const line = lineOf(place, row);
      bytes += Buffer.byteLength(line);
      lines.push(line);
    }
    return { count: lines.length, bytes: bytesOf(lines.reverse()) };
  }
}

// A page ends before a number that is not kept, so that the next begins above it and tells what is lost.
function take(rows: Iterable<Row>, place: string, range: Range): { taken: Taken[]; more: boolean } {
  const maxBytes = Math.min(range.bytes ?? maxPageBytes, maxPageBytes);
  const taken: Taken[] = [];
  let bytes = 0;
  for (const row of rows) {
    const seq = Number(row.seq);
    const last = taken.at(-1);
    if (taken.length === range.limit) return { taken, more: true };
    if (last !== undefined && (bytes >= maxBytes || Math.abs(seq - last.seq) > 1))
      return { taken, more: true };
    const line = lineOf(place, row);
    bytes += Buffer.byteLength(line);
    taken.push({ seq, line });
  }
  return { taken, more: false };
}

/** Where an empty page stands: a number that the wire can carry, and the one below it. */
function edgeOf({ after, before }: Range): number {
  if (after !== undefined) return Math.min(after + 1, Number.MAX_SAFE_INTEGER);
  return Math.max(before ?? 1, 1);
}
