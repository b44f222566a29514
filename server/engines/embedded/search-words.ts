// What a text is to the search index, and what a query asks of it: pure. The index itself is search-index.ts.
//
//   red "big car" bike*   ->   {text} : ("red" AND "big car" AND "bike" *)
//
// https://www.sqlite.org/fts5.html#full_text_query_syntax; whatever is typed ends up in quotes, so that nothing of
// it is syntax.

import { hash } from "node:crypto";
import { minPrefixLetters } from "../../../shared/limits.js";
import { nameKey } from "../../../shared/names.js";
import { countCharacters } from "../../../shared/text.js";

/** Scripts that put no blanks between words: there each character counts as a word, and a word as a phrase. */
const unspaced = /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Mymr}]/gu;

// eslint-disable-next-line no-control-regex -- whatever is not ASCII is looked at more closely
const ascii = /^[\u0000-\u007f]*$/;

/** The text that is indexed: without NUL, at which SQLite would take it to end, and letters of one form. */
export function wordsOf(text: string): string {
  const words = text.includes("\0") ? text.replaceAll("\0", " ") : text;
  return ascii.test(words) ? words : words.normalize("NFKC").replace(unspaced, " $& ");
}

/** The one word that stands for a person's name in the index. */
export function authorWord(name: string): string {
  return `u${hash("sha256", nameKey(name), "hex").slice(0, 32)}`;
}

/** The expression for a query; undefined when it has nothing to look for. */
export function expressionOf(query: string, from: string | undefined): string | undefined {
  const terms: string[] = [];
  // A control character would end the expression.
  for (const [, phrase, word = ""] of query.replace(/\p{Cc}/gu, " ").matchAll(/"([^"]*)"?|([^\s"]+)/g)) {
    const beginning = phrase === undefined && word.endsWith("*") ? word.slice(0, -1) : undefined;
    // A short one would be looked up among nearly all words of all logs.
    const isPrefix = beginning !== undefined && countCharacters(beginning) >= minPrefixLetters;
    const text = wordsOf(phrase ?? beginning ?? word);
    if (/[\p{L}\p{N}\p{Co}]/u.test(text)) terms.push(`"${text.trim()}"${isPrefix ? " *" : ""}`);
  }
  if (terms.length === 0) return undefined;
  const author = from === undefined ? "" : `{author} : "${authorWord(from)}" AND `;
  return `${author}{text} : (${[...new Set(terms)].join(" AND ")})`;
}
