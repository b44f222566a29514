// `export`: a room as the wire's own lines, for a file or another program, beside a running server or without one. What
// import.ts reads again. It reads page by page, so that it keeps nothing from being deleted for real meanwhile.
//
//   joined | history with lost, where entries are not kept | every entry | ... | live: it is complete

import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { AnswerOf } from "../../../shared/answers.js";
import type { Name } from "../../../shared/names.js";
import { encode } from "../../../shared/protocol.js";
import { nameOnce } from "./blob-copies.js";
import { openToRead } from "./data-folder.js";
import type { Database } from "./database.js";
import { exists, hasCode, syncFolder } from "./disk.js";
import { FilesOut } from "./files-out.js";
import { Pages } from "./pages.js";

export interface ExportOptions {
  readonly dataFolder: string;
  readonly room: Name;
  /** A file that is not there yet, or where the lines go at once. */
  readonly output: string | Writable;
  /** The folder that the room's blobs are copied to. */
  readonly files?: string | undefined;
  /** Told, a sentence each, of files that cannot be copied. */
  readonly tell: (sentence: string) => void;
}

/**
 * Resolves with whether everything is there: false when a file is missing or damaged that should not be.
 * @throws Error with a sentence when there is no such room, or the output is there already
 */
export async function exportRoom({ dataFolder, room, output, ...to }: ExportOptions): Promise<boolean> {
  const database = await openToRead(dataFolder);
  try {
    const joined = joinedOf(database, room);
    const files =
      to.files === undefined
        ? undefined
        : await FilesOut.open({ database, dataFolder, folder: to.files, tell: to.tell });
    const lines = withFiles(linesOf(database, room.key, joined), files);
    await (typeof output === "string" ? writeFile(lines, output) : writeOut(lines, output));
    await files?.finish();
    return files?.isWhole ?? true;
  } finally {
    database.close();
  }
}

const entriesAtOnce = 500;

function joinedOf(database: Database, room: Name): AnswerOf<"joined"> {
  const row = database
    .prepare(
      `SELECT name, epoch, topic, max(pruned, coalesce((SELECT max(seq) FROM entries WHERE room = rooms.id), 0)) AS head
       FROM rooms WHERE key = ?`,
    )
    .get(room.key);
  if (row === undefined) throw new Error(`There is no room ${room.shown}.`);
  const { name, epoch, head, topic } = row;
  const facts = { room: String(name), epoch: String(epoch), head: Number(head) };
  return { type: "joined", ...facts, memberCount: 0, topic: String(topic) };
}

/** Up to the head of when it begins: what comes meanwhile is for the next time. */
function* linesOf(database: Database, roomKey: string, joined: AnswerOf<"joined">): Iterable<Uint8Array> {
  const { room, head } = joined;
  const pages = new Pages(database);
  yield Buffer.from(encode(joined));
  for (let after = 0; after < head;) {
    const range = { after, before: head + 1, limit: entriesAtOnce };
    const page = pages.read({ roomKey, range });
    const isEmpty = page.to < page.from;
    const from = isEmpty ? head + 1 : page.from;
    if (from > after + 1) yield lostLine(room, { from: after + 1, to: from - 1 });
    if (!isEmpty) yield page.bytes;
    after = isEmpty ? head : page.to;
  }
  yield Buffer.from(encode({ type: "live", room, head }));
}

function lostLine(room: string, lost: { from: number; to: number }): Uint8Array {
  const nothing = { from: lost.to + 1, to: lost.to, count: 0, more: true };
  return Buffer.from(encode({ type: "history", room, ...nothing, lost }));
}

async function* withFiles(
  pages: Iterable<Uint8Array>,
  files: FilesOut | undefined,
): AsyncIterable<Uint8Array> {
  for (const page of pages) {
    await files?.copyAll(page);
    yield page;
  }
}

// Who reads may have read enough, as `head` has.
async function writeOut(lines: AsyncIterable<Uint8Array>, output: Writable): Promise<void> {
  try {
    await pipeline(Readable.from(lines), output, { end: false });
  } catch (error) {
    if (!hasCode(error, "EPIPE")) throw error;
  }
}

async function writeFile(lines: AsyncIterable<Uint8Array>, path: string): Promise<void> {
  const taken = () => new Error(`${path} is there already.`);
  if (await exists(path)) throw taken();
  const part = `${path}.part`;
  try {
    await rm(part, { force: true });
    await pipeline(Readable.from(lines), createWriteStream(part, { flags: "wx", mode: 0o600, flush: true }));
    if (!(await nameOnce(part, path))) throw taken();
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}
