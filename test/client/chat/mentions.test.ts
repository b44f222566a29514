// Where somebody speaks of a person.

import { isMentioned, markMentions } from "../../../client/chat/mentions.js";

describe("A mention", () => {
  it.each([
    ["alice, look", "alice"],
    ["look, Alice!", "alice"],
    ["@alice look", "alice"],
    ["ask guest-4f2a", "guest-4f2a"],
    ["(a.b*c)", "a.b*c"],
    ["наташа: да", "Наташа"],
    ["ask the builder bob, please", "the builder bob"],
  ])("is in %j of %s", (text, name) => {
    expect(isMentioned(text, name)).toBe(true);
  });

  it.each([
    ["malice", "alice"],
    ["alice2", "alice"],
    ["alice_x", "alice"],
    ["axbxc", "a.b*c"],
    ["наташами", "наташа"],
    ["anything", ""],
  ])("is not in %j of %j", (text, name) => {
    expect(isMentioned(text, name)).toBe(false);
  });

  it("is marked wherever it is, and nothing else is", () => {
    expect(markMentions("Alice saw malice; @alice left", "alice", (text) => `[${text}]`)).toBe(
      "[Alice] saw malice; [@alice] left",
    );
  });
});
