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

/** One entry's line, its line feed included. `place` is what `placeOf` makes of the name of its log. */
export function entryLine(place: string, entry: RecordedEntry): string {
  return `{"type":"${entry.type}",${place}"seq":${entry.seq},"time":"${entry.time}",${entry.body}\n`;
}

/** What the lines of a log say of where they are: a conversation of two has no room, and its log no name. */
export function placeOf(shownName: string): string {
  return shownName === "" ? "" : `"room":${JSON.stringify(shownName)},`;
}

/** The body of an object: its JSON without the opening brace. The object must have a member. */
export function bodyOf(members: Record<string, unknown>): string {
  return JSON.stringify(members).slice(1);
}

/** The object of a body. */
export function membersOf(body: string): Record<string, unknown> {
  return JSON.parse(`{${body}`) as Record<string, unknown>;
}

/** What is left of a body when its entry is deleted: who said it, under which id, and of an edit of what. */
export function deletedBody(body: string): string {
  const { from, to, id, target } = membersOf(body);
  return bodyOf({ from, to, id, target, deleted: true });
}

/** What the server adds to a request of any type, so that it may differ between an entry and its repeat. */
const given = new Set(["from", "to", "file", "mime", "version"]);

/**
 * Whether a body says the same as one of its type which was recorded. Both are objects as `bodyOf` makes them; a
 * member that only one has makes them differ. What was deleted cannot be compared any more, and counts as the same.
 */
export function isRepeat(recorded: string, body: string): boolean {
  return membersOf(recorded).deleted === true || saidBy(recorded) === saidBy(body);
}

function saidBy(body: string): string {
  const said = Object.entries(membersOf(body)).filter(([name]) => !given.has(name));
  return JSON.stringify(said.sort(([a], [b]) => (a < b ? -1 : 1)));
}
