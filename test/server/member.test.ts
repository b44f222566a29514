// Flow: a peer that does not read costs nothing, and is given everything in order when it reads again.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { joinRoom, openPeer, type Peer } from "../support/peer.js";
import { startServer } from "../support/server.js";
import { until } from "../support/until.js";

const MiB = 1024 * 1024;
const run = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/**
 * Bytes outside the heap, where all that waits for a socket is; the peers' own lines are strings inside. The least of
 * a few looks: what was collected is given back by another thread, which may have to wait for a core.
 */
async function waitingBytes(): Promise<number> {
  let least = Infinity;
  for (let look = 0; look < 5; look++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 20));
    least = Math.min(least, process.memoryUsage().external);
  }
  return least;
}

/** Says numbered texts, a few at a time, and waits until all are recorded. */
async function talk(peer: Peer, count: number, bytes: number): Promise<void> {
  const text = "x".repeat(bytes);
  for (let at = 0; at < count; at += 100) {
    const lines = run(at + 1, Math.min(at + 100, count)).map(
      (n) => `{"type":"message","id":"t${n}","text":"${text}"}\n`,
    );
    await peer.answersTo(lines.join(""));
    peer.forget();
  }
}

describe("Member, of a peer that does not read", () => {
  it("holds nothing, and gives it behind, then every entry in order, then live", async () => {
    const { port } = await startServer();
    const slow = await joinRoom(port, "slow");
    const reader = await joinRoom(port, "reader");
    const talker = await openTalker(port);
    slow.socket.pause();
    const before = await waitingBytes();
    const count = 2400;
    await talk(talker, count, 16_000);
    await reader.next(({ seq }) => seq === count);
    expect((await waitingBytes()) - before).toBeLessThan(12 * MiB);
    // The others were given everything.
    expect(reader.all("message").map(({ seq }) => seq)).toEqual(run(1, count));
    await joinRoom(port, "newcomer");

    // It reads a little and stops again: what it is given from the log keeps to its pace too.
    slow.socket.resume();
    await slow.next("behind");
    slow.socket.pause();
    for (let n = 0; n < 300; n++) await reader.ask({ type: "history", id: `h${n}`, limit: 1 });
    expect((await waitingBytes()) - before).toBeLessThan(12 * MiB);
    slow.socket.resume();
    const live = await slow.next("live");
    expect(live).toEqual({ type: "live", room: "lab", head: count });
    expect(await slow.next("presence")).toMatchObject({ joined: [], left: [], memberCount: 4 });
    expect(slow.all("message").map(({ seq }) => seq)).toEqual(run(1, count));
    const behind = slow.received.findIndex(({ type }) => type === "behind");
    expect(slow.received[behind]).toMatchObject({
      room: "lab",
      from: Number(slow.received[behind - 1]?.seq) + 1,
    });
    expect(slow.all("behind")).toHaveLength(1);
    // And from then on live again.
    talker.send({ type: "message", id: "last", text: "still there?" });
    expect(await slow.next("message")).toMatchObject({ seq: count + 1, id: "last" });
  });

  it("lets it leave, or go, while it is behind", async () => {
    const { port } = await startServer();
    const [leaver, quitter, victim] = [
      await joinRoom(port, "leaver"),
      await joinRoom(port, "quitter"),
      await joinRoom(port, "victim"),
    ];
    const talker = await openTalker(port);
    for (const peer of [leaver, quitter, victim]) peer.socket.pause();
    const count = 1200;
    await talk(talker, count, 16_000);
    victim.socket.resetAndDestroy();
    leaver.send({ type: "leave", id: "l" });
    quitter.socket.end();
    for (const peer of [leaver, quitter]) peer.socket.resume();
    await leaver.next("left");
    await quitter.next("bye");
    for (const peer of [leaver, quitter])
      expect(peer.all("message").map(({ seq }) => seq)).toEqual(run(1, count));
    expect(await talker.ask({ type: "users", id: "u" })).toMatchObject({ users: ["talker"] });
  });
});

describe("Connection, of a peer that asks and does not read", () => {
  it("reads no more requests while its answers wait, and answers all of them when it reads", async () => {
    const { port } = await startServer();
    const talker = await openTalker(port);
    await talk(talker, 20, 1000);
    const greedy = await joinRoom(port, "greedy");
    const polite = await joinRoom(port, "polite");
    greedy.socket.pause();
    const before = await waitingBytes();
    const asked = run(1, 10_000).map((n) => `{"type":"history","id":"h${n}","limit":10}\n`);
    greedy.send(asked.join(""));
    // When another who asked the same has all answers, the greedy one was given what it could be.
    polite.send(asked.join(""));
    await polite.next(({ id }) => id === "h10000");
    polite.forget();
    expect((await waitingBytes()) - before).toBeLessThan(4 * MiB);
    greedy.socket.resume();
    await greedy.next(({ id }) => id === "h10000");
    await greedy.answersTo();
    expect(greedy.all("history").map(({ id }) => id)).toEqual(run(1, 10_000).map((n) => `h${n}`));
    expect(greedy.all("error")).toEqual([]);
  });

  it("holds no more for the replay of fifty rooms than for that of one, and gives all of them when it reads", async () => {
    const { port } = await startServer();
    const talker = await openTalker(port);
    const rooms = run(1, 50).map((n) => `room-${n}`);
    const texts = run(1, 30).map((n) => ({ type: "message", id: `${n}`, text: "x".repeat(16_000) }));
    for (const room of rooms) {
      talker.send({ type: "join", room });
      await talker.answersTo(...texts.map((text) => ({ ...text, room })));
      talker.forget();
    }
    const slow = await joinRoom(port, "slow");
    slow.socket.pause();
    const before = await waitingBytes();
    for (const room of rooms) slow.send({ type: "join", room, since: 0 });
    await until(() => slow.socket.writableLength === 0);
    await talker.answersTo(
      ...run(1, 200).map((n) => ({ type: "history", id: `h${n}`, room: "room-1", limit: 1 })),
    );
    // A room's share is half a MiB; the pages lately read and the talker's own lines are in it, too.
    expect((await waitingBytes()) - before).toBeLessThan(6 * MiB);
    slow.socket.resume();
    await slow.next(({ type, room }) => type === "live" && room === "room-50");
    for (const room of rooms) {
      const entries = slow.all("message").filter((entry) => entry.room === room);
      expect([room, entries.map(({ seq }) => seq)]).toEqual([room, run(1, 30)]);
    }
  });

  it("reads no page for a place in a room that it has given up already", async () => {
    const { port } = await startServer();
    const talker = await openTalker(port);
    await talk(talker, 600, 1000);
    const restless = await joinRoom(port, "restless");
    const join = (n: number) => `{"type":"join","id":"j${n}","room":"lab","since":0}\n`;
    restless.send(run(1, 5000).map(join).join(""));
    await restless.next(({ type, id }) => type === "live" && id === "j5000");
    expect(restless.all("joined")).toHaveLength(5001);
    const last = restless.received.findLastIndex(({ type }) => type === "joined");
    const after = restless.received.slice(last).filter(({ seq }) => seq !== undefined);
    expect(after.map(({ seq }) => seq)).toEqual(run(1, 600));
  });

  it("reads no more while small answers wait: the peer keeps what it has not sent", async () => {
    const { port } = await startServer();
    const greedy = await joinRoom(port, "greedy");
    const polite = await joinRoom(port, "polite");
    greedy.socket.pause();
    const count = 200_000;
    const pings =
      `{"type":"ping","id":"${"x".repeat(64)}"}\n`.repeat(count) + '{"type":"ping","id":"last"}\n';
    greedy.send(pings);
    polite.send(pings);
    await polite.next(({ id }) => id === "last");
    expect(greedy.socket.writableLength).toBeGreaterThan(2 * MiB);
    greedy.socket.resume();
    await greedy.next(({ id }) => id === "last");
    expect(greedy.all("pong")).toHaveLength(count + 1);
  });

  it("takes a flood from one who reads none of it, and nobody else waits", async () => {
    const { port } = await startServer();
    const flooder = await joinRoom(port, "flooder");
    const reader = await joinRoom(port, "reader");
    flooder.socket.pause();
    const text = "x".repeat(8000);
    flooder.send(
      run(1, 3000)
        .map((n) => `{"type":"message","id":"f${n}","text":"${text}"}\n`)
        .join(""),
    );
    await reader.next(({ id }) => id === "f3000");
    expect(reader.all("message").map(({ seq }) => seq)).toEqual(run(1, 3000));
    flooder.socket.resume();
    await flooder.next("live");
    expect(flooder.all("message").map(({ id }) => id)).toEqual(run(1, 3000).map((n) => `f${n}`));
  });
});

describe("Connection, of a peer that takes no byte for too long", () => {
  it("says stalled behind what it was given, and that it may come back", async () => {
    const { port } = await startServer({ stallMs: 1500 });
    const stalled = await joinRoom(port, "stalled");
    const talker = await openTalker(port);
    stalled.socket.pause();
    await talk(talker, 1200, 16_000);
    while ((await usersOf(talker)).includes("stalled"));
    stalled.socket.resume();
    await stalled.ended;
    const seqs = stalled.all("message").map(({ seq }) => seq);
    expect(seqs).toEqual(run(1, seqs.length));
    expect(stalled.received.at(-1)).toMatchObject({ type: "bye", code: "stalled", retry: true });
  });

  it("ends it, when it takes no goodbye either", async () => {
    const { port } = await startServer({ stallMs: 300 });
    const stalled = await joinRoom(port, "stalled");
    const talker = await openTalker(port);
    stalled.socket.pause();
    await talk(talker, 1200, 16_000);
    // Its own half is still open: only the server can have ended it.
    await until(() => stalled.socket.destroyed || !isThere());
    stalled.socket.resume();
    await stalled.ended;
    expect(stalled.all("bye")).toEqual([]);

    function isThere(): boolean {
      return !stalled.socket.write("\n") || stalled.socket.writableLength === 0;
    }
  });

  it("leaves one alone that reads slowly", async () => {
    const { port } = await startServer({ stallMs: 2000 });
    const slow = await joinRoom(port, "slow");
    const talker = await openTalker(port);
    slow.socket.pause();
    const count = 1200;
    await talk(talker, count, 16_000);
    for (const end = performance.now() + 5000; performance.now() < end;) {
      slow.socket.resume();
      await new Promise((resolve) => slow.socket.once("data", resolve));
      slow.socket.pause();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    slow.socket.resume();
    await slow.next(({ seq }) => seq === count);
    expect(slow.all("message").map(({ seq }) => seq)).toEqual(run(1, count));
    expect(slow.all("bye")).toEqual([]);
  }, 60_000);
});

async function usersOf(peer: Peer): Promise<unknown[]> {
  return (await peer.ask({ type: "users", id: `u${Math.random()}` })).users as unknown[];
}

async function openTalker(port: number): Promise<Peer> {
  const talker = await openPeer(port);
  await talker.ask({ type: "connect", id: "c", name: "talker", room: "lab" });
  await talker.next("joined");
  return talker;
}
