// Counting bytes and characters as the limits of the wire mean them.

import * as fc from "fast-check";
import { countCharacters, utf8Bytes } from "../../shared/text.js";

describe("utf8Bytes", () => {
  it.each([
    ["", 0],
    ["a", 1],
    ["\u007f\u0080", 3],
    ["\u07ff\u0800", 5],
    ["\uffff", 3],
    ["👍", 4],
    ["\u{10ffff}a", 5],
  ])("counts %j as %i", (text, bytes) => {
    expect(utf8Bytes(text)).toBe(bytes);
  });

  it("counts what an encoder writes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(utf8Bytes(text)).toBe(new TextEncoder().encode(text).length);
      }),
    );
  });
});

describe("countCharacters", () => {
  it("counts code points", () => {
    expect(countCharacters("a👍é\u0301")).toBe(4);
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", minLength: 1, maxLength: 1 })), (characters) => {
        expect(countCharacters(characters.join(""))).toBe(characters.length);
      }),
    );
  });
});
