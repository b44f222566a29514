// HOSTILE N2 and N3 on the screen: no text of others reaches the terminal as anything but text.

import fc from "fast-check";
import { visibleJson, visibleLine, visibleText } from "../../../client/chat/visible.js";

describe("visibleLine", () => {
  it.each([
    ["hello, wörld – привет 你好", "hello, wörld – привет 你好"],
    ["👨‍👩‍👧 ❤️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👨‍👩‍👧 ❤️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿"],
    ["\x1b[2J\x1b]0;pwned\x07", "\\x1b[2J\\x1b]0;pwned\\x07"],
    ["\x9b31m", "\\x9b31m"],
    ["a\0b\x7f", "a\\x00b\\x7f"],
    ["a\rb\nc\td", "a\\x0db\\x0ac\\x09d"],
    ["exe\u202egpj", "exe\\u202egpj"],
    ["zero\u200bwidth\u200djoiner", "zero\\u200bwidth\\u200djoiner"],
    ["line\u2028end", "line\\u2028end"],
    ["tag \u{e0041}", "tag \\u{e0041}"],
    ["half \ud83d", "half \\ud83d"],
  ])("shows %j as %j", (given, expected) => {
    expect(visibleLine(given)).toBe(expected);
  });

  it("leaves no control character in any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(visibleLine(text)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
});

describe("visibleJson", () => {
  it("escapes what cannot be seen, half by half", () => {
    const given = { text: "\x9b31m\x7f\u202e\u3164\u{e0041}\n❤️" };
    const expected = '{"text":"\\u009b31m\\u007f\\u202e\\u3164\\udb40\\udc41\\n❤️"}';
    expect(visibleJson(given)).toBe(expected);
  });

  it("stays the same value, and leaves nothing raw", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
        const json = visibleJson(value);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(json).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
});

describe("visibleText", () => {
  it("puts a margin before every line but the first", () => {
    expect(visibleText("one\n\ttwo\r\nthree\rx", " | ")).toBe("one\n |     two\n | three\\x0dx");
  });
});
