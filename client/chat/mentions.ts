// Where somebody speaks of a person: the name as a word of its own, with or without an @ before it. Pure.

import type { Style } from "./styles.js";

/** Whether a text speaks of the one who is called so. */
export function isMentioned(text: string, name: string): boolean {
  return name !== "" && wordOf(name).test(text);
}

/** The text with every such place in a style. */
export function markMentions(text: string, name: string, style: Style): string {
  return name === "" ? text : text.replace(wordOf(name), style);
}

// Without case, as names are. A letter or digit beside it makes it another word.
function wordOf(name: string): RegExp {
  const literal = name.normalize("NFC").replace(/[$()*+./?[\\\]^{|}]/g, "\\$&");
  return new RegExp(`(?<![\\p{L}\\p{N}_])@?${literal}(?![\\p{L}\\p{N}_])`, "giu");
}
