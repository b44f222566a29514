// What is drawn at the bottom of a terminal: rows of others, then the prompt and the line that is being typed, broken
// into rows by us, so that no terminal's own way of breaking can tear it. Of a long text the part around the cursor is
// drawn. Pure.

import { visibleLine } from "../chat/visible.js";
import { cutToWidth, widthOf } from "./width.js";

export interface Typed {
  readonly prompt: string;
  readonly text: string;
  /** In UTF-16 units. */
  readonly cursor: number;
}

export interface Region {
  readonly rows: readonly string[];
  /** Where the cursor is, from 0. */
  readonly cursorRow: number;
  readonly cursorColumn: number;
}

export interface Space {
  readonly columns: number;
  /** Rows that what is typed may take. */
  readonly inputRows: number;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** What comes after a line end stands apart from what is broken. */
const indent = "  ";

export function regionOf(above: readonly string[], typed: Typed, space: Space): Region {
  // The last column stays free: a terminal may go to the next row when something is in it.
  const columns = Math.max(2, space.columns - 1);
  const cut = above.map((row) => cutToWidth(row, columns));
  const input = inputOf(typed, { columns, inputRows: Math.max(1, space.inputRows) });
  return { ...input, rows: [...cut, ...input.rows], cursorRow: cut.length + input.cursorRow };
}

function inputOf({ prompt, text, cursor }: Typed, { columns, inputRows }: Space): Region {
  const { from, to } = near(text, cursor, { columns, inputRows });
  const rows = new Rows(columns, from === 0 ? cutToWidth(prompt, columns - 1) : indent);
  let at = from;
  let isPlaced = false;
  for (const { segment } of segmenter.segment(text.slice(from, to))) {
    if (!isPlaced && at >= cursor) isPlaced = rows.placeCursor();
    if (segment === "\n" || segment === "\r\n") rows.breakLine();
    else rows.add(segment === "\t" ? "    " : visibleLine(segment));
    at += segment.length;
  }
  if (!isPlaced) rows.placeCursor();
  const { lines, cursorRow, cursorColumn } = rows;
  if (lines.length <= inputRows && from === 0 && to === text.length) {
    return { rows: lines, cursorRow, cursorColumn };
  }
  return windowOf({ rows: lines, cursorRow, cursorColumn }, inputRows, {
    above: linesIn(text.slice(0, from)),
    below: linesIn(text.slice(to)),
  });
}

/** The part of a text that can be on the screen together with the cursor. */
function near(text: string, cursor: number, { columns, inputRows }: Space): { from: number; to: number } {
  const units = 4 * columns * (inputRows + 1);
  let from = cursor;
  let to = cursor;
  for (let line = 0; line <= inputRows && from > 0; line++) from = lineStart(text, from - 1);
  for (let line = 0; line <= inputRows && to < text.length; line++) {
    const end = text.indexOf("\n", to + 1);
    to = end === -1 ? text.length : end;
  }
  if (cursor - from > units) from = edge(text, cursor - units);
  if (to - cursor > units) to = edge(text, cursor + units);
  return { from, to };
}

function lineStart(text: string, at: number): number {
  return at <= 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1;
}

// Never between the two halves of a character.
function edge(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at;
}

/** As many rows as there is room for, the cursor's among them, and what is not shown at either end. */
function windowOf(region: Region, inputRows: number, hidden: { above: number; below: number }): Region {
  const { rows, cursorRow } = region;
  const shown = Math.max(1, inputRows - 2);
  const first = Math.max(0, Math.min(cursorRow - Math.floor(shown / 2), rows.length - shown));
  const [above, below] = [hidden.above + first, hidden.below + Math.max(0, rows.length - first - shown)];
  const window = rows.slice(first, first + shown);
  if (inputRows < 3) return { ...region, rows: window, cursorRow: cursorRow - first };
  const marks = [above, below].map((count, at) => `${at === 0 ? "↑" : "↓"} ${count} more`);
  return {
    ...region,
    rows: [marks[0] ?? "", ...window, marks[1] ?? ""],
    cursorRow: cursorRow - first + 1,
  };
}

function linesIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}

/** Rows that fill up. */
class Rows {
  readonly lines: string[];
  cursorRow = 0;
  cursorColumn = 0;
  readonly #columns: number;
  #width: number;

  constructor(columns: number, first: string) {
    this.#columns = columns;
    this.lines = [first];
    this.#width = widthOf(first);
  }

  add(shown: string): void {
    const width = widthOf(shown);
    if (this.#width + width > this.#columns) this.#begin("");
    this.lines.push((this.lines.pop() ?? "") + shown);
    this.#width += width;
  }

  breakLine(): void {
    this.#begin(indent);
  }

  placeCursor(): true {
    this.cursorRow = this.lines.length - 1;
    this.cursorColumn = this.#width;
    return true;
  }

  #begin(row: string): void {
    this.lines.push(row);
    this.#width = row.length;
  }
}
