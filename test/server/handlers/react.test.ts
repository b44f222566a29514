// `react`: something under an entry, and taken back again.

import { joinRoom, type Peer } from "../../support/peer.js";
import { startServer } from "../../support/server.js";
import { answersOf } from "./places.js";

async function two(): Promise<{ alice: Peer; bob: Peer }> {
  const { port } = await startServer();
  const [alice, bob] = [await joinRoom(port, "alice"), await joinRoom(port, "bob")];
  await alice.ask({ type: "message", id: "m", text: "hi" });
  return { alice, bob };
}

const like = { type: "react", id: "r", target: 1, emoji: "👍" };

describe("react", () => {
  it("is an entry with its fields in order, to everybody, on unless it is said to be off", async () => {
    const { alice, bob } = await two();
    const entry = await bob.ask(like);
    expect(entry).toEqual({
      ...{
        type: "react",
        room: "lab",
        seq: 2,
        time: entry.time,
        from: "bob",
        id: "r",
        target: 1,
        emoji: "👍",
        on: true,
      },
    });
    expect(Object.keys(entry)).toEqual([
      "type",
      "room",
      "seq",
      "time",
      "from",
      "id",
      "target",
      "emoji",
      "on",
    ]);
    expect(await alice.next("react")).toEqual(entry);
    expect(await bob.ask({ ...like, id: "s", on: false })).toMatchObject({ seq: 3, on: false });
    expect(await alice.next(({ id }) => id === "s")).toMatchObject({ from: "bob", on: false });
  });

  it.each(["👩‍👩‍👧‍👦", "🏳️‍🌈", "❤️", "👍🏽", "🇩🇪", "1️⃣", "+1", "ok", "ありがとう", "x".repeat(64)])(
    "takes %s",
    async (emoji) => {
      const { bob } = await two();
      expect(await bob.ask({ ...like, emoji })).toMatchObject({ type: "react", emoji });
    },
  );

  it.each([
    [{ target: 2 }, "no-such-entry"],
    [{ target: undefined }, "bad-message"],
    [{ emoji: undefined }, "bad-message"],
    [{ emoji: "" }, "bad-message"],
    [{ emoji: " " }, "bad-message"],
    [{ emoji: "a b" }, "bad-message"],
    [{ emoji: "a\nb" }, "bad-message"],
    [{ emoji: "\u0000" }, "bad-message"],
    [{ emoji: "\u001b[31m" }, "bad-message"],
    [{ emoji: "\u202egpj" }, "bad-message"],
    [{ emoji: "x".repeat(65) }, "bad-message"],
    [{ emoji: "👍".repeat(17) }, "bad-message"],
    [{ on: "yes" }, "bad-message"],
    [{ room: "elsewhere" }, "not-in-room"],
    [{ with: "nobody" }, "no-such-user"],
    [{ with: "alice" }, "no-such-entry"],
    [{ room: "lab", with: "alice" }, "bad-message"],
  ])("with %j is refused as %s, and leaves no hole", async (fields, code) => {
    const { bob } = await two();
    expect(await answersOf(bob, { ...like, ...fields })).toMatchObject([{ type: "error", code, id: "r" }]);
    expect(await bob.ask({ ...like, id: "next" })).toMatchObject({ seq: 2 });
  });

  it("is to messages, directs and files, and to nothing else", async () => {
    const { alice, bob } = await two();
    await alice.answersTo(
      { type: "upload", name: "a.txt", data: "aGk=" },
      { type: "topic", text: "about" },
      { type: "edit", target: 1, text: "ho" },
      { type: "direct", to: "bob", text: "hi" },
    );
    await answersOf(bob, { ...like, id: "2", target: 2 });
    for (const target of [3, 4, 5])
      expect(await answersOf(bob, { ...like, target })).toMatchObject([{ code: "no-such-entry" }]);
    const entry = await bob.ask({ ...like, id: "d", with: "alice" });
    expect(Object.keys(entry)).toEqual(["type", "seq", "time", "from", "to", "id", "target", "emoji", "on"]);
    expect(await alice.next(({ id }) => id === "d")).toEqual(entry);
  });

  it("sent again is answered by recorded, and the other way round refused", async () => {
    const { bob } = await two();
    await bob.ask(like);
    expect(await answersOf(bob, like, { ...like, on: true }, { ...like, on: false })).toMatchObject([
      { type: "recorded", id: "r", room: "lab", seq: 2 },
      { type: "recorded", id: "r", room: "lab", seq: 2 },
      { type: "error", code: "id-reused", id: "r" },
    ]);
  });
});
