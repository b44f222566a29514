// What a log recorded, as bytes. An engine stores an entry's body; the line that everybody sees is a header
// and that body, spliced here and nowhere else, so that live, replayed and exported lines are the same.

import type { EntryType } from "./answers.js";

/** A body is the rest of the line as JSON: members without the opening brace, with the closing one. */
export interface RecordedEntry {
  readonly type: EntryType;
  readonly seq: number;
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string;
  readonly body: string;
}

/**
 * The lines of a run of entries without holes: from, from+1, ... to. Empty when `to` is `from - 1`.
 * The bytes are shared by everybody who gets them and never changed.
 */
export interface EntryLines {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}

/** One entry's line, its line feed included. `roomJson` is the room's shown name as a JSON string. */
export function entryLine(roomJson: string, entry: RecordedEntry): string {
  return `{"type":"${entry.type}","room":${roomJson},"seq":${entry.seq},"time":"${entry.time}",${entry.body}\n`;
}

/** The body of an object: its JSON without the opening brace. The object must have a member. */
export function bodyOf(members: Record<string, unknown>): string {
  return JSON.stringify(members).slice(1);
}
