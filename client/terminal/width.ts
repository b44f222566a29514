// How many columns a text takes on a terminal: wide characters and emoji two, styles none. Called by whatever cuts or
// counts what is drawn.

import truncatedWidth from "fast-string-truncated-width";

/** In columns. Escape sequences take none. */
export function widthOf(text: string): number {
  return truncatedWidth(text).width;
}

/** The beginning of a text that fits, with `…` behind it when something is missing; the styles of the rest end. */
export function cutToWidth(text: string, columns: number): string {
  const { index, truncated } = truncatedWidth(text, { limit: columns, ellipsis: "…", ellipsisWidth: 1 });
  return truncated ? `${text.slice(0, index)}…${text.includes("\x1b[") ? "\x1b[0m" : ""}` : text;
}
