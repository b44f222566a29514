// The thread that reads: pages of history as finished lines, and lists. It never writes and never holds a read
// transaction between calls. Called by log.ts and catalog.ts through calls.ts.

import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import type { FileItem } from "../../../shared/answers.js";
import { entryLine } from "../../../shared/entry.js";
import { maxPageBytes } from "../../../shared/limits.js";
import type { Page, Range } from "../../engine.js";
import { serveCalls } from "./calls.js";
import { databaseFile, openForReading, type Row } from "./database.js";

export type ReaderMethods = ReturnType<typeof openReader>;

function openReader(folder: string) {
  const database = openForReading(join(folder, databaseFile));
  const columns = "seq, time, type, body";
  const selectRoom = database.prepare("SELECT id, name FROM rooms WHERE key = ?");
  const selectAfter = database.prepare(
    `SELECT ${columns} FROM entries WHERE room = ? AND seq > ? ORDER BY seq LIMIT ?`,
  );
  const selectBefore = database.prepare(
    `SELECT ${columns} FROM entries WHERE room = ? AND seq < ? ORDER BY seq DESC LIMIT ?`,
  );
  const selectRooms = database.prepare("SELECT key, name FROM rooms WHERE key > ? ORDER BY key LIMIT ?");
  const fileColumns = `f.seq, e.time, f.author, f.file, f.name, f.version, f.size, f.mime, f.sha256
    FROM files f JOIN entries e ON e.room = f.room AND e.seq = f.seq`;
  const selectFiles = database.prepare(
    `SELECT ${fileColumns} WHERE f.room = ? AND f.seq < ? ORDER BY f.seq DESC LIMIT ?`,
  );
  const selectFileById = database.prepare(`SELECT ${fileColumns} WHERE f.room = ? AND f.file = ?`);
  const selectFileByName = database.prepare(
    `SELECT ${fileColumns} WHERE f.room = ? AND f.key = ? ORDER BY f.version DESC LIMIT 1`,
  );
  const selectFileByVersion = database.prepare(
    `SELECT ${fileColumns} WHERE f.room = ? AND f.key = ? AND f.version = ?`,
  );

  const rowIdOf = (roomKey: string) => Number(selectRoom.get(roomKey)?.id ?? -1);

  return {
    close(_argument: undefined): void {
      database.close();
    },

    page({ roomKey, range }: { roomKey: string; range: Range }): Page {
      const room = selectRoom.get(roomKey);
      const rowId = Number(room?.id ?? -1);
      const roomJson = JSON.stringify(room?.name ?? "");
      const isForward = range.after !== undefined;
      const rows = isForward
        ? selectAfter.iterate(rowId, range.after, range.limit + 1)
        : selectBefore.iterate(rowId, range.before ?? Number.MAX_SAFE_INTEGER, range.limit + 1);
      const { taken, more } = takePage(rows, roomJson, range.limit);
      if (!isForward) taken.reverse();
      const from = taken[0]?.seq ?? placeOf(range);
      return { from, to: taken.at(-1)?.seq ?? from - 1, more, bytes: joined(taken.map(({ line }) => line)) };
    },

    rooms({ after, limit }: { after: string; limit: number }): { key: string; shown: string }[] {
      return selectRooms.all(after, limit).map((row) => ({ key: String(row.key), shown: String(row.name) }));
    },

    files({
      roomKey,
      after,
      limit,
    }: {
      roomKey: string;
      after: number | undefined;
      limit: number;
    }): FileItem[] {
      return selectFiles.all(rowIdOf(roomKey), after ?? Number.MAX_SAFE_INTEGER, limit).map(fileItem);
    },

    fileById({ roomKey, file }: { roomKey: string; file: string }): FileItem | undefined {
      return optional(selectFileById.get(rowIdOf(roomKey), file));
    },

    fileByName({ roomKey, key, version }: { roomKey: string; key: string; version: number | undefined }) {
      const rowId = rowIdOf(roomKey);
      if (version === undefined) return optional(selectFileByName.get(rowId, key));
      return optional(selectFileByVersion.get(rowId, key, version));
    },
  };
}

function takePage(rows: Iterable<Row>, roomJson: string, limit: number) {
  const taken: { seq: number; line: string }[] = [];
  let bytes = 0;
  for (const row of rows) {
    if (taken.length === limit || bytes >= maxPageBytes) return { taken, more: true };
    const line = lineOf(roomJson, row);
    bytes += Buffer.byteLength(line);
    taken.push({ seq: Number(row.seq), line });
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
    type: row.type === "file" ? "file" : "message",
    seq: Number(row.seq),
    time: new Date(Number(row.time)).toISOString(),
    body: String(row.body),
  });
}

// Alone in its buffer, so that it goes to the main thread without a copy.
function joined(lines: readonly string[]): Uint8Array {
  return new TextEncoder().encode(lines.join(""));
}

function optional(row: Row | undefined): FileItem | undefined {
  return row && fileItem(row);
}

function fileItem(row: Row): FileItem {
  return {
    seq: Number(row.seq),
    time: new Date(Number(row.time)).toISOString(),
    from: String(row.author),
    file: String(row.file),
    name: String(row.name),
    version: Number(row.version),
    size: Number(row.size),
    mime: String(row.mime),
    sha256: String(row.sha256),
  };
}

if (parentPort !== null) serveCalls(parentPort, openReader(String(workerData)));
