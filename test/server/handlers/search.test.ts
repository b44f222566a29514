// `search`: entries by their words: a header, then as many lines as it counts.

import { joinRoom, type Peer } from "../../support/peer.js";
import { startServer } from "../../support/server.js";
import { answersOf, lineOf } from "./places.js";

async function two(): Promise<{ port: number; alice: Peer; bob: Peer }> {
  const { port } = await startServer();
  return { port, alice: await joinRoom(port, "alice"), bob: await joinRoom(port, "bob") };
}

/** The header of a search, and the numbers of the entries behind it. */
async function search(peer: Peer, query: string, more: object = {}) {
  const [header, ...entries] = await answersOf(peer, { type: "search", id: "s", query, ...more });
  return { header, seqs: entries.map(({ seq }) => seq) };
}

describe("search", () => {
  it("gives a header and the entries as they were said, the newest first", async () => {
    const { alice, bob } = await two();
    const said = [];
    for (const text of ["red apple", "green pear", "green apple"])
      said.push(await alice.ask({ type: "message", id: text, text }));
    const [header, ...entries] = await answersOf(bob, { type: "search", id: "s", query: "APPLE" });
    expect(header).toEqual({ type: "results", id: "s", room: "lab", count: 2, more: false });
    expect(entries).toEqual([said[2], said[0]]);
    expect(await search(bob, "zebra")).toEqual({
      header: { type: "results", id: "s", room: "lab", count: 0, more: false },
      seqs: [],
    });
  });

  it("finds what a member has seen, and what the same connection said before, at once", async () => {
    const { alice, bob } = await two();
    for (let n = 1; n <= 100; n++) {
      alice.send({ type: "message", id: `m${n}`, text: `needle${n}` });
      await bob.next(({ seq }) => seq === n);
      expect((await search(bob, `needle${n}`)).seqs).toEqual([n]);
    }
    const requests = [
      { type: "message", id: "last", text: "straw" },
      { type: "search", id: "s", query: "straw" },
    ];
    const answers = await alice.answersTo(requests.map(lineOf).join(""));
    expect(answers.slice(-2)).toMatchObject([{ type: "results", count: 1 }, { id: "last" }]);
  });

  it("bounds by numbers, by person and by limit", async () => {
    const { alice, bob } = await two();
    for (let n = 0; n < 5; n++) {
      await alice.answersTo({ type: "message", text: "apple" });
      await answersOf(bob, { type: "message", text: "apple" });
    }
    expect(await search(bob, "apple", { limit: 3 })).toMatchObject({
      header: { count: 3, more: true },
      seqs: [10, 9, 8],
    });
    expect((await search(bob, "apple", { after: 3, before: 6 })).seqs).toEqual([5, 4]);
    expect((await search(bob, "apple", { from: "ALICE" })).seqs).toEqual([9, 7, 5, 3, 1]);
    expect((await search(bob, "apple", { from: "nobody" })).seqs).toEqual([]);
    expect((await search(bob, "apple", { from: "bob", before: 9, limit: 1 })).seqs).toEqual([8]);
  });

  it("gives no more than historyCount, whatever is asked", async () => {
    const { port } = await startServer({ limits: { historyCount: 5 } });
    const peer = await joinRoom(port, "peer");
    for (let n = 0; n < 9; n++) await answersOf(peer, { type: "message", text: "apple" });
    expect(await search(peer, "apple", { limit: 1_000_000 })).toMatchObject({
      header: { count: 5, more: true },
      seqs: [9, 8, 7, 6, 5],
    });
  });

  it("finds the newest text of an edited message, and nothing that was deleted", async () => {
    const { alice, bob } = await two();
    await alice.answersTo({ type: "message", text: "apple" }, { type: "edit", target: 1, text: "pear" });
    expect((await search(bob, "apple")).seqs).toEqual([]);
    expect((await search(bob, "pear")).seqs).toEqual([2]);
    await alice.answersTo({ type: "delete", target: 1 });
    expect((await search(bob, "pear")).seqs).toEqual([]);
  });

  it.each([
    [{ query: "" }, "bad-message"],
    [{ query: undefined }, "bad-message"],
    [{ query: "x".repeat(1025) }, "bad-message"],
    [{ query: "a ".repeat(17) }, "bad-message"],
    [{ from: "a/b" }, "bad-name"],
    [{ limit: 0 }, "bad-message"],
    [{ after: -1 }, "bad-message"],
    [{ room: "elsewhere" }, "not-in-room"],
    [{ with: "nobody" }, "no-such-user"],
    [{ room: "lab", with: "bob" }, "bad-message"],
  ])("with %j is refused as %s", async (fields, code) => {
    const { alice } = await two();
    expect(await alice.answersTo({ type: "search", id: "s", query: "x", ...fields })).toMatchObject([
      { type: "error", code, id: "s" },
    ]);
  });

  it("is of a room one is in, and of a conversation one has", async () => {
    const { port, alice, bob } = await two();
    const carol = await joinRoom(port, "carol", "other");
    await answersOf(carol, { type: "message", text: "apple" });
    await alice.answersTo({ type: "direct", to: "bob", text: "apple for two" });
    expect((await search(alice, "apple")).seqs).toEqual([]);
    expect(await alice.answersTo({ type: "search", id: "s", query: "apple", room: "other" })).toMatchObject([
      { code: "not-in-room" },
    ]);
    const answers = await answersOf(bob, { type: "search", id: "s", query: "apple", with: "alice" });
    expect(answers).toMatchObject([
      { type: "results", with: "alice", count: 1 },
      { type: "direct", from: "alice", to: "bob" },
    ]);
    expect(answers[0]).not.toHaveProperty("room");
    expect(await answersOf(carol, { type: "search", id: "s", query: "apple", with: "alice" })).toMatchObject([
      { type: "results", count: 0 },
    ]);
  });

  it("never has a live entry among its lines", async () => {
    const { alice, bob } = await two();
    for (let n = 0; n < 300; n += 10) {
      alice.send(
        Array.from({ length: 10 }, (_, k) =>
          lineOf({ type: "message", id: `t${n + k}`, text: "apple" }),
        ).join(""),
      );
      bob.send({ type: "search", id: "s", query: "apple", limit: 7 });
    }
    await bob.next(({ id }) => id === "t299");
    await bob.answersTo();
    bob.received.forEach((line, at) => {
      if (line.type !== "results") return;
      const entries = bob.received.slice(at + 1, at + 1 + Number(line.count));
      const seqs = entries.map(({ seq }) => Number(seq));
      expect(seqs).toEqual(seqs.map((_, n) => Number(seqs[0]) - n));
    });
    expect(bob.all("results")).toHaveLength(30);
  });
});
