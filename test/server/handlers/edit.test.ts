// `edit`: an entry that says what another says from now on.

import { comeBack, joinRoom, type Peer } from "../../support/peer.js";
import { startServer } from "../../support/server.js";
import { answersOf, lineOf } from "./places.js";

async function two(): Promise<{ port: number; dataFolder: string; alice: Peer; bob: Peer }> {
  const { port, dataFolder } = await startServer();
  const [alice, bob] = [await joinRoom(port, "alice"), await joinRoom(port, "bob")];
  await alice.ask({ type: "message", id: "m", text: "helo" });
  return { port, dataFolder, alice, bob };
}

const change = { type: "edit", id: "e", target: 1, text: "hello" };

describe("edit", () => {
  it("is an entry with its fields in order, to everybody, and leaves its target as it was said", async () => {
    const { alice, bob } = await two();
    const entry = await alice.ask(change);
    expect(entry).toEqual({
      ...{
        type: "edit",
        room: "lab",
        seq: 2,
        time: entry.time,
        from: "alice",
        id: "e",
        target: 1,
        text: "hello",
      },
    });
    expect(Object.keys(entry)).toEqual(["type", "room", "seq", "time", "from", "id", "target", "text"]);
    expect(await bob.next("edit")).toEqual(entry);
    expect((await answersOf(bob, { type: "history", id: "h" })).slice(1)).toMatchObject([
      { text: "helo" },
      entry,
    ]);
  });

  it.each([
    [{ target: 2 }, "no-such-entry"],
    [{ target: 0 }, "bad-message"],
    [{ target: undefined }, "bad-message"],
    [{ text: "" }, "bad-message"],
    [{ text: "x".repeat(16 * 1024 + 1) }, "bad-message"],
    [{ room: "elsewhere" }, "not-in-room"],
    [{ room: "a/b" }, "bad-name"],
    [{ with: "nobody" }, "no-such-user"],
    [{ with: "a/b" }, "bad-name"],
    [{ with: "bob" }, "no-such-entry"],
    [{ room: "lab", with: "bob" }, "bad-message"],
  ])("with %j is refused as %s, and leaves no hole", async (fields, code) => {
    const { alice } = await two();
    expect(await alice.answersTo({ ...change, ...fields })).toMatchObject([{ type: "error", code, id: "e" }]);
    expect(await alice.ask({ ...change, id: "next" })).toMatchObject({ seq: 2 });
  });

  it("is for one's own messages alone, whoever comes back by the same name", async () => {
    const { port, alice, bob } = await two();
    expect(await answersOf(bob, change)).toMatchObject([{ code: "forbidden", id: "e" }]);
    const again = await comeBack(port, alice);
    await alice.ended;
    expect(await again.ask(change)).toMatchObject({ type: "edit", seq: 2 });
    await again.ask({ type: "quit", id: "q" });
    await again.ended;
    const stranger = await joinRoom(port, "alice");
    expect(await answersOf(stranger, { ...change, id: "f" })).toMatchObject([{ code: "forbidden" }]);
  });

  it("of an edit, a reaction or a file finds no such entry", async () => {
    const { alice } = await two();
    await alice.answersTo(
      change,
      { type: "react", target: 1, emoji: "+1" },
      { type: "upload", name: "a.txt", data: "aGk=" },
      { type: "topic", text: "about" },
    );
    for (const target of [2, 3, 4, 5])
      expect(await alice.answersTo({ ...change, id: "f", target })).toMatchObject([
        { code: "no-such-entry" },
      ]);
  });

  it("takes effect in the order sent, between messages and deletions", async () => {
    const { alice } = await two();
    const answers = await alice.answersTo(
      [
        change,
        { type: "message", id: "n", text: "next" },
        { ...change, id: "f", text: "hello!" },
        { type: "delete", id: "x", target: 1 },
        { ...change, id: "late" },
        { type: "message", id: "o", text: "last" },
      ]
        .map(lineOf)
        .join(""),
    );
    const entries = answers.filter(({ seq }) => seq !== undefined);
    expect(entries.map(({ seq, id }) => [seq, id])).toEqual([
      [2, "e"],
      [3, "n"],
      [4, "f"],
      [5, "x"],
      [6, "o"],
    ]);
    expect(answers.filter(({ type }) => type === "error")).toMatchObject([
      { id: "late", code: "no-such-entry" },
    ]);
  });

  it("sent again is answered by recorded, with another text or target refused", async () => {
    const { alice, bob } = await two();
    await alice.answersTo({ type: "message", id: "n", text: "other" }, change);
    expect(await alice.answersTo(change)).toEqual([{ type: "recorded", id: "e", room: "lab", seq: 3 }]);
    for (const other of [{ text: "hallo" }, { target: 2 }])
      expect(await alice.answersTo({ ...change, ...other })).toMatchObject([{ code: "id-reused", id: "e" }]);
    await bob.answersTo();
    expect(bob.all("edit")).toHaveLength(1);
  });

  it("is of the room that is named, and of the only one when none is", async () => {
    const { alice } = await two();
    await alice.ask({ type: "join", id: "j", room: "other" });
    expect(await alice.answersTo(change)).toMatchObject([{ code: "bad-message" }]);
    expect(await alice.answersTo({ ...change, room: "other" })).toMatchObject([{ code: "no-such-entry" }]);
    expect(await alice.answersTo({ ...change, room: "LAB" })).toMatchObject([{ type: "edit", room: "lab" }]);
  });

  it("of what was said to one person goes to that person", async () => {
    const { alice, bob } = await two();
    await alice.ask({ type: "direct", id: "d", to: "bob", text: "helo" });
    const entry = await alice.ask({ ...change, with: "BOB" });
    expect(Object.keys(entry)).toEqual(["type", "seq", "time", "from", "to", "id", "target", "text"]);
    expect(await bob.next("edit")).toEqual(entry);
    expect(await answersOf(bob, { ...change, with: "alice" })).toMatchObject([{ code: "forbidden" }]);
    await bob.ask({ type: "quit", id: "q" });
    await bob.ended;
    expect(await alice.ask({ ...change, id: "f", with: "bob" })).toMatchObject({ seq: 3, to: "bob" });
    expect(await alice.answersTo({ ...change, id: "f", with: "bob" })).toEqual([
      { type: "recorded", id: "f", with: "bob", seq: 3 },
    ]);
  });
});
