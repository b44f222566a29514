// Text of others, made fit for a terminal: what could move the cursor, change colours, turn the direction of
// text or hide is shown as its code instead. Nothing that came over the wire is printed without this.

import { replaceUnseen } from "../../shared/text.js";

/** One line: line ends are shown as codes, too. For names. */
export function visibleLine(text: string): string {
  return replaceUnseen(text, codeOf);
}

/** Text that may have several lines: those after the first are told apart by a margin that no sender can leave. */
export function visibleText(text: string, margin: string): string {
  return text
    .split(/\r\n|\n/)
    .map((line) => visibleLine(line.replaceAll("\t", "    ")))
    .join(`\n${margin}`);
}

/** What was parsed from JSON as one line of it, all of which can be seen (with the escapes of RFC 8259, 7). */
export function visibleJson(value: unknown): string {
  return replaceUnseen(JSON.stringify(value), (character) =>
    Array.from({ length: character.length }, (_, at) => escaped(character.charCodeAt(at))).join(""),
  );
}

/** As in a program: \x1b, \u202e, \u{e0041}. */
function codeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? escaped(code) : `\\u{${hex}}`;
}

function escaped(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, "0")}`;
}
