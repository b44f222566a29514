// What is drawn at the bottom of a terminal.

import { regionOf } from "../../../client/terminal/region.js";

const space = { columns: 21, inputRows: 5 };
const typed = (text: string, cursor = text.length) => ({ prompt: "lab> ", text, cursor });

describe("A region", () => {
  it("has the rows of others, and then the prompt and the line", () => {
    expect(regionOf(["● lab"], typed("hello", 2), space)).toEqual({
      rows: ["● lab", "lab> hello"],
      cursorRow: 1,
      cursorColumn: 7,
    });
  });

  it("breaks what is too long itself, and never within a wide character", () => {
    const { rows, cursorRow, cursorColumn } = regionOf([], typed("0123456789abcd日本"), space);
    expect(rows).toEqual(["lab> 0123456789abcd", "日本"]);
    expect({ cursorRow, cursorColumn }).toEqual({ cursorRow: 1, cursorColumn: 4 });
    expect(regionOf([], typed("0123456789abcde"), space).rows).toEqual(["lab> 0123456789abcde"]);
  });

  it("cuts the rows of others to the width", () => {
    expect(regionOf(["0123456789012345678901234"], typed(""), space).rows[0]).toBe("0123456789012345678…");
  });

  it("shows what cannot be seen, and lines apart", () => {
    const { rows } = regionOf([], typed("a\x1bb\tc\nd\u202e"), space);
    expect(rows).toEqual(["lab> a\\x1bb    c", "  d\\u202e"]);
  });

  it("shows of a long text what is around the cursor, and how much more there is", () => {
    const text = Array.from({ length: 200 }, (_, at) => `line ${at + 1}`).join("\n");
    const end = regionOf(["● lab"], typed(text), space);
    expect(end.rows).toEqual(["● lab", "↑ 197 more", "  line 198", "  line 199", "  line 200", "↓ 0 more"]);
    expect(end.cursorRow).toBe(4);
    const start = regionOf([], typed(text, 0), space);
    expect(start.rows).toEqual(["↑ 0 more", "lab> line 1", "  line 2", "  line 3", "↓ 197 more"]);
    expect(start.cursorRow).toBe(1);
  });

  it("keeps its prompt before a first line that is empty", () => {
    expect(regionOf([], typed("\nsecond"), space).rows).toEqual(["lab> ", "  second"]);
  });

  it("takes no long time for a megabyte in one line", () => {
    const { rows } = regionOf([], typed("x".repeat(1024 * 1024), 500_000), space);
    expect(rows.length).toBeLessThanOrEqual(5);
  });
});
