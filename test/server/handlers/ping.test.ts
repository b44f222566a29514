import { joinRoom, openPeer } from "../../support/peer.js";
import { startServer } from "../../support/server.js";

describe("ping", () => {
  it("is answered before connect and after, with the time", async () => {
    const { port } = await startServer();
    const peer = await openPeer(port);
    const pong = await peer.ask({ type: "ping", id: "p" });
    expect(pong).toEqual({ type: "pong", id: "p", time: pong.time });
    expect(await (await joinRoom(port, "al")).ask({ type: "ping", id: "p" })).toMatchObject({ type: "pong" });
  });
});
