// `message`: text comes back as it was sent.

import { joinRoom } from "../../support/peer.js";
import { startServer } from "../../support/server.js";

const textBytes = 16 * 1024;

describe("message", () => {
  const texts: [string, string][] = [
    ["a NUL and other controls", "a\0b\u0001\u001b[31mred\u007f\u0085\r\n\t"],
    ["emoji with joiners", "👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301 é"],
    ["right to left and overrides", "שלום \u202egnp.exe\u202c مرحبا"],
    ["line separators", "a\u2028b\u2029c\ufeff\ufffd\uffff"],
    ["blanks alone", "  \t "],
    ["what looks like our own lines", '"}\n{"type":"bye"}\n{"seq":1,"text":"'],
    ["quotes and backslashes", String.raw`\"\\u0041\n\/`],
    ["__proto__", "__proto__"],
    ["markup", "<script>alert(1)</script>&amp;"],
    ["SQL", "'); DROP TABLE entries; --"],
  ];

  it.each(texts)("brings %s back exactly, live and from history", async (_what, text) => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    const bob = await joinRoom(port, "bob");
    alice.send({ type: "message", id: "m", text });
    const entry = await bob.next("message");
    expect(entry.text).toBe(text);
    bob.send({ type: "history" });
    await bob.next("history");
    expect(await bob.next("message")).toEqual(entry);
  });

  it("may reply to what was said right before it, and to nothing further up", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    const answers = await alice.answersTo(
      { type: "message", id: "m", text: "one" },
      { type: "message", id: "r", text: "two", replyTo: 1 },
      { type: "message", id: "x", text: "no", replyTo: 3 },
      { type: "message", id: "n", text: "three" },
    );
    const told = answers.map(({ id, seq, code }) => [id, code ?? seq]);
    expect(new Map(told as [string, unknown][])).toEqual(
      new Map<string, unknown>([
        ["m", 1],
        ["r", 2],
        ["x", "no-such-entry"],
        ["n", 3],
      ]),
    );
  });

  it("is not for one person: with is refused, so that nobody says to a room what is for one", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    const answers = await alice.answersTo(
      { type: "message", id: "m", with: "bob", text: "secret" },
      { type: "upload", id: "u", with: "bob", name: "secret.txt", data: "aGk=" },
      { type: "history", id: "h" },
    );
    expect(answers).toMatchObject([
      { type: "error", code: "bad-message", id: "m" },
      { type: "error", code: "bad-message", id: "u" },
      { type: "history", count: 0 },
    ]);
  });

  it("counts the bytes of a text, not its characters", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    const fits = [
      "x".repeat(textBytes),
      "é".repeat(textBytes / 2),
      "😀".repeat(textBytes / 4),
      "\0".repeat(textBytes),
    ];
    for (const [n, text] of fits.entries()) {
      expect((await peer.ask({ type: "message", id: `${n}`, text })).text).toBe(text);
    }
    for (const text of fits) {
      const answers = await peer.answersTo({ type: "message", id: "long", text: `${text}x` });
      expect(answers).toMatchObject([{ type: "error", code: "bad-message", id: "long" }]);
    }
    expect(await peer.ask({ type: "message", id: "next", text: "hi" })).toMatchObject({
      seq: fits.length + 1,
    });
  });

  it("replies to an entry that is there, and to no other", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    const reply = { type: "message", text: "yes", replyTo: 1 };
    expect(await peer.ask({ ...reply, id: "1" })).toMatchObject({ code: "no-such-entry" });
    await peer.ask({ type: "message", id: "2", text: "well?" });
    expect(await peer.ask({ ...reply, id: "3" })).toMatchObject({ seq: 2, replyTo: 1 });
    expect(await peer.ask({ ...reply, id: "4", replyTo: 3 })).toMatchObject({ code: "no-such-entry" });
  });

  it("has exactly the documented fields, in their order", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    const first = await peer.ask({ type: "message", id: "m", text: "a", room: "LAB" });
    expect(Object.keys(first)).toEqual(["type", "room", "seq", "time", "from", "id", "text"]);
    peer.send({ type: "message", text: "b" });
    expect(Object.keys(await peer.next(({ text }) => text === "b"))).not.toContain("id");
  });
});
