// A long text as several messages.

import fc from "fast-check";
import { partsOf } from "../../../client/chat/text-parts.js";

describe("partsOf", () => {
  it("leaves what fits, and a line that is too long by itself", () => {
    expect(partsOf("one\ntwo", 7)).toEqual(["one\ntwo"]);
    expect(partsOf("much too long", 4)).toEqual(["much too long"]);
  });

  it("cuts at line ends, in bytes", () => {
    expect(partsOf("äöü\nabc\nd", 7)).toEqual(["äöü", "abc\nd"]);
  });

  it("loses nothing", () => {
    const lines = fc.array(
      fc.string({ maxLength: 20 }).filter((line) => line.trim() !== "" && !line.includes("\n")),
      {
        minLength: 1,
        maxLength: 30,
      },
    );
    fc.assert(
      fc.property(lines, (given) => {
        expect(partsOf(given.join("\n"), 100).join("\n")).toBe(given.join("\n"));
      }),
    );
  });

  it("refuses a book", () => {
    expect(() => partsOf("a\n".repeat(40), 3)).toThrow("save it as a file");
  });
});
