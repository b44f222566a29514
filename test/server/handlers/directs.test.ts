// `directs`: whom somebody speaks with, and what is unread of it.

import { comeBack, joinRoom } from "../../support/peer.js";
import { startServer } from "../../support/server.js";
import { answersOf } from "./places.js";

describe("directs", () => {
  it("lists one's conversations by the other's name, with what is unread", async () => {
    const { port } = await startServer();
    const [alice, bob, carol] = [
      await joinRoom(port, "alice"),
      await joinRoom(port, "Bob"),
      await joinRoom(port, "carol"),
    ];
    expect(await alice.ask({ type: "directs", id: "l" })).toEqual({
      ...{ type: "directs", id: "l", directs: [], more: false },
    });
    await answersOf(carol, { type: "direct", to: "alice", text: "one" });
    await answersOf(
      bob,
      { type: "direct", to: "alice", text: "one" },
      { type: "direct", to: "alice", text: "two" },
    );
    await alice.answersTo({ type: "direct", to: "bob", text: "three" });
    await alice.ask({ type: "read", id: "r", with: "bob", seq: 1 });
    expect(await alice.ask({ type: "directs", id: "l2" })).toMatchObject({
      directs: [
        { with: "Bob", head: 3, readSeq: 1, unread: 1 },
        { with: "carol", head: 1, readSeq: 0, unread: 1 },
      ],
      more: false,
    });
    expect(await carol.ask({ type: "directs", id: "l3" })).toMatchObject({
      directs: [{ with: "alice", head: 1, readSeq: 0, unread: 0 }],
    });
    // Also for one who is here again, and before anybody else is.
    await bob.ask({ type: "quit", id: "q" });
    const again = await comeBack(port, alice);
    expect(await again.ask({ type: "directs", id: "l4" })).toMatchObject({
      directs: [{ with: "Bob" }, { with: "carol" }],
    });
  });

  it("gives them a page at a time", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    const names = ["b1", "b2", "b3"];
    for (const name of names)
      await (await joinRoom(port, name)).answersTo({ type: "direct", to: "alice", text: "hi" });
    const page = async (fields: object) => {
      const { directs, more } = await alice.ask({ type: "directs", id: "l", ...fields });
      return [(directs as { with: string }[]).map((item) => item.with), more];
    };
    expect(await page({ limit: 2 })).toEqual([["b1", "b2"], true]);
    expect(await page({ limit: 2, after: "B2" })).toEqual([["b3"], false]);
    expect(await page({ limit: 3 })).toEqual([names, false]);
    expect(await page({ after: "zoe" })).toEqual([[], false]);
  });

  it.each([
    [{ after: "a/b" }, "bad-name"],
    [{ after: 1 }, "bad-message"],
    [{ limit: 0 }, "bad-message"],
  ])("with %j is refused as %s", async (fields, code) => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    expect(await answersOf(peer, { type: "directs", id: "l", ...fields })).toMatchObject([{ code, id: "l" }]);
  });

  it("sees what the same connection said before it", async () => {
    const { port } = await startServer();
    const [alice] = [await joinRoom(port, "alice"), await joinRoom(port, "bob")];
    const answers = await alice.answersTo(
      { type: "direct", to: "bob", text: "hi" },
      { type: "directs", id: "l" },
    );
    expect(answers).toMatchObject([{ type: "direct" }, { directs: [{ with: "bob", head: 1 }] }]);
  });
});
