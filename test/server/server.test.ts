// RoomServer from its start to its end, and again on the same data folder.

import { comeBack, joinRoom, openPeer } from "../support/peer.js";
import { startServer } from "../support/server.js";
import {
  beginUpload,
  chunkBytes,
  chunksOf,
  downloadFile,
  someBytes,
  uploadFile,
} from "./handlers/transfers.js";

const run = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

describe("RoomServer, closed", () => {
  it("says bye to everybody, connected or not, and that it is worth trying again", async () => {
    const server = await startServer();
    const talking = await joinRoom(server.port, "talking");
    const inNoRoom = await openPeer(server.port);
    await inNoRoom.ask({ type: "connect", id: "c", room: null });
    const unconnected = await openPeer(server.port);
    await unconnected.ask({ type: "ping", id: "p" });
    const inHalfALine = await joinRoom(server.port, "half");
    inHalfALine.send('{"type":"mess');
    await server.close();
    for (const peer of [talking, inNoRoom, unconnected, inHalfALine]) {
      await peer.ended;
      expect(peer.received.at(-1)).toMatchObject({ type: "bye", code: "shutting-down", retry: true });
    }
    await expect(openPeer(server.port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("ends one who has said nothing at all", async () => {
    const server = await startServer();
    const silent = await openPeer(server.port);
    await joinRoom(server.port, "al");
    await server.close();
    await silent.ended;
  });

  it("keeps all that anybody was shown, and no more than was said", async () => {
    const server = await startServer();
    const writer = await joinRoom(server.port, "writer");
    const witness = await joinRoom(server.port, "witness");
    const lines = run(1, 5000).map((n) => `{"type":"message","id":"m${n}","text":"${n}"}\n`);
    for (let at = 0; at < lines.length; at += 100) writer.send(lines.slice(at, at + 100).join(""));
    await witness.next(({ seq }) => Number(seq) >= 1000);
    await server.close();
    await Promise.all([writer.ended, witness.ended]);
    const shown = witness.all("message");

    const reopened = await startServer({ dataFolder: server.dataFolder });
    const reader = await joinRoom(reopened.port, "reader");
    const head = Number(reader.all("joined")[0]?.head);
    expect(head).toBeGreaterThanOrEqual(shown.length);
    const kept = [];
    for (let after = 0; after < head; after += 500) {
      const [, ...entries] = await reader.answersTo({ type: "history", after, limit: 500 });
      kept.push(...entries);
    }
    expect(kept.map(({ seq, id }) => [seq, id])).toEqual(run(1, head).map((n) => [n, `m${n}`]));
    expect(kept.slice(0, shown.length)).toEqual(shown);
    expect(writer.all("message")).toEqual(kept.slice(0, writer.all("message").length));
  });

  it("goes on where it was: same epoch, same entries, next number, next version", async () => {
    const server = await startServer();
    const before = await joinRoom(server.port, "alice", "Lab");
    const bytes = someBytes(chunkBytes + 1);
    await before.ask({ type: "message", id: "m", text: "kept" });
    await uploadFile(before, "a.bin", bytes);
    const history = await before.answersTo({ type: "history", id: "h" });
    await server.close();

    const reopened = await startServer({ dataFolder: server.dataFolder });
    const after = await joinRoom(reopened.port, "alice", "LAB");
    expect(after.all("joined")).toMatchObject([
      { room: "Lab", epoch: before.all("joined")[0]?.epoch, head: 2, memberCount: 1 },
    ]);
    expect(await after.answersTo({ type: "history", id: "h" })).toEqual(history);
    expect((await downloadFile(after, { id: "d", name: "a.bin" })).bytes.equals(bytes)).toBe(true);
    expect(await after.ask({ type: "message", id: "n", text: "on" })).toMatchObject({ seq: 3 });
    expect(await after.ask({ type: "upload", id: "u", name: "A.BIN", data: "" })).toMatchObject({
      version: 2,
    });
  });

  it("keeps unfinished uploads, which nobody sees and their sender goes on with", async () => {
    const server = await startServer();
    const peer = await joinRoom(server.port, "peer");
    const bytes = someBytes(3 * chunkBytes);
    const upload = await beginUpload(peer, { name: "a", size: bytes.length });
    await peer.answersTo(...chunksOf(upload, bytes).slice(0, 2));
    await server.close();
    const reopened = await startServer({ dataFolder: server.dataFolder });
    const again = await comeBack(reopened.port, peer);
    expect(await again.ask({ type: "files", id: "f" })).toMatchObject({ files: [] });
    expect(await again.ask({ type: "upload", id: "u", name: "a", size: bytes.length })).toMatchObject({
      type: "uploading",
      offset: 2 * chunkBytes,
    });
  });

  it("does not wait for one who does not read", async () => {
    const server = await startServer();
    const peer = await joinRoom(server.port, "peer");
    await uploadFile(peer, "big", someBytes(12 * 1024 * 1024));
    peer.socket.pause();
    peer.send({ type: "download", id: "d", name: "big" });
    const other = await joinRoom(server.port, "other");
    await server.close();
    await other.ended;
    expect(other.received.at(-1)).toMatchObject({ type: "bye", retry: true });
  });
});
