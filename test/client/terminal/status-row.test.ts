// The row above the input.

import { plainStyles } from "../../../client/chat/styles.js";
import { statusRow, type Status } from "../../../client/terminal/status-row.js";
import { cutToWidth } from "../../../client/terminal/width.js";

const quiet: Status = {
  isConnected: true,
  here: { room: "lab" },
  topic: "",
  memberCount: 3,
  unread: [],
  typing: [],
};
const row = (status: Partial<Status>) => statusRow({ ...quiet, ...status }, plainStyles);

describe("The status row", () => {
  it("says where one is, who is there and what it is about", () => {
    expect(row({ topic: "plots\nand more" })).toBe("● lab · 3 people · plots\\x0aand more");
    expect(row({ memberCount: 1 })).toBe("● lab · 1 person");
    expect(row({ here: { with: "bob" } })).toBe("● @bob");
    expect(row({ here: undefined })).toBe("● in no room");
  });

  it("says that there is no connection", () => {
    expect(row({ isConnected: false })).toBe("○ lab · no connection, trying again");
  });

  it("says what is new elsewhere, and where somebody speaks of us", () => {
    const unread = [
      { place: { room: "den" }, count: 12, mentionCount: 0 },
      { place: { room: "ops" }, count: 2, mentionCount: 1 },
    ];
    expect(row({ unread })).toBe("● lab · den 12 · ops 2! · 3 people");
  });

  it("says who is typing", () => {
    expect(row({ typing: ["bob"] })).toBe("● lab · bob is typing… · 3 people");
    expect(row({ typing: ["bob", "\x1beve"] })).toBe("● lab · bob and \\x1beve are typing… · 3 people");
    expect(row({ typing: ["a", "b", "c"] })).toBe("● lab · 3 are typing… · 3 people");
  });

  it("says first what matters most", () => {
    const unread = [{ place: { room: "a room with a very long name" }, count: 1, mentionCount: 0 }];
    expect(cutToWidth(row({ unread, topic: "plots", typing: ["bob"] }), 39)).toBe(
      "● lab · a room with a very … 1 · bob is…",
    );
  });
});
