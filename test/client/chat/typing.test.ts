// Who is about to say something.

import { Typing } from "../../../client/chat/typing.js";

describe("Typing", () => {
  it("forgets who typed long ago where nobody looks, when somebody else types there", () => {
    let now = 0;
    const typing = new Typing(() => now);
    const den = { room: "den" };
    for (let n = 0; n < 1000; n++, now += 1_000) typing.note(den, `guest ${n}`);
    now -= 1_000;
    expect(typing.of(den)).toHaveLength(7);
  });

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
