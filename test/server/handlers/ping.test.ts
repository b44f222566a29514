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

  it("brings the session anew to one who is connected for long, once an hour, and the new one is as good", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    const ping = async () => (await alice.ask({ type: "ping", id: "p" + String(Math.random()) })).session;
    expect(await ping()).toBeUndefined();
    const now = Date.now();
    const clock = jest.spyOn(Date, "now").mockImplementation(() => now + 30 * 3_600_000);
    const renewed = await ping();
    expect(renewed).toEqual(expect.any(String));
    expect(await ping()).toBeUndefined();
    const again = await openPeer(port);
    const connected = await again.ask({ type: "connect", id: "c", name: "alice", session: renewed });
    clock.mockRestore();
    expect(connected).toMatchObject({ resumed: true });
  });
});
