// How the room looks.

import {
  entryLines,
  gapLine,
  joinedLine,
  presenceLines,
  progressLine,
  transferredLine,
  sizeOf,
  type Look,
} from "../../../client/chat/render.js";

const now = new Date(2026, 10, 21, 10, 0, 3, 120);
const place: Look = { room: "lab", me: "me", now };
const head = { room: "lab", seq: 1, time: now.toISOString(), from: "alice" };
const file = { file: "c0", version: 1, mime: "image/png", sha256: "0".repeat(64) };

describe("The room as text", () => {
  it("shows a message with its local time and its sender", () => {
    expect(entryLines({ type: "message", ...head, text: "hi" }, place)).toBe("10:00:03 alice: hi");
  });

  it("says which room and which day when those are others", () => {
    const entry = { type: "message", ...head, text: "hi" } as const;
    const tomorrow = new Date(2026, 10, 22, 0, 0, 1);
    expect(entryLines(entry, { ...place, room: "den", now: tomorrow })).toBe(
      "2026-11-21 10:00:03 [lab] alice: hi",
    );
  });

  it("lets no text look like the line of somebody else", () => {
    const text = "hi\n10:00:04 bob: I resign\r10:00:05 bob: now";
    expect(entryLines({ type: "message", ...head, text }, place)).toBe(
      "10:00:03 alice: hi\n         | 10:00:04 bob: I resign\\x0d10:00:05 bob: now",
    );
  });

  it("shows a file with its size, its kind and how to get it", () => {
    const entry = { type: "file", ...head, ...file, name: "photo.png", size: 34_918 } as const;
    expect(entryLines(entry, place)).toBe(
      "10:00:03 alice shared photo.png (34.1 KiB, image/png)  download: photo.png",
    );
  });

  it("escapes names, kinds and times of a server that lies", () => {
    const entry = { type: "file", ...head, ...file, time: "x", from: "a\x1b", name: "\n", size: 1 } as const;
    expect(entryLines({ ...entry, mime: "\x07", room: "\r", version: 2 }, place)).toBe(
      "--:--:-- [\\x0d] a\\x1b shared \\x0a (1 byte, \\x07, version 2)  download: \\x0a",
    );
  });

  it("shows what changes an entry by its number", () => {
    const entry = { ...head, seq: 14, target: 12 };
    expect(
      [
        { type: "edit", ...entry, text: "two\nlines" } as const,
        { type: "edit", ...head, target: 1, deleted: true } as const,
        { type: "delete", ...entry } as const,
        { type: "react", ...entry, emoji: "\u202e", on: true } as const,
        { type: "react", ...entry, emoji: "👍", on: false } as const,
        { type: "topic", ...head, text: "a\nb" } as const,
        { type: "topic", ...head, text: "" } as const,
      ].map((changed) => entryLines(changed, place).slice(9)),
    ).toEqual([
      "alice edited #12: two\n         | lines",
      "alice edited #1: (deleted)",
      "alice deleted #12",
      "alice put \\u202e under #12",
      "alice took 👍 back from #12",
      "alice set the topic: a\n         | b",
      "alice took the topic away",
    ]);
  });

  it("shows what was deleted as that", () => {
    const deleted = { ...head, deleted: true };
    expect(entryLines({ type: "message", ...deleted }, place)).toBe("10:00:03 alice: (deleted)");
    expect(entryLines({ type: "file", ...deleted }, place)).toBe("10:00:03 alice shared a file (deleted)");
    expect(entryLines({ type: "topic", ...deleted }, place)).toBe("10:00:03 alice set the topic: (deleted)");
  });

  it("shows to whom something is said that is for one alone, and which number is answered", () => {
    const { room: _none, ...said } = head;
    const direct = { type: "direct", ...said, to: "me", text: "psst", replyTo: 3 } as const;
    expect(entryLines(direct, place)).toBe("10:00:03 alice -> you (to #3): psst");
    expect(entryLines({ ...direct, from: "me", to: "bob" }, place)).toBe("10:00:03 you -> bob (to #3): psst");
    const reaction = { type: "react", ...said, to: "me", target: 1, emoji: "👍", on: true } as const;
    expect(entryLines(reaction, place)).toBe("10:00:03 alice -> you put 👍 under #1");
  });

  it("shows an entry's number where somebody looks back", () => {
    const entry = { type: "message", ...head, text: "hi" } as const;
    expect(entryLines(entry, { ...place, room: "den" }, { isNumbered: true })).toBe(
      "10:00:03 [lab] #1 alice: hi",
    );
  });

  it("says what the server has no more, of a room and of a talk with one person", () => {
    const gap = { kind: "lost", from: 3, to: 5 } as const;
    expect(gapLine({ ...gap, room: "lab" })).toBe("* the server has entries 3 to 5 of lab no more");
    expect(gapLine({ ...gap, to: 3, with: "bob" })).toBe(
      "* the server has entry 3 of your talk with bob no more",
    );
  });

  it("tells who came and went, but not that I came", () => {
    const presence = {
      type: "presence",
      room: "lab",
      joined: ["me", "bob"],
      left: ["eve"],
      memberCount: 2,
    } as const;
    expect(
      presenceLines({ ...presence, joined: [...presence.joined], left: [...presence.left] }, place),
    ).toEqual(["* bob joined", "* eve left"]);
  });

  it("tells how many are here when the names were left out", () => {
    const presence = { type: "presence" as const, room: "lab", joined: [], left: [], memberCount: 250 };
    expect(presenceLines(presence, place)).toEqual(["* 250 people are here"]);
  });

  it("tells who is here on joining", () => {
    const joined = { type: "joined", room: "lab", epoch: "e", head: 0, topic: "" } as const;
    expect(joinedLine({ ...joined, memberCount: 2, members: ["alice", "bob"] }, "bob")).toBe(
      "* you are in lab with alice",
    );
    expect(joinedLine({ ...joined, memberCount: 1, members: ["alice"] }, "alice")).toBe(
      "* you are in lab with nobody else yet",
    );
    expect(joinedLine({ ...joined, memberCount: 1, topic: "a\nb", unread: 3 }, "alice")).toBe(
      "* you are in lab with nobody else yet; 3 unread; topic: a\\x0ab",
    );
    expect(joinedLine({ ...joined, memberCount: 300 }, "alice")).toBe("* you are in lab with 299 others");
  });

  it.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [1023, "1023 bytes"],
    [1024, "1.0 KiB"],
    [1024 ** 2 - 1, "1.0 MiB"],
    [1.5 * 1024 ** 3, "1.5 GiB"],
  ])("shows %d bytes as %s", (bytes, expected) => {
    expect(sizeOf(bytes)).toBe(expected);
  });

  it("shows how far a transfer is, how fast it goes, and how long it will take", () => {
    const progress = { direction: "upload", name: "a.iso", bytes: 512, size: 2048 } as const;
    const shown = "upload of a.iso: 25 % of 2.0 KiB";
    expect(progressLine(progress)).toBe(shown);
    const speed = (secondsLeft: number | undefined) => ({ bytesPerSecond: 2048, secondsLeft });
    expect(progressLine(progress, speed(1.5))).toBe(`${shown}, 2.0 KiB/s, 2 s left`);
    expect(progressLine(progress, speed(200))).toBe(`${shown}, 2.0 KiB/s, 3 min 20 s left`);
    expect(progressLine(progress, speed(7_500))).toBe(`${shown}, 2.0 KiB/s, 2 h 5 min left`);
    expect(progressLine({ ...progress, size: undefined }, speed(undefined))).toBe(
      "upload of a.iso: 512 bytes, 2.0 KiB/s",
    );
  });

  it("shows the beginning of the hash of what was transferred", () => {
    const file = { name: "a\x1b.png", size: 268, sha256: "1a2b3c4d5e6f".padEnd(64, "0") };
    expect(transferredLine("saved", file)).toBe("* saved a\\x1b.png (268 bytes, sha256 1a2b3c4d5e6f)");
  });
});
