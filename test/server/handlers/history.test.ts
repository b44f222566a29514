// `history`: a header and exactly as many entries as it counts.

import { joinRoom, type Answer, type Peer } from "../../support/peer.js";
import { startServer, temporaryFolder } from "../../support/server.js";
import { answersOf } from "./places.js";

async function roomOf(count: number, text = "hi"): Promise<Peer> {
  const { port } = await startServer();
  const writer = await joinRoom(port, "writer");
  const lines = Array.from({ length: count }, (_, n) => `{"type":"message","id":"m${n}","text":"${text}"}\n`);
  await writer.answersTo(lines.join(""));
  const reader = await joinRoom(port, "reader");
  return reader;
}

/** Asks for a page and returns its header and the numbers of the entries that follow it at once. */
async function page(peer: Peer, range: object) {
  const [header, ...entries] = await peer.answersTo({ type: "history", id: "h", ...range });
  const { from, to, count, more } = header ?? { type: "nothing" };
  return { from: Number(from), to: Number(to), count, more, seqs: entries.map(({ seq }) => Number(seq)) };
}

const run = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

describe("history", () => {
  it("gives the newest, those after, and the newest before a number", async () => {
    const peer = await roomOf(250);
    const told = async (range: object) => {
      const { from, to, count, more, seqs } = await page(peer, range);
      expect(seqs).toEqual(run(from, to));
      expect(count).toBe(seqs.length);
      return [from, to, more];
    };
    expect(await told({})).toEqual([151, 250, true]);
    expect(await told({ limit: 3 })).toEqual([248, 250, true]);
    expect(await told({ limit: 250 })).toEqual([1, 250, false]);
    expect(await told({ after: 0, limit: 10 })).toEqual([1, 10, true]);
    expect(await told({ after: 10, limit: 240 })).toEqual([11, 250, false]);
    expect(await told({ after: 249 })).toEqual([250, 250, false]);
    expect(await told({ before: 11, limit: 10 })).toEqual([1, 10, false]);
    expect(await told({ before: 12, limit: 10 })).toEqual([2, 11, true]);
    expect(await told({ before: 2 })).toEqual([1, 1, false]);
    expect(await told({ before: Number.MAX_SAFE_INTEGER, limit: 1 })).toEqual([250, 250, true]);
  });

  it("gives an empty page where there is nothing", async () => {
    const peer = await roomOf(2);
    for (const range of [
      { after: 2 },
      { after: 99 },
      { after: Number.MAX_SAFE_INTEGER - 1 },
      { before: 1 },
      { before: 0 },
    ])
      expect([range, await page(peer, range)]).toMatchObject([range, { count: 0, more: false, seqs: [] }]);
    const empty = await roomOf(0);
    expect(await page(empty, {})).toMatchObject({ count: 0, more: false, from: 1, to: 0, seqs: [] });
  });

  it("gives at most historyCount entries, whatever is asked", async () => {
    const peer = await roomOf(600, "x");
    expect(await page(peer, { limit: 1_000_000 })).toMatchObject({
      from: 101,
      to: 600,
      count: 500,
      more: true,
    });
    expect(await page(peer, { after: 0, limit: 501 })).toMatchObject({ from: 1, to: 500, more: true });
  });

  it("ends a page at 256 KiB with a whole entry, and goes on from there", async () => {
    const peer = await roomOf(60, "x".repeat(16 * 1024));
    const forward = await page(peer, { after: 0, limit: 500 });
    expect(forward).toMatchObject({ from: 1, to: 16, count: 16, more: true, seqs: run(1, 16) });
    const backward = await page(peer, { limit: 500 });
    expect(backward).toMatchObject({ from: 45, to: 60, count: 16, more: true, seqs: run(45, 60) });
    const seqs: number[] = [];
    for (let after = 0, pages = 0; after < 60 && pages < 60; pages++) {
      const next = await page(peer, { after, limit: 500 });
      expect(next.more).toBe(next.to < 60);
      seqs.push(...next.seqs);
      after = next.to;
    }
    expect(seqs).toEqual(run(1, 60));
  });

  it("sees what was said just before, in the same packet", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    const pairs = run(1, 100).map(
      (n) => `{"type":"message","text":"${n}"}\n{"type":"history","id":"h${n}","limit":1}\n`,
    );
    await peer.answersTo(pairs.join(""));
    for (const header of peer.all("history"))
      expect(Number(header.to)).toBeGreaterThanOrEqual(Number(String(header.id).slice(1)));
    expect(peer.all("history").map(({ id }) => id)).toEqual(run(1, 100).map((n) => `h${n}`));
  });

  it("keeps a page whole while the room is busy", async () => {
    const { port } = await startServer();
    const talker = await joinRoom(port, "talker");
    const peer = await joinRoom(port, "peer");
    const talk = Array.from({ length: 400 }, (_, n) => `{"type":"message","id":"t${n}","text":"${n}"}\n`);
    for (let at = 0; at < talk.length; at += 20) {
      talker.send(talk.slice(at, at + 20).join(""));
      peer.send({ type: "history", after: 0, limit: 7 });
    }
    await peer.next(({ id }) => id === "t399");
    await peer.answersTo();
    peer.received.forEach((line, at) => {
      if (line.type !== "history") return;
      const entries = peer.received.slice(at + 1, at + 1 + Number(line.count));
      expect(entries.map(({ seq }) => seq)).toEqual(run(Number(line.from), Number(line.to)));
    });
    expect(peer.all("history")).toHaveLength(20);
  });
});

/** A page with its changes, taken apart. */
async function withChanges(peer: Peer, range: object) {
  const [header, ...lines] = await answersOf(peer, { type: "history", id: "h", changes: true, ...range });
  const count = Number(header?.count);
  return { header, entries: lines.slice(0, count), changes: lines.slice(count) };
}

const numbers = (lines: readonly Answer[]) => lines.map(({ seq }) => seq);

describe("history, with changes", () => {
  it("has behind the page what changes its entries from above, and says how many", async () => {
    const { port } = await startServer();
    const [alice, bob] = [await joinRoom(port, "alice"), await joinRoom(port, "bob")];
    await alice.answersTo(
      ...["one", "two", "three", "four"].map((text) => ({ type: "message", text })),
      { type: "edit", target: 1, text: "uno" },
      { type: "react", target: 4, emoji: "+1" },
      { type: "delete", target: 2 },
      { type: "edit", target: 1, text: "eins" },
      { type: "topic", text: "about" },
    );
    const { header, entries, changes } = await withChanges(bob, { after: 0, limit: 2 });
    expect(header).toEqual({
      ...{ type: "history", id: "h", room: "lab", from: 1, to: 2, count: 2, more: true, changes: 3 },
    });
    expect(numbers(entries)).toEqual([1, 2]);
    expect(changes).toMatchObject([
      { type: "edit", seq: 5, target: 1, text: "uno" },
      { type: "delete", seq: 7, target: 2 },
      { type: "edit", seq: 8, target: 1, text: "eins" },
    ]);
    expect(await withChanges(bob, { before: 5, limit: 1 })).toMatchObject({ header: { changes: 1 } });
    expect(await withChanges(bob, { limit: 3 })).toMatchObject({ header: { changes: 0 }, changes: [] });
    expect(await withChanges(bob, { after: 9 })).toMatchObject({ header: { count: 0, changes: 0 } });
    const [plain] = await answersOf(bob, { type: "history", id: "h", after: 0, limit: 2 });
    expect(plain).not.toHaveProperty("changes");
    const [without] = await answersOf(bob, { type: "history", id: "h", after: 0, limit: 2, changes: false });
    expect(without).not.toHaveProperty("changes");
  });

  it("is of a conversation too, without a room", async () => {
    const { port } = await startServer();
    const [alice, bob] = [await joinRoom(port, "alice"), await joinRoom(port, "bob")];
    await alice.answersTo(
      { type: "direct", to: "bob", text: "one" },
      { type: "direct", to: "bob", text: "two" },
      { type: "react", with: "bob", target: 1, emoji: "+1" },
    );
    const { header, entries, changes } = await withChanges(bob, { with: "ALICE", after: 0, limit: 1 });
    expect(header).toEqual({
      ...{ type: "history", id: "h", with: "alice", from: 1, to: 1, count: 1, more: true, changes: 1 },
    });
    for (const line of [...entries, ...changes]) {
      expect(line).toMatchObject({ from: "alice", to: "bob" });
      expect(line).not.toHaveProperty("room");
    }
  });

  it.each([
    [{ with: "nobody" }, "no-such-user"],
    [{ with: "a/b" }, "bad-name"],
    [{ with: "peer", room: "lab" }, "bad-message"],
    [{ room: "elsewhere" }, "not-in-room"],
    [{ after: 1, before: 5 }, "bad-message"],
    [{ limit: 0 }, "bad-message"],
    [{ changes: "yes" }, "bad-message"],
  ])("and with %j is refused as %s", async (fields, code) => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    expect(await answersOf(peer, { type: "history", id: "h", ...fields })).toMatchObject([
      { type: "error", code, id: "h" },
    ]);
  });
});

describe("history, of a room that keeps the newest alone", () => {
  it("says what is lost, wherever it is asked for", async () => {
    const dataFolder = await temporaryFolder();
    const first = await startServer({ dataFolder });
    const writer = await joinRoom(first.port, "writer");
    await writer.answersTo(...run(1, 20).map((n) => ({ type: "message", text: `${n}` })));
    await first.close();
    const retention = { all: { entries: 5, keepsFiles: true }, rooms: new Map() };
    const { port } = await startServer({ dataFolder, retention, retentionEveryMs: 5 });
    const peer = await joinRoom(port, "peer");
    const told = async (range: object) => {
      const [header, ...entries] = await answersOf(peer, { type: "history", id: "h", ...range });
      return { lost: header?.lost, more: header?.more, seqs: numbers(entries) };
    };
    while ((await told({ after: 0, limit: 1 })).seqs[0] !== 16);
    const nothing = { more: false, seqs: [] };
    expect(await told({})).toEqual({ lost: { from: 1, to: 15 }, more: false, seqs: run(16, 20) });
    expect(await told({ limit: 3 })).toEqual({ lost: undefined, more: true, seqs: run(18, 20) });
    expect(await told({ before: 18, limit: 3 })).toEqual({
      lost: { from: 1, to: 15 },
      more: false,
      seqs: [16, 17],
    });
    expect(await told({ before: 16 })).toEqual({ lost: { from: 1, to: 15 }, ...nothing });
    expect(await told({ before: 4 })).toEqual({ lost: { from: 1, to: 3 }, ...nothing });
    expect(await told({ before: 1 })).toEqual({ lost: undefined, ...nothing });
    expect(await told({ after: 0, limit: 2 })).toEqual({
      lost: { from: 1, to: 15 },
      more: true,
      seqs: [16, 17],
    });
    expect(await told({ after: 9, limit: 2 })).toEqual({
      lost: { from: 10, to: 15 },
      more: true,
      seqs: [16, 17],
    });
    expect(await told({ after: 15, limit: 1 })).toEqual({ lost: undefined, more: true, seqs: [16] });
    expect(await told({ after: 20 })).toEqual({ lost: undefined, ...nothing });
    expect(await peer.ask({ type: "message", id: "next", text: "on" })).toMatchObject({ seq: 21 });
  });
});
