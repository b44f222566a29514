// Who came and who went, as a room is told.

import { Presence } from "../../server/presence.js";
import { joinRoom, openPeer, type Peer } from "../support/peer.js";
import { startServer } from "../support/server.js";

const hour = 3_600_000;

describe("Presence", () => {
  it("tells a coming before anything that the newcomer says, when the room was quiet", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    await restRooms(port);
    const bob = await openPeer(port);
    bob.send('{"type":"connect","name":"bob","room":"lab"}\n{"type":"message","text":"hi"}\n');
    await alice.next("message");
    expect(alice.received.slice(-2)).toMatchObject([
      { type: "presence", room: "lab", joined: ["bob"], left: [], memberCount: 2 },
      { type: "message" },
    ]);
  });

  it.each<[string, number, (peer: Peer) => unknown]>([
    ["quits, at once", hour, (peer) => peer.send({ type: "quit" })],
    ["leaves, at once", hour, (peer) => peer.send({ type: "leave" })],
    ["ends its input, after a while", 50, (peer) => peer.socket.end()],
    ["is killed, after a while", 50, (peer) => peer.socket.destroy()],
    ["is reset, after a while", 50, (peer) => peer.socket.resetAndDestroy()],
  ])("tells when one %s", async (_how, leaveGraceMs, go) => {
    const { port } = await startServer({ leaveGraceMs });
    const alice = await joinRoom(port, "alice");
    const bob = await joinRoom(port, "bob");
    await alice.next("presence");
    go(bob);
    expect(await alice.next("presence")).toEqual({
      type: "presence",
      room: "lab",
      joined: [],
      left: ["bob"],
      memberCount: 1,
    });
  });

  it("tells of two hundred comings in few lines, with the right count and no name twice", async () => {
    const { port } = await startServer();
    const witness = await joinRoom(port, "witness");
    const peers = await Promise.all(Array.from({ length: 200 }, () => openPeer(port)));
    peers.forEach((peer, n) => peer.send({ type: "connect", name: `p${n}`, room: "lab" }));
    await witness.next((line) => line.type === "presence" && line.memberCount === 201);
    const lines = witness.all("presence");
    const names = lines.flatMap(({ joined }) => joined);
    expect(new Set(names).size).toBe(names.length);
    for (const line of lines) expect((line.joined as string[]).length).toBeLessThanOrEqual(100);
    // At most one in 250 ms: two hundred joins take far less than 200 times that, on any machine.
    expect(lines.length).toBeLessThan(50);
  });

  it("is of one room alone", async () => {
    const { port } = await startServer({ leaveGraceMs: 50 });
    const other = await joinRoom(port, "other", "other");
    const alice = await joinRoom(port, "alice");
    const bob = await joinRoom(port, "bob");
    await alice.next("presence");
    bob.socket.destroy();
    await alice.next("presence");
    expect(other.all("presence")).toEqual([]);
  });

  it("never tells of one who vanished and is back in time", async () => {
    const { port } = await startServer({ leaveGraceMs: 600 });
    const alice = await joinRoom(port, "alice");
    const bob = await joinRoom(port, "bob");
    await alice.next("presence");
    const session = bob.all("connected")[0]?.session;
    for (let time = 0; time < 3; time++) {
      (time === 0 ? bob : await backAgain()).socket.destroy();
      while ((await usersOf(alice)).includes("bob"));
    }
    await backAgain();
    // Long after every grace: carol's coming is the next that is told.
    await new Promise((resolve) => setTimeout(resolve, 800));
    await joinRoom(port, "carol");
    expect(await alice.next("presence")).toMatchObject({ joined: ["carol"], left: [], memberCount: 3 });

    async function backAgain(): Promise<Peer> {
      const back = await openPeer(port);
      back.send({ type: "connect", name: "Bob", room: "lab", session });
      await back.next("joined");
      return back;
    }
  });

  it("tells both when somebody else takes the name of one who vanished", async () => {
    const { port } = await startServer({ leaveGraceMs: hour });
    const alice = await joinRoom(port, "alice");
    const bob = await joinRoom(port, "bob");
    await alice.next("presence");
    bob.socket.destroy();
    while ((await usersOf(alice)).includes("bob"));
    await joinRoom(port, "BOB");
    expect(await alice.next("presence")).toMatchObject({ joined: ["BOB"], left: ["bob"], memberCount: 2 });
  });

  it("comes less often to very many, and its count is right", () => {
    jest.useFakeTimers();
    const lines: string[] = [];
    const presence = new Presence({
      room: "lab",
      maxNames: 3,
      graceMs: 5000,
      countMembers: () => 10_000,
      tell: (line) => void lines.push(Buffer.from(line).toString()),
    });
    for (let n = 0; n < 1000; n++) {
      presence.joined({ name: `p${n}`, sender: `s${n}` });
      jest.advanceTimersByTime(10);
    }
    presence.close();
    jest.useRealTimers();
    expect(lines.length).toBeLessThanOrEqual(5);
    for (const line of lines.slice(1)) expect(JSON.parse(line)).toMatchObject({ joined: { length: 3 } });
  });
});

async function usersOf(peer: Peer): Promise<unknown[]> {
  return (await peer.ask({ type: "users", id: `u${Math.random()}` })).users as unknown[];
}

/** Waits until what was joined last may tell again: another room that was joined later tells by its own timer. */
async function restRooms(port: number): Promise<void> {
  const watcher = await joinRoom(port, "watcher", "elsewhere");
  await joinRoom(port, "passer", "elsewhere");
  await watcher.next("presence");
}
