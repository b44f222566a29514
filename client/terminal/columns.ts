// Names side by side, as `ls` lists them. Pure.

import { widthOf } from "./width.js";

const gap = "  ";

/** Downwards first, in as many columns as fit. */
export function columnsOf(items: readonly string[], columns: number): string {
  const width = Math.max(1, ...items.map(widthOf)) + gap.length;
  const perRow = Math.max(1, Math.floor((columns + gap.length) / width));
  const rowCount = Math.ceil(items.length / perRow);
  const rows = Array.from({ length: rowCount }, (_, row) =>
    items
      .filter((_item, at) => at % rowCount === row)
      .map((item) => item + " ".repeat(width - widthOf(item)))
      .join("")
      .trimEnd(),
  );
  return rows.join("\n");
}
