// `direct`: what one person says to another is an entry of the log of the two, and nobody else's.

import { comeBack, joinRoom, openPeer, type Peer } from "../../support/peer.js";
import { startServer } from "../../support/server.js";
import { answersOf } from "./places.js";

async function two(): Promise<{ port: number; alice: Peer; bob: Peer }> {
  const { port } = await startServer();
  return { port, alice: await joinRoom(port, "Alice"), bob: await joinRoom(port, "Bob") };
}

const hi = { type: "direct", id: "d", to: "bob", text: "hi" };

describe("direct", () => {
  it("is one entry with its fields in order, to both sides, and to nobody else", async () => {
    const { port, alice, bob } = await two();
    const carol = await joinRoom(port, "carol");
    const entry = await alice.ask({ ...hi, id: "d1" });
    expect(entry).toEqual({
      ...{ type: "direct", seq: 1, time: entry.time, from: "Alice", to: "Bob", id: "d1", text: "hi" },
    });
    expect(Object.keys(entry)).toEqual(["type", "seq", "time", "from", "to", "id", "text"]);
    expect(await bob.next("direct")).toEqual(entry);
    const answer = await bob.ask({ type: "direct", id: "d2", to: "ALICE", text: "ho", replyTo: 1 });
    expect(answer).toMatchObject({ seq: 2, from: "Bob", to: "Alice", replyTo: 1 });
    expect(await alice.next("direct")).toEqual(answer);
    expect(await answersOf(carol, { type: "history", id: "h" })).toMatchObject([{ count: 0 }]);
    expect(carol.all("direct")).toEqual([]);
  });

  it("needs no room", async () => {
    const { port, bob } = await two();
    const homeless = await openPeer(port);
    homeless.send({ type: "connect", name: "homeless", room: null });
    expect(await homeless.ask(hi)).toMatchObject({ type: "direct", seq: 1, to: "Bob" });
    expect(await bob.next("direct")).toMatchObject({ from: "homeless" });
  });

  it.each([
    [{ to: "nobody" }, "no-such-user"],
    [{ to: "" }, "bad-name"],
    [{ to: "a/b" }, "bad-name"],
    [{ to: undefined }, "bad-message"],
    [{ to: 7 }, "bad-message"],
    [{ text: "" }, "bad-message"],
    [{ text: "x".repeat(16 * 1024 + 1) }, "bad-message"],
    [{ text: undefined }, "bad-message"],
    [{ replyTo: 1 }, "no-such-entry"],
    [{ replyTo: 0 }, "bad-message"],
  ])("with %j is refused as %s, and nothing is recorded", async (fields, code) => {
    const { alice } = await two();
    expect(await alice.answersTo({ ...hi, ...fields })).toMatchObject([{ type: "error", code, id: "d" }]);
    expect(await alice.ask({ ...hi, id: "next" })).toMatchObject({ seq: 1 });
  });

  it("is heard in the order sent, also behind messages of a room", async () => {
    const { alice, bob } = await two();
    const lines = Array.from({ length: 50 }, (_, n) => [
      { type: "message", id: `m${n}`, text: `${n}` },
      { type: "direct", id: `d${n}`, to: "bob", text: `${n}` },
    ]);
    const answers = await alice.answersTo(
      lines
        .flat()
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(""),
    );
    expect(answers.filter(({ type }) => type === "direct").map(({ id }) => id)).toEqual(
      lines.map(([, line]) => line?.id),
    );
    await bob.next(({ id }) => id === "d49");
    expect(bob.all("direct").map(({ seq }) => seq)).toEqual(lines.map((_, n) => n + 1));
  });

  it("is one log, whoever begins it and however often at once", async () => {
    const { alice, bob } = await two();
    for (let n = 0; n < 20; n++) {
      alice.send({ type: "direct", to: "bob", text: `a${n}` });
      bob.send({ type: "direct", to: "alice", text: `b${n}` });
    }
    await alice.next(({ seq }) => seq === 40);
    await bob.next(({ seq }) => seq === 40);
    expect(alice.all("direct")).toEqual(bob.all("direct"));
  });

  it("to oneself is heard once", async () => {
    const { alice } = await two();
    expect(await alice.answersTo({ ...hi, to: "alice" })).toMatchObject([
      { type: "direct", from: "Alice", to: "Alice", seq: 1 },
    ]);
  });

  it("is no room's: no room is called so, none is listed, and no presence is told of it", async () => {
    const { alice, bob } = await two();
    await alice.ask(hi);
    await bob.next("direct");
    expect(await alice.ask({ type: "rooms", id: "r" })).toMatchObject({
      rooms: [{ room: "lab" }],
      more: false,
    });
    const told = bob.all("presence").map(({ room }) => room);
    expect(told.every((room) => room === "lab")).toBe(true);
    for (const room of ["/a/b", ""]) {
      expect(await alice.ask({ type: "join", id: "j", room })).toMatchObject({ code: "bad-name" });
    }
  });

  it("sent again under its id is answered by recorded, and with another text refused", async () => {
    const { alice, bob } = await two();
    await alice.ask(hi);
    expect(await alice.answersTo(hi, { ...hi, text: "ho" })).toEqual([
      { type: "recorded", id: "d", with: "Bob", seq: 1 },
      expect.objectContaining({ type: "error", code: "id-reused", id: "d" }),
    ]);
    await bob.answersTo();
    expect(bob.all("direct")).toHaveLength(1);
    // The room is another log.
    expect(await alice.ask({ type: "message", id: "d", text: "hi" })).toMatchObject({
      type: "message",
      seq: 1,
    });
  });

  it("sent again to somebody who is gone by now was recorded all the same; anything else finds nobody", async () => {
    const { alice, bob } = await two();
    await alice.ask(hi);
    await bob.ask({ type: "quit", id: "q" });
    await bob.ended;
    expect(await alice.answersTo(hi)).toEqual([{ type: "recorded", id: "d", with: "Bob", seq: 1 }]);
    for (const other of [
      { ...hi, text: "ho", id: "e" },
      { ...hi, id: undefined },
    ])
      expect(await alice.answersTo(other)).toMatchObject([{ code: "no-such-user" }]);
    expect(await alice.answersTo({ ...hi, text: "ho" })).toMatchObject([{ code: "id-reused" }]);
  });

  it("to another person of the same name is another conversation", async () => {
    const { port, alice, bob } = await two();
    await alice.ask(hi);
    await bob.ask({ type: "quit", id: "q" });
    await bob.ended;
    const other = await joinRoom(port, "bob");
    expect(await alice.ask({ ...hi, id: "e" })).toMatchObject({ seq: 1, to: "bob" });
    expect(await other.ask({ type: "history", id: "h", with: "alice" })).toMatchObject({ count: 1 });
    expect(await other.next("direct")).toMatchObject({ text: "hi", id: "e" });
  });

  it("is given to a slow reader when it reads again: behind with the other's name, then live", async () => {
    const { alice, bob } = await two();
    bob.socket.pause();
    const [count, text] = [1500, "x".repeat(16_000)];
    for (let n = 0; n < count; n += 100) {
      const lines = Array.from({ length: 100 }, (_, k) => ({
        type: "direct",
        id: `${n + k}`,
        to: "bob",
        text,
      }));
      await alice.answersTo(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
      alice.forget();
    }
    bob.socket.resume();
    const behind = await bob.next("behind");
    expect(Object.keys(behind)).toEqual(["type", "with", "from", "to"]);
    expect(behind).toMatchObject({ with: "Alice", to: count });
    const live = await bob.next("live");
    expect(live).toEqual({ type: "live", with: "Alice", head: count });
    expect(bob.all("direct").map(({ seq }) => seq)).toEqual(Array.from({ length: count }, (_, n) => n + 1));
    await alice.ask({ ...hi, id: "last" });
    expect(await bob.next("direct")).toMatchObject({ id: "last", seq: count + 1 });
  });

  it("goes on on a newer connection of either, and the older hears no more", async () => {
    const { port, alice, bob } = await two();
    await alice.ask(hi);
    await bob.next("direct");
    const newer = await comeBack(port, bob);
    await bob.ended;
    expect(await alice.ask({ ...hi, id: "e" })).toMatchObject({ seq: 2 });
    expect(await newer.next("direct")).toMatchObject({ seq: 2, from: "Alice" });
    expect(await newer.ask({ type: "direct", id: "f", to: "alice", text: "here" })).toMatchObject({ seq: 3 });
    expect(await alice.next(({ id }) => id === "f")).toMatchObject({ from: "Bob" });
    expect(bob.all("direct")).toHaveLength(1);
    expect(await newer.ask({ type: "history", id: "h", with: "alice" })).toMatchObject({ count: 3 });
  });

  it.each([
    ["an edit", { type: "edit", target: 1, text: "ho" }],
    ["a reaction", { type: "react", target: 1, emoji: "+1" }],
    ["a deletion", { type: "delete", target: 1 }],
    ["that somebody types", { type: "typing" }],
  ])("that went before it tells a newer connection of %s too", async (_what, change) => {
    const { port, alice, bob } = await two();
    await alice.ask(hi);
    const newer = await comeBack(port, bob);
    alice.send({ ...change, with: "bob" });
    const { type } = change;
    expect(await newer.next(type)).toMatchObject({
      from: "Alice",
      ...(type !== "typing" && { to: "Bob", seq: 2 }),
    });
  });

  it("lives on after leave, and ends with quit, when all of it was given", async () => {
    const { alice, bob } = await two();
    await alice.ask(hi);
    await bob.next("direct");
    expect(await bob.ask({ type: "leave", id: "l" })).toMatchObject({ type: "left" });
    await alice.ask({ ...hi, id: "e" });
    expect(await bob.next("direct")).toMatchObject({ seq: 2 });
    bob.send(
      `${JSON.stringify({ type: "direct", id: "f", to: "alice", text: "bye" })}\n{"type":"quit","id":"q"}\n`,
    );
    expect(await bob.next(({ id }) => id === "f")).toMatchObject({ type: "direct", seq: 3 });
    expect(await bob.next("bye")).toMatchObject({ id: "q" });
    expect(await alice.next(({ id }) => id === "f")).toMatchObject({ text: "bye" });
  });

  it("is there after a restart, for who comes back with the session", async () => {
    const first = await startServer();
    const [alice, bob] = [await joinRoom(first.port, "alice"), await joinRoom(first.port, "bob")];
    const entry = await alice.ask(hi);
    await bob.next("direct");
    await first.close();
    const { port } = await startServer({ dataFolder: first.dataFolder });
    const back = await comeBack(port, bob);
    const stranger = await joinRoom(port, "alice");
    expect(await answersOf(stranger, { type: "history", id: "h", with: "bob" })).toMatchObject([
      { count: 0 },
    ]);
    expect(await answersOf(back, { type: "history", id: "h", with: "alice" })).toMatchObject([
      { type: "history", with: "alice", from: 1, to: 1, count: 1 },
      entry,
    ]);
    await stranger.ask({ type: "quit", id: "q" });
    await stranger.ended;
    expect(await answersOf(back, { type: "history", id: "h", with: "alice" })).toMatchObject([
      { type: "history", with: "alice", from: 1, to: 1, count: 1 },
      entry,
    ]);
    const again = await comeBack(port, alice);
    expect(await answersOf(again, hi)).toEqual([{ type: "recorded", id: "d", with: "bob", seq: 1 }]);
  });
});
