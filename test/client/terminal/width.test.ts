// How wide texts are on a terminal.

import { cutToWidth, widthOf } from "../../../client/terminal/width.js";

describe("widthOf", () => {
  it.each([
    ["abc", 3],
    ["é", 1],
    ["e\u0301", 1],
    ["日本", 4],
    ["👍", 2],
    ["👨‍👩‍👧", 2],
    ["🇩🇪", 2],
    ["\x1b[31mred\x1b[39m", 3],
    ["", 0],
  ])("%j is %d columns wide", (text, columns) => {
    expect(widthOf(text)).toBe(columns);
  });
});

describe("cutToWidth", () => {
  it("leaves what fits", () => {
    expect(cutToWidth("日本", 4)).toBe("日本");
  });

  it("ends what does not fit with a mark, never in the middle of a character", () => {
    expect(cutToWidth("日本語", 5)).toBe("日本…");
    expect(cutToWidth("日本語", 4)).toBe("日…");
    expect(cutToWidth("👨‍👩‍👧👨‍👩‍👧", 3)).toBe("👨‍👩‍👧…");
  });

  it("ends the styles of what it cuts", () => {
    expect(cutToWidth("\x1b[31mred\x1b[39m", 2)).toBe("\x1b[31mr…\x1b[0m");
  });
});
