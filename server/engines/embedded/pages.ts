// Pages of a room's history as finished lines. Lives in the reading thread, which reader.ts is.

import { entryLine } from "../../../shared/entry.js";
import { maxPageBytes } from "../../../shared/limits.js";
import type { Page, Range } from "../../engine.js";
import type { Database, Row, Statement } from "./database.js";
import { entryTypeOf } from "./rows.js";

interface Taken {
  readonly seq: number;
  readonly line: string;
}

export class Pages {
  readonly #selectRoom: Statement;
  readonly #selectAfter: Statement;
  readonly #selectBefore: Statement;

  constructor(database: Database) {
    const entries = "SELECT seq, time, type, body FROM entries WHERE room = ?";
    this.#selectRoom = database.prepare("SELECT id, name FROM rooms WHERE key = ?");
    this.#selectAfter = database.prepare(`${entries} AND seq > ? AND seq < ? ORDER BY seq LIMIT ?`);
    this.#selectBefore = database.prepare(`${entries} AND seq < ? ORDER BY seq DESC LIMIT ?`);
  }

  read({ roomKey, range }: { roomKey: string; range: Range }): Page {
    const { after, before = Number.MAX_SAFE_INTEGER, limit } = range;
    const room = this.#selectRoom.get(roomKey);
    const rowId = Number(room?.id ?? -1);
    const rows =
      after !== undefined
        ? this.#selectAfter.iterate(rowId, after, before, limit + 1)
        : this.#selectBefore.iterate(rowId, before, limit + 1);
    const { taken, more } = take(rows, JSON.stringify(room?.name ?? ""), range);
    if (after === undefined) taken.reverse();
    const from = taken[0]?.seq ?? placeOf(range);
    return { from, to: taken.at(-1)?.seq ?? from - 1, more, bytes: joined(taken) };
  }
}

// A page ends before a number that is not kept, so that the next begins above it and tells what is lost.
function take(rows: Iterable<Row>, roomJson: string, range: Range): { taken: Taken[]; more: boolean } {
  const maxBytes = Math.min(range.bytes ?? maxPageBytes, maxPageBytes);
  const taken: Taken[] = [];
  let bytes = 0;
  for (const row of rows) {
    const seq = Number(row.seq);
    const last = taken.at(-1);
    if (taken.length === range.limit) return { taken, more: true };
    if (last !== undefined && (bytes >= maxBytes || Math.abs(seq - last.seq) > 1))
      return { taken, more: true };
    const line = lineOf(roomJson, row);
    bytes += Buffer.byteLength(line);
    taken.push({ seq, line });
  }
  return { taken, more: false };
}

/** Where an empty page stands: a number that the wire can carry, and the one below it. */
function placeOf({ after, before }: Range): number {
  if (after !== undefined) return Math.min(after + 1, Number.MAX_SAFE_INTEGER);
  return Math.max(before ?? 1, 1);
}

function lineOf(roomJson: string, row: Row): string {
  return entryLine(roomJson, {
    type: entryTypeOf(row),
    seq: Number(row.seq),
    time: new Date(Number(row.time)).toISOString(),
    body: String(row.body),
  });
}

// Alone in its buffer, so that it goes to the main thread without a copy.
function joined(taken: readonly Taken[]): Uint8Array {
  return new TextEncoder().encode(taken.map(({ line }) => line).join(""));
}
