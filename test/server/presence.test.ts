// Who came and who went, as a room is told.

import { joinRoom, openPeer, type Peer } from "../support/peer.js";
import { startServer } from "../support/server.js";

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

  it.each<[string, (peer: Peer) => unknown]>([
    ["quits", (peer) => peer.send({ type: "quit" })],
    ["leaves", (peer) => peer.send({ type: "leave" })],
    ["ends its input", (peer) => peer.socket.end()],
    ["is killed", (peer) => peer.socket.destroy()],
    ["is reset", (peer) => peer.socket.resetAndDestroy()],
  ])("tells when one %s", async (_how, go) => {
    const { port } = await startServer();
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
    const { port } = await startServer();
    const other = await joinRoom(port, "other", "other");
    const alice = await joinRoom(port, "alice");
    const bob = await joinRoom(port, "bob");
    await alice.next("presence");
    bob.socket.destroy();
    await alice.next("presence");
    expect(other.all("presence")).toEqual([]);
  });
});

/** Waits until what was joined last may tell again: another room that was joined later tells by its own timer. */
async function restRooms(port: number): Promise<void> {
  const watcher = await joinRoom(port, "watcher", "elsewhere");
  await joinRoom(port, "passer", "elsewhere");
  await watcher.next("presence");
}
