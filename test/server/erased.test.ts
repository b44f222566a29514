// What was deleted does not come out of the server's memory: not to those who come back, nor to those who are behind.

import { Room } from "../../server/room.js";
import { bodyOf } from "../../shared/entry.js";
import { parseRoomName } from "../../shared/names.js";
import { joinRoom } from "../support/peer.js";
import { roomParts } from "../support/room-parts.js";
import { openTestEngine, startServer, temporaryFolder } from "../support/server.js";

const lab = parseRoomName("lab");

describe("A room in which something is deleted", () => {
  it("gives the deleted line to who comes back, although the page was read before", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    await alice.answersTo(...["one", "secret", "three"].map((text) => ({ type: "message", text })));
    const bob = await joinRoom(port, "bob");
    const before = await bob.answersTo({ type: "join", room: "lab", since: 0 });
    expect(JSON.stringify(before)).toContain("secret");
    await alice.answersTo({ type: "delete", target: 2 });
    const after = await bob.answersTo({ type: "join", room: "lab", since: 0 });
    const message = after.find(({ type, seq }) => type === "message" && seq === 2);
    expect(message).toEqual({
      type: "message",
      room: "lab",
      seq: 2,
      time: message?.time,
      from: "alice",
      deleted: true,
    });
    expect(JSON.stringify(after)).not.toContain("secret");
  });

  it("keeps no line from before it for those who are behind", async () => {
    const engine = await openTestEngine(await temporaryFolder());
    const room = await Room.open(lab, roomParts(engine.log));
    const said = { sender: "s", id: undefined };
    const say = (text: string) =>
      room.record({ ...said, type: "message", body: bodyOf({ from: "alice", text }) });
    await say("one");
    await say("secret");
    await say("three");
    const textOf = (after: number) => Buffer.from(room.recent(after)?.bytes ?? []).toString();
    expect(textOf(1)).toContain("secret");
    await room.record({ ...said, type: "delete", body: bodyOf({ from: "alice", target: 2 }), target: 2 });
    expect(room.recent(0)).toBeUndefined();
    expect(room.recent(1)).toBeUndefined();
    expect(textOf(2)).toContain("three");
  });
});
