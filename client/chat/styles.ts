// What is told apart by colour on a terminal, by its meaning. What a style gets is safe to show already (visible.ts);
// what it gives has SGR sequences (ECMA-48, 8.3.117) in it, and none when the terminal has no colours.

import { nameKey } from "../../shared/names.js";

export type Style = (text: string) => string;

export interface Styles {
  /** What matters least: times, numbers, marks. */
  readonly dim: Style;
  readonly bold: Style;
  /** A person's name, always in the same colour. */
  readonly person: (name: string, text?: string) => string;
  /** One's own name. */
  readonly own: Style;
  /** Where somebody speaks of the one who looks. */
  readonly mention: Style;
  /** What went wrong. */
  readonly fault: Style;
  /** What waits, or may go wrong. */
  readonly warning: Style;
  /** What is as it should be. */
  readonly good: Style;
}

/** @param depth bits of colour that the terminal has: 1 for none, 4, 8 or 24 */
export function stylesFor(depth: number): Styles {
  if (depth < 4) return plainStyles;
  const colours = depth < 8 ? colours16 : colours256;
  return {
    dim: (text) => `\x1b[2m${text}\x1b[22m`,
    bold: (text) => `\x1b[1m${text}\x1b[22m`,
    person: (name, text = name) =>
      `\x1b[${colours[hashOf(nameKey(name)) % colours.length] ?? ""}m${text}\x1b[39m`,
    own: (text) => `\x1b[1m${text}\x1b[22m`,
    mention: (text) => `\x1b[1;33m${text}\x1b[22;39m`,
    fault: (text) => `\x1b[31m${text}\x1b[39m`,
    warning: (text) => `\x1b[33m${text}\x1b[39m`,
    good: (text) => `\x1b[32m${text}\x1b[39m`,
  };
}

const same = (text: string): string => text;

export const plainStyles: Styles = {
  dim: same,
  bold: same,
  person: (name, text = name) => text,
  own: same,
  mention: same,
  fault: same,
  warning: same,
  good: same,
};

// Neither red, which is for what goes wrong, nor what cannot be read on black or on white.
const colours16 = ["32", "34", "35", "36", "92", "94", "95", "96"];
const colours256 = [
  28, 31, 32, 35, 37, 61, 62, 63, 65, 66, 67, 68, 71, 72, 96, 97, 98, 99, 101, 103, 130, 132, 133, 134, 136,
  137, 139, 166, 168, 169, 170, 172,
].map((colour) => `38;5;${colour}`);

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
