// Drafts as the contracts append them, and entries as they read them. Who says it is a sender and a name in one.

import type { Blob, Draft, FileDraft, RoomLog } from "../../server/engine.js";
import { bodyOf } from "../../shared/entry.js";
import { parseFileName, parseRoomName, type Name } from "../../shared/names.js";

export interface Said {
  readonly sender?: string;
  readonly id?: string;
}

/** An entry's line, read. */
export type Line = Record<string, unknown> & { readonly type: string; readonly seq: number };

export const lab = parseRoomName("lab");

export function text(words: string, { sender = "alice", id }: Said = {}): Draft {
  return { type: "message", sender, id, body: bodyOf({ from: sender, id, text: words }) };
}

export function edit(target: number, words: string, { sender = "alice", id }: Said = {}): Draft {
  return { type: "edit", sender, id, target, body: bodyOf({ from: sender, id, target, text: words }) };
}

export function erase(
  target: number,
  { sender = "alice", id, isOperator = false }: Said & { readonly isOperator?: boolean } = {},
): Draft {
  return { type: "delete", sender, id, target, isOperator, body: bodyOf({ from: sender, id, target }) };
}

export function react(target: number, emoji: string, { sender = "alice", id }: Said = {}): Draft {
  return { type: "react", sender, id, target, body: bodyOf({ from: sender, id, target, emoji, on: true }) };
}

export function topic(words: string, { sender = "alice", id }: Said = {}): Draft {
  return { type: "topic", sender, id, topic: words, body: bodyOf({ from: sender, id, text: words }) };
}

let files = 0;

/** A file whose bytes nobody needs, with an id of its own. */
export function share(shown: string, said: Said = {}): Draft {
  return shareBlob({ size: 0, sha256: "0".repeat(64) }, { shown, ...said });
}

/** A file of bytes that were uploaded, with an id of its own. */
export function shareBlob(
  { upload, size, sha256 }: Omit<Blob, "upload"> & { readonly upload?: string },
  { shown = "a.bin", sender = "alice", id }: Said & { readonly shown?: string } = {},
): Draft {
  const facts = { file: `file-${++files}`, size, mime: "text/plain", sha256 };
  const body = bodyOf({ from: sender, id, ...facts, name: shown });
  const file = { ...facts, upload, name: parseFileName(shown), author: sender };
  return { type: "file", sender, id, body, file };
}

/** What the draft of a file says of it. */
export function fileOf({ file }: Draft): FileDraft {
  if (file === undefined) throw new Error("This is no file's draft.");
  return file;
}

/** What one says to another in the conversation of the two, which is a log of its own. */
export function direct(words: string, { from, to }: { from: Name; to: Name }): Draft {
  const party = (name: Name) => ({ sender: `of ${name.key}`, name });
  const body = bodyOf({ from: from.shown, to: to.shown, text: words });
  return { type: "direct", sender: `of ${from.key}`, id: undefined, body, between: [party(from), party(to)] };
}

export function linesOf(bytes: Uint8Array): Line[] {
  const lines = Buffer.from(bytes).toString().split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Line);
}

/** All entries of a log. */
export async function allOf(log: RoomLog, room: Name = lab): Promise<Line[]> {
  return linesOf((await log.read(room, { after: 0, limit: 500 })).bytes);
}
