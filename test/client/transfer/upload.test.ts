// Uploads that break off and go on, against a real server: what it has told to be on its disk is not sent again, and
// nothing is shown that is not whole.

import { createHash, randomBytes } from "node:crypto";
import { appendFile, readFile, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openSession, type SessionOptions } from "../../../client/session/connect.js";
import { download } from "../../../client/transfer/download.js";
import { maxKeptBytes } from "../../../client/transfer/piped.js";
import type { Session } from "../../../client/session/session.js";
import type { Progress } from "../../../client/transfer/transfer.js";
import { upload, uploadFrom } from "../../../client/transfer/upload.js";
import { cleanUp } from "../../support/cleanup.js";
import { startFlakyNetwork } from "../../support/flaky-network.js";
import { startServer, temporaryFolder } from "../../support/server.js";
import { until } from "../../support/until.js";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const MiB = 1024 * 1024;

async function joinLab(port: number, options: SessionOptions = {}): Promise<Session> {
  const waits = { firstMs: 1, longestMs: 5 };
  const session = await openSession({ port, name: "alice", room: "lab", waits, ...options });
  cleanUp(() => session.close());
  return session;
}

async function localFile(bytes: Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(), "file.bin");
  await writeFile(path, bytes);
  return path;
}

/** Where the server said to go on from, and what it told to be on its disk. */
function listenTo(session: Session): { offsets: number[]; durable: () => number } {
  const offsets: number[] = [];
  let durable = 0;
  session.onLine((line) => {
    const { type, offset } = line as { type: string; offset: number };
    if (type === "uploading") offsets.push(offset);
    if (type === "progress") durable = offset;
  });
  return { offsets, durable: () => durable };
}

/** Cuts the network whenever so many bytes more were taken. */
function cutEvery(network: { cut: () => void }, bytes: number, times: number): (progress: Progress) => void {
  let cuts = 0;
  return (progress) => {
    if (progress.bytes < (cuts + 1) * bytes || cuts === times) return;
    cuts += 1;
    network.cut();
  };
}

async function content(session: Session): Promise<Buffer> {
  const saved = await download(session, { name: "file.bin" }, { folder: await temporaryFolder() });
  return readFile(saved.path);
}

/** Breaks an upload off when so much of it is on the server's disk, as a killed client would. */
async function breakOff(port: number, path: string, bytes: number): Promise<Session> {
  const session = await joinLab(port);
  const came = listenTo(session);
  const suspend = new AbortController();
  const onProgress = () => {
    if (came.durable() >= bytes) suspend.abort(new Error("killed"));
  };
  await expect(upload(session, path, { suspend: suspend.signal, onProgress })).rejects.toThrow("killed");
  await session.close();
  return session;
}

describe("An upload", () => {
  it("goes on by itself after every cut of the network, and is in the room once", async () => {
    const { port } = await startServer();
    const network = await startFlakyNetwork(port);
    const alice = await joinLab(network.port);
    const bytes = randomBytes(30 * MiB);
    const came = listenTo(alice);
    const onProgress = cutEvery(network, 8 * MiB, 3);
    const entry = await upload(alice, await localFile(bytes), { onProgress });
    expect(entry).toMatchObject({ version: 1, size: bytes.length, sha256: sha256(bytes) });
    expect((await content(alice)).equals(bytes)).toBe(true);
    expect((await alice.files()).files).toHaveLength(1);
    expect(came.offsets).toHaveLength(4);
    expect(Math.min(...came.offsets.slice(1))).toBeGreaterThan(0);
  });

  it("goes on in another process of the same sender, and sends nothing that was acknowledged", async () => {
    const { port } = await startServer();
    const bytes = randomBytes(40 * MiB);
    const path = await localFile(bytes);
    const { secret } = await breakOff(port, path, 8 * MiB);
    const alice = await joinLab(port, { session: secret });
    const came = listenTo(alice);
    await upload(alice, path);
    expect(came.offsets).toEqual([expect.any(Number)]);
    expect(came.offsets[0]).toBeGreaterThanOrEqual(8 * MiB);
    expect((await content(alice)).equals(bytes)).toBe(true);
  });

  it("begins anew by itself when what the server has was of another file of that name and size", async () => {
    const { port } = await startServer();
    const path = await localFile(randomBytes(40 * MiB));
    const { secret } = await breakOff(port, path, 8 * MiB);
    const bytes = randomBytes(40 * MiB);
    await writeFile(path, bytes);
    const alice = await joinLab(port, { session: secret });
    const came = listenTo(alice);
    expect(await upload(alice, path)).toMatchObject({ version: 1 });
    expect(came.offsets).toEqual([expect.any(Number), 0]);
    expect((await content(alice)).equals(bytes)).toBe(true);
  });

  it.each([
    ["grows", (path: string) => appendFile(path, "more"), "changed"],
    ["shrinks", (path: string) => truncate(path, 5), "became shorter"],
    ["is written to", (path: string) => writeFile(path, "other", { flag: "r+" }), "changed"],
  ])("of a file that %s is refused in a sentence, and nothing of it is shown", async (_how, spoil, what) => {
    const { port } = await startServer();
    const alice = await joinLab(port);
    const path = await localFile(Buffer.alloc(8 * MiB));
    await utimes(path, 1, 1);
    let spoiled: Promise<void> | undefined;
    const onProgress = () => {
      alice.hold((spoiled ??= spoil(path)));
    };
    await expect(upload(alice, path, { onProgress })).rejects.toMatchObject({
      code: "bad-file",
      message: `file.bin ${what} while it was sent; it is not uploaded.`,
    });
    expect((await alice.files()).files).toEqual([]);
    await alice.say("still here");
  });

  it("that is cancelled is forgotten by the server, too", async () => {
    const { port } = await startServer();
    const alice = await joinLab(port);
    const path = await localFile(Buffer.alloc(20 * MiB));
    const stop = new AbortController();
    const onProgress = () => {
      stop.abort(new Error("enough"));
    };
    await expect(upload(alice, path, { signal: stop.signal, onProgress })).rejects.toThrow("enough");
    const came = listenTo(alice);
    await upload(alice, path);
    expect(came.offsets).toEqual([0]);
  });
});

/** Pieces of a pipe, of odd sizes. */
async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 100_001) {
    await new Promise((resolve) => setImmediate(resolve));
    yield bytes.subarray(at, at + 100_001);
  }
}

describe("What comes from a pipe", () => {
  it.each([0, 1, 3 * MiB])("is uploaded when it has ended: %d bytes", async (size) => {
    const { port } = await startServer();
    const alice = await joinLab(port);
    const bytes = randomBytes(size);
    const entry = await uploadFrom(alice, pieces(bytes), { name: "file.bin" });
    expect(entry).toMatchObject({ name: "file.bin", size, sha256: sha256(bytes) });
    expect((await content(alice)).equals(bytes)).toBe(true);
  });

  it("goes on after every cut of the network, from memory", async () => {
    const { port } = await startServer();
    const network = await startFlakyNetwork(port);
    const alice = await joinLab(network.port);
    const bytes = randomBytes(40 * MiB);
    const onProgress = cutEvery(network, 9 * MiB, 4);
    const entry = await uploadFrom(alice, pieces(bytes), { name: "file.bin", onProgress });
    expect(entry).toMatchObject({ version: 1, sha256: sha256(bytes) });
    expect((await content(alice)).equals(bytes)).toBe(true);
  });

  it("is not gone on with by another pipe of that name", async () => {
    const { port } = await startServer();
    const network = await startFlakyNetwork(port);
    const first = await joinLab(network.port, { reconnectForMs: 0 });
    const came = listenTo(first);
    const onProgress = () => {
      if (came.durable() >= 8 * MiB) network.cut();
    };
    const broken = uploadFrom(first, pieces(randomBytes(40 * MiB)), { name: "file.bin", onProgress });
    await expect(broken).rejects.toMatchObject({ code: "connection-lost" });
    const alice = await joinLab(port, { session: first.secret });
    const bytes = randomBytes(40 * MiB);
    expect(await uploadFrom(alice, pieces(bytes), { name: "file.bin" })).toMatchObject({ version: 1 });
    expect((await content(alice)).equals(bytes)).toBe(true);
  });

  it("is read no further than can be kept while the connection is away", async () => {
    const { port } = await startServer();
    const network = await startFlakyNetwork(port);
    const alice = await joinLab(network.port);
    const bytes = randomBytes(60 * MiB);
    let read = 0;
    async function* counted(): AsyncGenerator<Buffer> {
      for await (const piece of pieces(bytes)) {
        read += piece.length;
        yield piece;
      }
    }
    network.freeze();
    const uploading = uploadFrom(alice, counted(), { name: "file.bin" });
    await until(() => read > maxKeptBytes);
    for (let turn = 0; turn < 1000; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(read).toBeLessThan(maxKeptBytes + MiB);
    network.thaw();
    expect(await uploading).toMatchObject({ size: bytes.length });
  });
});
