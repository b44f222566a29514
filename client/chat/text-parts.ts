// A pasted text that is more than a message takes, as several messages: cut at the ends of lines, which nobody misses.
// Pure.

import { utf8Bytes } from "../../shared/text.js";
import { ClientError } from "../failures.js";

/** What is longer is better shared as a file. */
const maxParts = 16;

/**
 * The text in parts of at most so many bytes, in order; a line alone that is longer stays as it is, and is refused by
 * whoever says it.
 * @throws ClientError bad-input when it takes too many
 */
export function partsOf(text: string, maxBytes: number): string[] {
  if (utf8Bytes(text) <= maxBytes || !text.includes("\n")) return [text];
  const parts: string[] = [];
  let part = "";
  for (const line of text.split("\n")) {
    const longer = part === "" ? line : `${part}\n${line}`;
    if (part === "" || utf8Bytes(longer) <= maxBytes) part = longer;
    else {
      parts.push(part);
      part = line;
    }
  }
  parts.push(part);
  const said = parts.filter((each) => each.trim() !== "");
  if (said.length <= maxParts) return said;
  throw new ClientError("bad-input", "That is more than a talk takes; save it as a file and share that.");
}
