import { joinRoom, openPeer } from "../../support/peer.js";
import { startServer } from "../../support/server.js";
import { someBytes, uploadFile } from "./transfers.js";

describe("quit", () => {
  it("is answered by bye, the last line, before connect too", async () => {
    const { port } = await startServer();
    const peer = await openPeer(port);
    peer.send({ type: "quit", id: "q" });
    await peer.ended;
    expect(peer.received).toEqual([{ type: "bye", retry: false, id: "q" }]);
  });

  it("comes after the answers to everything before it, a download's end too", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    const bytes = someBytes(2 * 1024 * 1024);
    await uploadFile(peer, "a", bytes);
    peer.send(
      '{"type":"download","id":"d","name":"a"}\n{"type":"message","id":"m","text":"x"}\n{"type":"quit"}\n',
    );
    await peer.ended;
    const last = peer.all("chunk").at(-1);
    expect(last).toMatchObject({ id: "d", last: true });
    expect(peer.received.at(-1)).toEqual({ type: "bye", retry: false });
    expect(peer.all("message")).toHaveLength(1);
  });
});
