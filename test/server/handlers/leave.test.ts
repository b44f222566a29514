// `leave`: the end of a membership, after everything that was asked before.

import { unfinishedIn } from "../../support/files-on-disk.js";
import { joinRoom } from "../../support/peer.js";
import { startServer } from "../../support/server.js";
import { beginUpload, someBytes, uploadFile } from "./transfers.js";

describe("leave", () => {
  it("answers left after the answers to all earlier requests, and gives nothing more of the room", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    const bob = await joinRoom(port, "bob");
    const file = { type: "upload", name: "a", data: someBytes(1000).toString("base64") };
    alice.send(
      [
        { type: "message", id: "m", text: "hi" },
        { ...file, id: "u" },
        { type: "history", id: "h" },
        { type: "files", id: "f" },
        { type: "leave", id: "l" },
        { type: "message", id: "late", text: "hi" },
      ]
        .map((request) => `${JSON.stringify(request)}\n`)
        .join(""),
    );
    await alice.next("error");
    bob.send({ type: "message", text: "gone?" });
    await bob.next(({ text }) => text === "gone?");
    await alice.answersTo();
    const lines = alice.received.filter(({ id }) => typeof id === "string" && !id.startsWith("fence"));
    const ids = lines.map(({ id }) => id);
    expect(ids.slice(-2)).toEqual(["l", "late"]);
    expect(new Set(ids.slice(0, -2))).toEqual(new Set(["m", "u", "h", "f"]));
    expect(lines.at(-1)).toMatchObject({ code: "not-in-room" });
    expect(alice.received.some(({ text }) => text === "gone?")).toBe(false);
  });

  it("tells the others, and leaves the connection in its other rooms", async () => {
    const { port } = await startServer();
    const bob = await joinRoom(port, "bob");
    const alice = await joinRoom(port, "alice");
    await bob.next("presence");
    await alice.ask({ type: "join", id: "j", room: "other" });
    expect(await alice.ask({ type: "leave", id: "l", room: "LAB" })).toEqual({
      type: "left",
      id: "l",
      room: "lab",
    });
    expect(await bob.next("presence")).toMatchObject({ left: ["alice"], memberCount: 1 });
    expect(await alice.ask({ type: "message", id: "m", text: "hi" })).toMatchObject({ room: "other" });
    expect(await alice.ask({ type: "leave", id: "l", room: "lab" })).toMatchObject({ code: "not-in-room" });
  });

  it("cancels the transfers of that room, and tells so", async () => {
    const { port, dataFolder } = await startServer();
    const peer = await joinRoom(port, "peer", "files");
    await uploadFile(peer, "big", someBytes(12 * 1024 * 1024));
    await peer.ask({ type: "join", id: "j", room: "lab" });
    const here = await beginUpload(peer, { name: "here", size: 5, room: "lab" });
    const there = await beginUpload(peer, { name: "there", size: 5, room: "files" });
    peer.send({ type: "download", id: "d", name: "big", room: "files" });
    await peer.ask({ type: "leave", id: "l", room: "files" });
    const cancelled = peer.all("cancelled").map(({ id, upload }) => id ?? upload);
    expect(new Set(cancelled)).toEqual(new Set(["d", there]));
    const chunks = peer.all("chunk").length;
    await peer.answersTo({ type: "chunk", upload: here, offset: 0, data: "aGVsbG8=" });
    expect(peer.all("file").at(-1)).toMatchObject({ name: "here", room: "lab" });
    expect(peer.all("chunk")).toHaveLength(chunks);
    expect(peer.all("chunk").some(({ last }) => last === true)).toBe(false);
    // What came of it is kept for whoever comes back.
    expect(await unfinishedIn(dataFolder)).toHaveLength(1);
    await peer.ask({ type: "join", id: "j", room: "files" });
    expect(await peer.ask({ type: "upload", id: "u", name: "there", size: 5, room: "files" })).toMatchObject({
      type: "uploading",
      offset: 0,
    });
  });
});
