// `ack`: a download with a window keeps that much beyond what its client says it has, and no more.

import { joinRoom, type Peer } from "../../support/peer.js";
import { startServer, type TestServerOptions } from "../../support/server.js";
import { until } from "../../support/until.js";
import { chunkBytes, sha256, someBytes, uploadFile } from "./transfers.js";

const bytes = someBytes(20 * chunkBytes + 7);

async function downloading(window: number, options: TestServerOptions = {}) {
  const { port, mistakes } = await startServer(options);
  const peer = await joinRoom(port, "peer");
  await uploadFile(peer, "a", bytes);
  peer.send({ type: "download", id: "d", name: "a", window });
  await peer.next("downloading");
  return { port, peer, mistakes };
}

const chunksOf = (peer: Peer) => peer.all("chunk").filter(({ id }) => id === "d");
const endOf = (peer: Peer) =>
  chunksOf(peer).reduce((sum, { data }) => sum + Buffer.from(String(data), "base64").length, 0);

/** What has come, a chunk at least, when the server has had every chance to send more. */
async function settledAt(peer: Peer): Promise<number> {
  await until(() => endOf(peer) > 0);
  for (let before = -1; before < endOf(peer);) {
    before = endOf(peer);
    for (let n = 0; n < 5; n++) await peer.ask({ type: "ping", id: "p" });
  }
  return endOf(peer);
}

describe("ack", () => {
  it.each([
    ["less than a chunk", 1, 1],
    ["a chunk", chunkBytes, 1],
    ["a chunk and a half", chunkBytes * 1.5, 1],
    ["three chunks", 3 * chunkBytes, 3],
    ["seven chunks, less a byte", 7 * chunkBytes - 1, 6],
  ])("with a window of %s, so much is sent beyond it, and all arrives", async (_what, window, chunks) => {
    const { peer } = await downloading(window);
    for (let acked = 0; acked < bytes.length;) {
      const allowed = Math.min(acked + chunks * chunkBytes, bytes.length);
      await until(() => endOf(peer) >= allowed);
      expect(await settledAt(peer)).toBe(allowed);
      acked = allowed;
      peer.send({ type: "ack", id: "d", offset: acked });
    }
    const got = Buffer.concat(chunksOf(peer).map(({ data }) => Buffer.from(String(data), "base64")));
    expect(sha256(got)).toBe(sha256(bytes));
    expect(chunksOf(peer).at(-1)).toMatchObject({ last: true });
    expect(peer.all("error")).toEqual([]);
  });

  it("counts from the offset that a download resumes at", async () => {
    const { peer } = await downloading(1);
    peer.send({ type: "cancel", id: "d" });
    await peer.next("cancelled");
    peer.forget();
    const offset = 10 * chunkBytes + 3;
    peer.send({
      type: "download",
      id: "d",
      name: "a",
      window: 2 * chunkBytes,
      offset,
      sha256: sha256(bytes),
    });
    await peer.next("downloading");
    expect(await settledAt(peer)).toBe(2 * chunkBytes);
    expect(chunksOf(peer)[0]).toMatchObject({ offset });
  });

  it("means nothing when it goes back, runs ahead, or is of a download that is not there; none is answered", async () => {
    const { peer } = await downloading(2 * chunkBytes);
    expect(await settledAt(peer)).toBe(2 * chunkBytes);
    const acks = [
      { type: "ack", id: "d", offset: 0 },
      { type: "ack", id: "d", offset: 3 * chunkBytes },
      { type: "ack", id: "d", offset: bytes.length },
      { type: "ack", id: "other", offset: 2 * chunkBytes },
      { type: "ack", id: "__proto__", offset: 2 * chunkBytes },
    ];
    expect(await peer.answersTo(...acks)).toEqual([]);
    expect(await settledAt(peer)).toBe(2 * chunkBytes);
  });

  it.each([
    { type: "ack", offset: 1 },
    { type: "ack", id: "d" },
    { type: "ack", id: "d", offset: -1 },
    { type: "ack", id: "d", offset: 1.5 },
    { type: "download", id: "w", name: "a", window: 0 },
    { type: "download", id: "w", name: "a", window: "1" },
  ])("%j is a bad-message", async (request) => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    expect(await peer.answersTo(request)).toMatchObject([{ code: "bad-message" }]);
  });

  it("keeps nobody's chat waiting, nor other downloads, and a cancel ends the wait", async () => {
    const { port, peer } = await downloading(chunkBytes);
    const talker = await joinRoom(port, "talker");
    expect(await settledAt(peer)).toBe(chunkBytes);
    talker.send({ type: "message", text: "hi" });
    await peer.next("message");
    peer.send({ type: "download", id: "free", name: "a" });
    await peer.next(({ id, last }) => id === "free" && last === true);
    expect(endOf(peer)).toBe(chunkBytes);
    expect(await peer.ask({ type: "cancel", id: "d" })).toEqual({ type: "cancelled", id: "d" });
    peer.send({ type: "ack", id: "d", offset: chunkBytes });
    expect(await settledAt(peer)).toBe(chunkBytes);
  });

  it("that does not come for too long ends the connection as stalled, which is worth trying again", async () => {
    const { peer } = await downloading(chunkBytes, { stallMs: 300 });
    await peer.ended;
    expect(peer.received.at(-1)).toMatchObject({ type: "bye", code: "stalled", retry: true });
    expect(endOf(peer)).toBe(chunkBytes);
  });

  it("that comes in time does not, however slow all of it is", async () => {
    const { peer } = await downloading(chunkBytes, { stallMs: 1500 });
    const beganMs = performance.now();
    for (let acked = 0; acked < bytes.length;) {
      await until(() => endOf(peer) > acked);
      acked = endOf(peer);
      // Longer than that in all.
      const pauseMs = performance.now() + 100;
      await until(() => performance.now() > pauseMs);
      peer.send({ type: "ack", id: "d", offset: acked });
    }
    expect(performance.now() - beganMs).toBeGreaterThan(1500);
    expect(peer.all("bye")).toEqual([]);
  });
});
