// Who is about to say something.

import { Typing } from "../../../client/chat/typing.js";

describe("Typing", () => {
  it("knows who types where, until they have said it or stop", () => {
    let now = 0;
    const typing = new Typing(() => now);
    const lab = { room: "lab" };
    typing.note(lab, "bob");
    now = 4_000;
    typing.note(lab, "carol");
    expect(typing.of({ room: "LAB" })).toEqual(["bob", "carol"]);
    expect(typing.of({ with: "lab" })).toEqual([]);
    now = 6_001;
    expect(typing.of(lab)).toEqual(["carol"]);
    typing.end(lab, "carol");
    expect(typing.of(lab)).toEqual([]);
  });
});
