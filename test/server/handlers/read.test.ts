// `read`: how far somebody has read, and what is unread beyond it.

import { comeBack, joinRoom, openPeer, type Peer } from "../../support/peer.js";
import { startServer, type TestServer } from "../../support/server.js";
import { answersOf } from "./places.js";

async function filled(): Promise<{ server: TestServer; port: number; alice: Peer; bob: Peer }> {
  const server = await startServer();
  const { port } = server;
  const [alice, bob] = [await joinRoom(port, "alice"), await joinRoom(port, "bob")];
  const lines = Array.from({ length: 10 }, (_, n) => `{"type":"message","id":"m${n}","text":"${n}"}\n`);
  await alice.answersTo(lines.join(""));
  return { server, port, alice, bob };
}

const mark = (seq: number, more: object = {}) => ({ type: "read", id: `r${seq}`, seq, ...more });

describe("read", () => {
  it("answers the mark and what others said beyond it, and never goes back", async () => {
    const { alice, bob } = await filled();
    expect(await bob.ask(mark(4))).toEqual({ type: "read", id: "r4", room: "lab", seq: 4, unread: 6 });
    expect(await bob.ask(mark(10))).toEqual({ type: "read", id: "r10", room: "lab", seq: 10, unread: 0 });
    expect(await bob.ask(mark(3))).toMatchObject({ seq: 10, unread: 0 });
    expect(await alice.ask(mark(1))).toMatchObject({ seq: 1, unread: 0 });
    await bob.answersTo();
    expect(alice.all("read")).toHaveLength(1);
  });

  it("is nobody else's to see, and no entry", async () => {
    const { alice, bob } = await filled();
    await bob.ask(mark(4));
    await alice.answersTo();
    expect(alice.all("read")).toEqual([]);
    expect(await alice.ask({ type: "message", id: "next", text: "hi" })).toMatchObject({ seq: 11 });
  });

  it("counts messages and files of others, and what came meanwhile", async () => {
    const { alice, bob } = await filled();
    await alice.answersTo(
      { type: "upload", name: "a.txt", data: "aGk=" },
      { type: "edit", target: 1, text: "x" },
      { type: "react", target: 1, emoji: "+1" },
      { type: "topic", text: "about" },
    );
    await answersOf(bob, { type: "message", text: "own" });
    expect(await bob.ask(mark(9))).toMatchObject({ seq: 9, unread: 2 });
  });

  it("sees what the same connection said before it", async () => {
    const { bob } = await filled();
    bob.send({ type: "message", id: "m", text: "hi" });
    expect(await bob.ask(mark(11))).toMatchObject({ type: "read", seq: 11 });
  });

  it.each([
    [{ seq: 11 }, "no-such-entry"],
    [{ seq: Number.MAX_SAFE_INTEGER }, "no-such-entry"],
    [{ seq: -1 }, "bad-message"],
    [{ seq: 1.5 }, "bad-message"],
    [{ seq: undefined }, "bad-message"],
    [{ room: "elsewhere" }, "not-in-room"],
    [{ with: "nobody" }, "no-such-user"],
    [{ with: "alice" }, "no-such-entry"],
    [{ room: "lab", with: "alice" }, "bad-message"],
  ])("with %j is refused as %s, and moves nothing", async (fields, code) => {
    const { bob } = await filled();
    expect(await answersOf(bob, { ...mark(5), ...fields })).toMatchObject([
      { type: "error", code, id: "r5" },
    ]);
    expect(await bob.ask(mark(0))).toMatchObject({ seq: 0, unread: 10 });
  });

  it("of an empty room is nothing", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    expect(await peer.ask(mark(0))).toEqual({ type: "read", id: "r0", room: "lab", seq: 0, unread: 0 });
    expect(await peer.ask(mark(1))).toMatchObject({ code: "no-such-entry" });
  });

  it("is in joined for who comes back with the session, and for nobody else", async () => {
    const { port, alice, bob } = await filled();
    await bob.ask(mark(4));
    await alice.answersTo({ type: "message", id: "more", text: "hi" });
    const again = await comeBack(port, bob);
    expect(again.all("joined")).toMatchObject([{ readSeq: 4, unread: 7 }]);
    await again.ask(mark(11));
    expect(await again.ask({ type: "join", id: "j", room: "lab" })).toMatchObject({ readSeq: 11, unread: 0 });
    expect(await again.ask({ type: "join", id: "k", room: "other" })).not.toHaveProperty("readSeq");
    for (const peer of [alice, bob, await joinRoom(port, "carol")])
      for (const joined of peer.all("joined")) expect(joined).not.toHaveProperty("unread");
    const unmarked = await comeBack(port, alice);
    expect(unmarked.all("joined")[0]).not.toHaveProperty("readSeq");
  });

  it("is there after a restart", async () => {
    const { server, bob } = await filled();
    await bob.ask(mark(4));
    await server.close();
    const { port } = await startServer({ dataFolder: server.dataFolder });
    const again = await comeBack(port, bob);
    expect(again.all("joined")).toMatchObject([{ head: 10, readSeq: 4, unread: 6 }]);
  });

  it("of a conversation is of that person", async () => {
    const { port, alice, bob } = await filled();
    for (const text of ["one", "two"]) await alice.answersTo({ type: "direct", to: "bob", text });
    expect(await bob.ask(mark(1, { with: "ALICE" }))).toEqual({
      ...{ type: "read", id: "r1", with: "alice", seq: 1, unread: 1 },
    });
    expect(await alice.ask(mark(2, { with: "bob" }))).toMatchObject({ with: "bob", seq: 2, unread: 0 });
    const homeless = await openPeer(port);
    homeless.send({ type: "connect", name: "homeless", room: null });
    expect(await homeless.ask(mark(0, { with: "bob" }))).toMatchObject({ with: "bob", seq: 0, unread: 0 });
    expect(await homeless.ask(mark(0))).toMatchObject({ code: "not-in-room" });
  });
});
