// Coming back: exactly what was missed, then live, or an honest word about what cannot be given.

import { DatabaseSync } from "@photostructure/sqlite";
import { join } from "node:path";
import { maxPageBytes } from "../../shared/limits.js";
import { joinRoom, openPeer, type Answer, type Peer } from "../support/peer.js";
import { runSeed, seededRandom } from "../support/random.js";
import { startServer, temporaryFolder } from "../support/server.js";

const run = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);
const seqsOf = (lines: readonly Answer[]) =>
  lines.filter(({ seq }) => seq !== undefined).map(({ seq }) => seq);

async function talk(peer: Peer, count: number, bytes = 10): Promise<void> {
  const line = `{"type":"message","text":"${"x".repeat(bytes)}"}\n`;
  for (let left = count; left > 0; left -= 200) await peer.answersTo(line.repeat(Math.min(left, 200)));
}

/** What a newcomer is told from `connect` to `live`, but for presence. */
async function replayOf(port: number, name: string, start: object): Promise<Answer[]> {
  const peer = await openPeer(port);
  peer.send({ type: "connect", id: "c", name, room: "lab", ...start });
  await peer.next("live");
  peer.socket.destroy();
  return peer.received.filter(({ type }) => type !== "presence").slice(1);
}

/** The pages as they were told: each header is followed by exactly its entries. */
function checkPages(lines: readonly Answer[], id: string | undefined): void {
  for (let at = 0; at < lines.length;) {
    const header = lines[at++];
    expect(header).toMatchObject({ type: "history", room: "lab", ...(id !== undefined && { id }) });
    const entries = lines.slice(at, at + Number(header?.count));
    expect(seqsOf(entries)).toEqual(run(Number(header?.from), Number(header?.to)));
    expect(header?.more).toBe(at + entries.length < lines.length);
    at += entries.length;
  }
}

describe("A member that comes back", () => {
  it("is given what is above its number, in pages of history, then live, then what comes", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    await talk(alice, 1200);
    const [joined, ...rest] = await replayOf(port, "bob", { since: 42 });
    expect(joined).toMatchObject({ type: "joined", head: 1200, id: "c" });
    const live = rest.pop();
    expect(live).toEqual({ type: "live", room: "lab", head: 1200, id: "c" });
    checkPages(rest, "c");
    expect(seqsOf(rest)).toEqual(run(43, 1200));
    for (const { count } of rest.filter(({ type }) => type === "history"))
      expect(count).toBeLessThanOrEqual(500);
  });

  it("is given pages of at most 256 KiB and one entry", async () => {
    const { port } = await startServer();
    await talk(await joinRoom(port, "alice"), 60, 16_000);
    const [, ...lines] = await replayOf(port, "bob", { since: 0 });
    const pages = lines.filter(({ type }) => type === "history");
    expect(pages.length).toBeGreaterThanOrEqual(3);
    for (const { count } of pages) expect(Number(count) * 16_000).toBeLessThan(maxPageBytes + 17_000);
  });

  it("is given the newest so many with `last`, and no more than there are", async () => {
    const { port } = await startServer();
    await talk(await joinRoom(port, "alice"), 30);
    expect(seqsOf(await replayOf(port, "bob", { last: 7 }))).toEqual(run(24, 30));
    expect(seqsOf(await replayOf(port, "carol", { last: 99 }))).toEqual(run(1, 30));
    expect((await replayOf(port, "dave", { last: 0 })).slice(1)).toEqual([
      { type: "live", room: "lab", head: 30, id: "c" },
    ]);
  });

  it("is given nothing that it did not ask for", async () => {
    const { port } = await startServer();
    await talk(await joinRoom(port, "alice"), 3);
    const bob = await joinRoom(port, "bob");
    const answers = await bob.answersTo({ type: "ping" });
    expect(answers.map(({ type }) => type)).toEqual(["pong"]);
  });

  it("is told reset, and given nothing, when it knows another log or more than there is", async () => {
    const { port } = await startServer();
    await talk(await joinRoom(port, "alice"), 5);
    const nothing = { type: "history", room: "lab", from: 6, to: 5, count: 0, more: false };
    const told = [
      { type: "joined", head: 5 },
      { ...nothing, reset: true, id: "c" },
      { type: "live", room: "lab", head: 5, id: "c" },
    ];
    expect(await replayOf(port, "bob", { since: 2, epoch: "another" })).toMatchObject(told);
    expect(await replayOf(port, "carol", { since: 6 })).toMatchObject(told);
    // Who has seen nothing of a log that came to nothing has missed everything of this one.
    expect(seqsOf(await replayOf(port, "dave", { since: 0, epoch: "another" }))).toEqual(run(1, 5));
  });

  it("knows its log again after a restart", async () => {
    const dataFolder = await temporaryFolder();
    const first = await startServer({ dataFolder });
    const alice = await joinRoom(first.port, "alice");
    await talk(alice, 5);
    const epoch = alice.all("joined")[0]?.epoch;
    await first.close();
    const second = await startServer({ dataFolder });
    expect(seqsOf(await replayOf(second.port, "alice", { since: 2, epoch }))).toEqual([3, 4, 5]);
  });

  it("is told what the log has no longer, and given the rest", async () => {
    const dataFolder = await temporaryFolder();
    const first = await startServer({ dataFolder });
    await talk(await joinRoom(first.port, "alice"), 40);
    await first.close();
    const database = new DatabaseSync(join(dataFolder, "roomline.db"));
    database.exec("DELETE FROM entries WHERE seq <= 30");
    database.close();
    const { port } = await startServer({ dataFolder });
    const [, header, ...rest] = await replayOf(port, "bob", { since: 12 });
    expect(header).toMatchObject({
      type: "history",
      from: 31,
      to: 40,
      count: 10,
      lost: { from: 13, to: 30 },
    });
    expect(seqsOf(rest)).toEqual(run(31, 40));
    const reader = await joinRoom(port, "reader");
    const lostOf = async (range: object) => (await reader.ask({ type: "history", id: "h", ...range })).lost;
    expect(await lostOf({ after: 12 })).toEqual({ from: 13, to: 30 });
    expect(await lostOf({ before: 36 })).toEqual({ from: 1, to: 30 });
    expect(await lostOf({ before: 31 })).toEqual({ from: 1, to: 30 });
    expect(await lostOf({ before: 36, limit: 3 })).toBeUndefined();
    expect(await lostOf({ after: 30 })).toBeUndefined();
    expect(await lostOf({ after: 40 })).toBeUndefined();
    expect(await lostOf({ before: 1 })).toBeUndefined();
  });

  it("is told of a large loss at once, and of one up to the head", async () => {
    const dataFolder = await temporaryFolder();
    const first = await startServer({ dataFolder });
    await talk(await joinRoom(first.port, "alice"), 2400);
    await first.close();
    const database = new DatabaseSync(join(dataFolder, "roomline.db"));
    database.exec("DELETE FROM entries WHERE seq > 700 AND seq < 2390");
    const { port } = await startServer({ dataFolder });
    const told = (lines: readonly Answer[]) => lines.filter(({ type }) => type === "history");
    expect(told(await replayOf(port, "bob", { since: 600 }))).toMatchObject([
      { from: 601, to: 700, more: true },
      { from: 2390, to: 2400, more: false, lost: { from: 701, to: 2389 } },
    ]);
    // The head stays what it was while the room is open, whatever goes.
    await joinRoom(port, "keeper");
    database.exec("DELETE FROM entries WHERE seq >= 2390");
    database.close();
    expect(told(await replayOf(port, "carol", { since: 1500 }))).toMatchObject([
      { from: 2401, to: 2400, count: 0, more: false, lost: { from: 1501, to: 2400 } },
    ]);
  });

  it("may join again elsewhere: after the second `joined` all lines of the room belong to it", async () => {
    const { port } = await startServer();
    await talk(await joinRoom(port, "alice"), 2000);
    const bob = await openPeer(port);
    bob.send({ type: "connect", name: "bob", room: "lab", since: 0 });
    bob.send({ type: "join", id: "again", room: "lab", last: 3 });
    await bob.next(({ type, id }) => type === "live" && id === "again");
    const second = bob.received.findIndex(({ type, id }) => type === "joined" && id === "again");
    const after = bob.received.slice(second + 1).filter(({ type }) => type !== "presence");
    checkPages(after.slice(0, -1), "again");
    expect(seqsOf(after)).toEqual([1998, 1999, 2000]);
  });

  it("is given everything before the goodbye, when its input has ended already", async () => {
    const { port } = await startServer();
    await talk(await joinRoom(port, "alice"), 1500);
    const script = await openPeer(port);
    script.socket.end('{"type":"connect","name":"ci","room":"lab","since":0}\n');
    await script.ended;
    expect(seqsOf(script.received)).toEqual(run(1, 1500));
    expect(script.received.slice(-2)).toMatchObject([{ type: "live", head: 1500 }, { type: "bye" }]);
  });

  it("sees in a replay what it has just said itself", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    alice.send('{"type":"message","text":"a"}\n{"type":"join","id":"j","room":"lab","since":0}\n');
    expect(await alice.next(({ id }) => id === "j")).toMatchObject({ type: "joined", head: 1 });
    expect(await alice.next("history")).toMatchObject({ from: 1, to: 1, id: "j" });
  });

  it.each([
    ["since and last together", { room: "lab", since: 1, last: 1 }],
    ["since without a room", { room: null, since: 1 }],
    ["last without a room", { room: null, last: 1 }],
    ["a negative number", { room: "lab", since: -1 }],
    ["a number as epoch", { room: "lab", since: 1, epoch: 7 }],
  ])("is refused with %s, and may try again", async (_what, start) => {
    const { port } = await startServer();
    const peer = await openPeer(port);
    expect(await peer.ask({ type: "connect", id: "c", name: "bob", ...start })).toMatchObject({
      type: "error",
      code: "bad-message",
    });
    expect(await peer.ask({ type: "connect", id: "d", name: "bob" })).toMatchObject({ type: "connected" });
  });
});

describe("Readers that come and go while a room talks", () => {
  const seed = runSeed();

  it("miss nothing and get nothing twice, however often they come back", async () => {
    const random = seededRandom(seed);
    const { port } = await startServer();
    const writers = await Promise.all([1, 2, 3].map((n) => joinRoom(port, `writer-${n}`)));
    const total = 6000;
    const talking = Promise.all(writers.map((writer) => talk(writer, total / writers.length)));
    const readers = run(1, 6).map(async (n) => {
      const seen: unknown[] = [];
      for (let epoch: unknown; seen.length < total;) {
        const reader = await openPeer(port);
        reader.send({ type: "connect", name: `reader-${n}`, room: "lab", since: seen.length, epoch });
        epoch = (await reader.next("joined")).epoch;
        const upTo = Math.min(total, seen.length + 1 + Math.floor(random() * 900));
        await reader.next(({ seq }) => seq === upTo);
        reader.send({ type: "quit" });
        await reader.ended;
        seen.push(...seqsOf(reader.received));
      }
      expect([seed, seen]).toEqual([seed, run(1, total)]);
    });
    await Promise.all([talking, ...readers]);
  }, 60_000);
});
