// Flow: a peer that does not read costs nothing, and is given everything in order when it reads again.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { joinRoom, openPeer, type Peer } from "../support/peer.js";
import { startServer } from "../support/server.js";

const MiB = 1024 * 1024;
const run = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes outside the heap, where all that waits for a socket is; the peers' own lines are strings inside. */
function waitingBytes(): number {
  collectGarbage();
  return process.memoryUsage().external;
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
    const before = waitingBytes();
    const count = 2400;
    await talk(talker, count, 16_000);
    await reader.next(({ seq }) => seq === count);
    expect(waitingBytes() - before).toBeLessThan(12 * MiB);
    // The others were given everything.
    expect(reader.all("message").map(({ seq }) => seq)).toEqual(run(1, count));
    await joinRoom(port, "newcomer");

    // It reads a little and stops again: what it is given from the log keeps to its pace too.
    slow.socket.resume();
    await slow.next("behind");
    slow.socket.pause();
    for (let n = 0; n < 300; n++) await reader.ask({ type: "history", id: `h${n}`, limit: 1 });
    expect(waitingBytes() - before).toBeLessThan(12 * MiB);
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
    const before = waitingBytes();
    const asked = run(1, 5000).map((n) => `{"type":"history","id":"h${n}","limit":10}\n`);
    greedy.send(asked.join(""));
    // When another who asked the same has all answers, the greedy one was given what it could be.
    polite.send(asked.join(""));
    await polite.next(({ id }) => id === "h5000");
    polite.forget();
    expect(waitingBytes() - before).toBeLessThan(4 * MiB);
    greedy.socket.resume();
    await greedy.next(({ id }) => id === "h5000");
    await greedy.answersTo();
    expect(greedy.all("history").map(({ id }) => id)).toEqual(run(1, 5000).map((n) => `h${n}`));
    expect(greedy.all("error")).toEqual([]);
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

async function openTalker(port: number): Promise<Peer> {
  const talker = await openPeer(port);
  await talker.ask({ type: "connect", id: "c", name: "talker", room: "lab" });
  await talker.next("joined");
  return talker;
}
