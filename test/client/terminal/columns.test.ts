// Names side by side.

import { columnsOf } from "../../../client/terminal/columns.js";

describe("columnsOf", () => {
  it("lists downwards, in as many columns as fit", () => {
    const names = ["alice", "bob", "carol", "dave", "eve"];
    expect(columnsOf(names, 80)).toBe("alice  bob    carol  dave   eve");
    expect(columnsOf(names, 14)).toBe("alice  dave\nbob    eve\ncarol");
    expect(columnsOf(names, 3)).toBe(names.join("\n"));
  });

  it("counts what is wide as wide", () => {
    expect(columnsOf(["日本", "a", "b"], 11)).toBe("日本  b\na");
  });

  it("lists nothing as nothing", () => {
    expect(columnsOf([], 80)).toBe("");
  });
});
