// `topic`: what a room is about, told to who comes.

import { joinRoom } from "../../support/peer.js";
import { startServer } from "../../support/server.js";

async function topicOf(port: number, name: string): Promise<unknown> {
  return (await joinRoom(port, name)).all("joined")[0]?.topic;
}

describe("topic", () => {
  it("is an entry to everybody, and in joined from then on, also after a restart", async () => {
    const first = await startServer();
    const [alice, bob] = [await joinRoom(first.port, "alice"), await joinRoom(first.port, "bob")];
    const entry = await alice.ask({ type: "topic", id: "t", text: 'plans "for" ümläute' });
    expect(entry).toEqual({
      ...{
        type: "topic",
        room: "lab",
        seq: 1,
        time: entry.time,
        from: "alice",
        id: "t",
        text: 'plans "for" ümläute',
      },
    });
    expect(await bob.next("topic")).toEqual(entry);
    expect(await topicOf(first.port, "carol")).toBe(entry.text);
    await first.close();
    const { port } = await startServer({ dataFolder: first.dataFolder });
    expect(await topicOf(port, "dora")).toBe(entry.text);
  });

  it("is what was set last, and nothing after an empty one", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    await alice.answersTo({ type: "topic", text: "one" }, { type: "topic", text: "two" });
    expect(await topicOf(port, "bob")).toBe("two");
    await alice.answersTo({ type: "topic", text: "" });
    expect(await topicOf(port, "carol")).toBe("");
    expect((await alice.answersTo({ type: "join", id: "j", room: "lab" }))[0]).toMatchObject({ topic: "" });
  });

  it("is a room's own", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    await alice.ask({ type: "topic", id: "t", text: "of the lab" });
    expect(await alice.ask({ type: "join", id: "j", room: "other" })).toMatchObject({ topic: "" });
    expect(await alice.answersTo({ type: "topic", id: "u", text: "x" })).toMatchObject([
      { code: "bad-message" },
    ]);
    await alice.answersTo({ type: "topic", id: "u", room: "OTHER", text: "of the other" });
    expect(await topicOf(port, "bob")).toBe("of the lab");
  });

  it.each([
    [{ text: undefined }, "bad-message"],
    [{ text: "x".repeat(1025) }, "bad-message"],
    [{ text: "é".repeat(513) }, "bad-message"],
    [{ text: 5 }, "bad-message"],
    [{ room: "elsewhere" }, "not-in-room"],
  ])("with %j is refused as %s", async (fields, code) => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    expect(await alice.answersTo({ type: "topic", id: "t", text: "x", ...fields })).toMatchObject([
      { type: "error", code, id: "t" },
    ]);
    expect(await alice.ask({ type: "topic", id: "next", text: "x".repeat(1024) })).toMatchObject({ seq: 1 });
  });

  it("sent again is answered by recorded, and does not come back", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    await alice.answersTo({ type: "topic", id: "t", text: "one" }, { type: "topic", id: "u", text: "two" });
    expect(await alice.answersTo({ type: "topic", id: "t", text: "one" })).toEqual([
      { type: "recorded", id: "t", room: "lab", seq: 1 },
    ]);
    expect(await alice.answersTo({ type: "topic", id: "t", text: "three" })).toMatchObject([
      { code: "id-reused" },
    ]);
    expect(await topicOf(port, "bob")).toBe("two");
  });
});
