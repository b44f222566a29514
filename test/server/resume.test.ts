// Uploads that are gone on with, as their clients see it: over another connection, after a restart, and while the older
// connection looks alive (HOSTILE F1, F4, F5, F7).

import { comeBack, joinRoom, type Peer } from "../support/peer.js";
import { expectNoOrphans } from "../support/files-on-disk.js";
import { startServer, temporaryFolder } from "../support/server.js";
import {
  beginUpload,
  chunkBytes,
  chunksOf,
  downloadFile,
  sha256,
  someBytes,
  uploadFile,
} from "./handlers/transfers.js";

const bytes = someBytes(5 * chunkBytes + 9);
const hash = sha256(bytes);
const request = { type: "upload", id: "u", name: "a", size: bytes.length };
const chunkAt = (upload: string, offset: number) => ({
  type: "chunk",
  upload,
  offset,
  data: bytes.toString("base64", offset, Math.min(offset + chunkBytes, bytes.length)),
});

/** Begins or goes on with the upload; what it is called and where it is. */
async function begin(peer: Peer, fields: object = {}): Promise<{ upload: string; offset: number }> {
  const answer = await peer.ask({ ...request, ...fields });
  expect(answer).toMatchObject({ type: "uploading" });
  return { upload: String(answer.upload), offset: Number(answer.offset) };
}

/** Sends all that is missing. */
function sendRest(peer: Peer, { upload, offset }: { upload: string; offset: number }): void {
  for (let at = offset; at < bytes.length; at += chunkBytes) peer.send(chunkAt(upload, at));
}

async function half(): Promise<{
  port: number;
  dataFolder: string;
  alice: Peer;
  upload: string;
  taken: number;
}> {
  const { port, dataFolder } = await startServer();
  const alice = await joinRoom(port, "alice");
  const { upload } = await begin(alice);
  const taken = 2 * chunkBytes;
  await alice.answersTo(chunkAt(upload, 0), chunkAt(upload, chunkBytes));
  return { port, dataFolder, alice, upload, taken };
}

describe("An upload", () => {
  it("goes on over another connection of the same session, under another id, and makes one entry", async () => {
    const { port, alice, upload, taken } = await half();
    alice.socket.resetAndDestroy();
    const again = await comeBack(port, alice);
    const next = await begin(again);
    expect(next.offset).toBe(taken);
    expect(next.upload).not.toBe(upload);
    sendRest(again, next);
    expect(await again.next("file")).toMatchObject({ seq: 1, id: "u", version: 1, sha256: hash });
    expect((await downloadFile(again, { id: "d", name: "a" })).bytes.equals(bytes)).toBe(true);
  });

  it("is never told to go back behind an offset that progress has told, whatever breaks", async () => {
    const dataFolder = await temporaryFolder();
    let server = await startServer({ dataFolder });
    let peer = await joinRoom(server.port, "alice");
    let told = 0;
    for (let at = 0; at + chunkBytes < bytes.length; at = told) {
      const { upload, offset } = await begin(peer);
      expect(offset).toBeGreaterThanOrEqual(told);
      peer.send(chunkAt(upload, offset));
      // Only the offset has grown: a chunk is less than a quarter of the window.
      const progress = await peer.next("progress");
      expect(progress).toEqual({
        type: "progress",
        upload,
        received: offset + chunkBytes,
        offset: offset + chunkBytes,
      });
      told = Number(progress.offset);
      await server.close();
      server = await startServer({ dataFolder });
      peer = await comeBack(server.port, peer);
    }
    sendRest(peer, await begin(peer));
    expect(await peer.next("file")).toMatchObject({ sha256: hash });
    await expectNoOrphans(dataFolder);
  });

  it("is the newer connection's while the older looks alive: its chunks say upload-not-found, once", async () => {
    const { port, alice, upload, taken } = await half();
    const newer = await comeBack(port, alice);
    const next = await begin(newer);
    expect(next.offset).toBe(taken);
    // The older is sent away by the session, and what it still says means nothing.
    alice.send(chunkAt(upload, taken));
    sendRest(newer, next);
    expect(await newer.next("file")).toMatchObject({ sha256: hash });
  });

  it("begun again on the same connection fences what was begun there before, which takes no place", async () => {
    const { alice, upload, taken } = await half();
    let next = await begin(alice);
    for (let n = 0; n < 20; n++) next = await begin(alice);
    expect(next.offset).toBe(taken);
    const answers = await alice.answersTo(
      chunkAt(upload, taken),
      { type: "finish", id: "f", upload },
      { type: "cancel", id: "c", upload },
    );
    expect(answers.map(({ code, id }) => [code, id])).toEqual([
      ["upload-not-found", undefined],
      ["upload-not-found", "f"],
      ["upload-not-found", "c"],
    ]);
    sendRest(alice, next);
    expect(await alice.next("file")).toMatchObject({ sha256: hash });
  });

  it("of another person, name, size, room or hash begins from nothing, and the first goes on", async () => {
    const { port, alice, upload, taken } = await half();
    const bob = await joinRoom(port, "bob");
    expect((await begin(bob)).offset).toBe(0);
    expect((await begin(alice, { name: "b" })).offset).toBe(0);
    expect((await begin(alice, { size: bytes.length + 1 })).offset).toBe(0);
    await alice.ask({ type: "join", id: "j", room: "other" });
    expect((await begin(alice, { room: "other" })).offset).toBe(0);
    sendRest(alice, { upload, offset: taken });
    expect(await alice.next("file")).toMatchObject({ sha256: hash, room: "lab" });
  });

  it("that went on with other bytes than it began with is found out by its hash, and begins anew", async () => {
    const { port, alice } = await half();
    alice.socket.resetAndDestroy();
    const again = await comeBack(port, alice);
    const { upload, offset } = await begin(again);
    const changed = someBytes(bytes.length, 7);
    const chunks = chunksOf(upload, changed).filter((chunk) => chunk.offset >= offset);
    const answers = await again.answersTo(
      ...chunks.map((chunk) => ({ ...chunk, ...(chunk === chunks.at(-1) && { sha256: sha256(changed) }) })),
    );
    expect(answers.filter(({ type }) => type === "error")).toMatchObject([{ code: "hash-mismatch", upload }]);
    expect(await again.ask({ type: "files", id: "f" })).toMatchObject({ files: [] });
    expect((await begin(again)).offset).toBe(0);
  });

  it("of a pipe goes on by the id of its request", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    const pipe = { size: undefined, id: "pipe" };
    const { upload } = await begin(alice, pipe);
    await alice.answersTo(chunkAt(upload, 0));
    alice.socket.resetAndDestroy();
    const again = await comeBack(port, alice);
    expect((await begin(again, { ...pipe, id: "another" })).offset).toBe(0);
    const next = await begin(again, pipe);
    expect(next.offset).toBe(chunkBytes);
    sendRest(again, next);
    expect(await again.answersTo({ type: "finish", upload: next.upload, sha256: hash })).toContainEqual(
      expect.objectContaining({ type: "file", sha256: hash, id: "pipe" }),
    );
  });

  it("needs no byte of what the room has under its hash, and is told nothing of what only another room has", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    await uploadFile(alice, "a", bytes);
    const bob = await joinRoom(port, "bob");
    bob.send({ ...request, name: "copy", sha256: hash });
    expect(await bob.next("uploading")).toMatchObject({ offset: bytes.length });
    expect(await bob.next("file")).toMatchObject({ name: "copy", sha256: hash, from: "bob" });
    const mallory = await joinRoom(port, "mallory", "other");
    const known = await mallory.ask({ ...request, sha256: hash });
    const unknown = await mallory.ask({ ...request, id: "v", sha256: sha256(Buffer.from("x")) });
    expect({ ...known, id: "", upload: "" }).toEqual({ ...unknown, id: "", upload: "" });
    expect(known).toMatchObject({ type: "uploading", offset: 0 });
  });

  it("is cancelled for good", async () => {
    const { alice, dataFolder, upload } = await half();
    expect(await alice.ask({ type: "cancel", id: "c", upload })).toMatchObject({ type: "cancelled", upload });
    expect((await begin(alice)).offset).toBe(0);
    await expectNoOrphans(dataFolder);
  });
});

describe("Uploads that nobody finishes", () => {
  it("are refused past a hundred of one person, over all connections, and a cancel makes room", async () => {
    const { port } = await startServer();
    let peer = await joinRoom(port, "alice");
    for (let n = 0; n < 100; n++) {
      if (n % 16 === 0) peer = await comeBack(port, peer);
      await beginUpload(peer, { id: `${n}`, name: `${n}`, size: 9 });
    }
    peer = await comeBack(port, peer);
    const next = { ...request, name: "next" };
    expect(await peer.ask(next)).toMatchObject({ type: "error", code: "too-many", id: "u" });
    const upload = await beginUpload(peer, { id: "again", name: "5", size: 9 });
    await peer.ask({ type: "cancel", id: "c", upload });
    expect(await peer.ask(next)).toMatchObject({ type: "uploading" });
  });

  it("take their bytes from the quota, which no race exceeds, until they are cancelled", async () => {
    const { port, dataFolder } = await startServer({ quotas: { roomBytes: 100 } });
    const peers = await Promise.all(["a", "b", "c", "d", "e"].map((name) => joinRoom(port, name)));
    const answers = await Promise.all(
      peers.flatMap(async (peer) => {
        const ids = Array.from({ length: 10 }, (_, n) => `${n}`);
        const asked = ids.map((id) => ({ type: "upload", id, name: id, size: 10 }));
        return peer.answersTo(asked.map((one) => `${JSON.stringify(one)}\n`).join(""));
      }),
    );
    const begun = answers.flat().filter(({ type }) => type === "uploading");
    expect(begun).toHaveLength(10);
    expect(answers.flat().filter(({ code }) => code === "quota-exceeded")).toHaveLength(40);
    const whole = { type: "upload", id: "w", name: "w", data: "aGVsbG8=" };
    expect(await peers[0]?.ask(whole)).toMatchObject({ type: "error", code: "quota-exceeded", id: "w" });
    const owner = peers[answers.findIndex((of) => of.includes(begun[0] ?? { type: "" }))];
    await owner?.ask({ type: "cancel", id: "c", upload: String(begun[0]?.upload) });
    expect(await peers[0]?.ask({ ...whole, id: "x" })).toMatchObject({ type: "file" });
    await expectNoOrphans(dataFolder);
  });

  it("of no known size end with the quota, once, with their upload named, and leave nothing", async () => {
    const { port, dataFolder } = await startServer({ quotas: { senderBytes: chunkBytes } });
    const peer = await joinRoom(port, "peer");
    const upload = await beginUpload(peer, { id: "pipe", name: "pipe" });
    const answers = await peer.answersTo(...chunksOf(upload, bytes), { type: "finish", upload });
    expect(answers.filter(({ code }) => code === "quota-exceeded")).toMatchObject([{ upload, id: "pipe" }]);
    expect(await peer.ask({ type: "files", id: "f" })).toMatchObject({ files: [] });
    expect(await peer.ask({ type: "upload", id: "pipe", name: "pipe" })).toMatchObject({ offset: 0 });
    await expectNoOrphans(dataFolder);
  });
});
