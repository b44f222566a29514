import { joinRoom, openPeer } from "../support/peer.js";
import { startServer } from "../support/server.js";

describe("Connection", () => {
  it("answers a half-closed peer completely, then says bye", async () => {
    const { port } = await startServer();
    const peer = await openPeer(port);
    peer.socket.end(
      '{"type":"connect","name":"al","room":"lab"}\n{"type":"message","id":"m","text":"hi"}\n{"type":"history"}',
    );
    await peer.ended;
    const types = peer.received.map(({ type }) => type);
    expect(types).toEqual(["connected", "joined", "message", "history", "message", "bye"]);
  });

  it("delivers what one says to all in the room, the sender included", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    const bob = await joinRoom(port, "bob");
    alice.send({ type: "message", id: "m1", text: "hi" });
    const mine = await alice.next("message");
    expect(mine).toMatchObject({ room: "lab", seq: 1, from: "alice", id: "m1", text: "hi" });
    expect(await bob.next("message")).toEqual(mine);
  });
});
