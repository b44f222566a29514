// Characters that have broken the comparing and showing of names.

import * as fc from "fast-check";

/** Characters that make trouble together, among any others. */
export function nastyCharacter(): fc.Arbitrary<string> {
  const pieces = [
    "a",
    "B",
    "é",
    "e\u0301",
    "ß",
    "ẞ",
    "Σ",
    "ς",
    "İ",
    "ı",
    "\u212a",
    "\u0345",
    "ᾳ",
    "ﬁ",
    "\u0307",
  ];
  const marks = [
    " ",
    ".",
    "/",
    "\\",
    ":",
    "\0",
    "\u200b",
    "\u202e",
    "\u00a0",
    "\u2025",
    "👩‍💻",
    "❤️",
    "\ufe0f",
  ];
  return fc.oneof(
    fc.constantFrom(...pieces, ...marks),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
  );
}
