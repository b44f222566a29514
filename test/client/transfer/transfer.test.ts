// Files through a real server, both ways; and what a bad server does to a transfer.

import { createHash, randomBytes } from "node:crypto";
import { readFile, readdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openSession } from "../../../client/session/connect.js";
import { download } from "../../../client/transfer/download.js";
import type { Session } from "../../../client/session/session.js";
import type { Progress } from "../../../client/transfer/transfer.js";
import { upload } from "../../../client/transfer/upload.js";
import type { Limits } from "../../../shared/limits.js";
import { cleanUp } from "../../support/cleanup.js";
import { startServer, temporaryFolder } from "../../support/server.js";
import { until } from "../../support/until.js";
import { startFakeServer, type FakePeer, type FakeServer, type Line as FakeLine } from "../fake-server.js";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

async function joinLab(port: number, name: string): Promise<Session> {
  const session = await openSession({ port, name, room: "lab" });
  cleanUp(() => session.close());
  return session;
}

async function localFile(bytes: Uint8Array, name = "file.bin"): Promise<string> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, bytes);
  return path;
}

describe("A file through the server", () => {
  it.each([0, 1, 49_151, 49_152, 49_153, 3_000_000])("arrives as it was sent: %d bytes", async (size) => {
    const { port } = await startServer();
    const [alice, bob] = [await joinLab(port, "alice"), await joinLab(port, "bob")];
    const bytes = randomBytes(size);
    const entry = await upload(alice, await localFile(bytes));
    expect(entry).toMatchObject({
      type: "file",
      from: "alice",
      name: "file.bin",
      size,
      sha256: sha256(bytes),
    });
    const folder = await temporaryFolder();
    const { path } = await download(bob, { name: "file.bin" }, { folder });
    expect((await readFile(path)).equals(bytes)).toBe(true);
    expect(await readdir(folder)).toEqual(["file.bin"]);
  });

  it("keeps a name with blanks and letters of any script", async () => {
    const { port } = await startServer();
    const alice = await joinLab(port, "alice");
    const name = "ünï – файл 😀 (1).txt";
    expect(await upload(alice, await localFile(Buffer.from("x"), name))).toMatchObject({ name });
    const folder = await temporaryFolder();
    expect(await download(alice, { name }, { folder })).toMatchObject({ path: join(folder, name) });
  });

  it("goes both ways at once on one connection, with talk between", async () => {
    const { port } = await startServer();
    const alice = await joinLab(port, "alice");
    const bytes = randomBytes(5_000_000);
    await upload(alice, await localFile(bytes, "first"));
    const folder = await temporaryFolder();
    const seen: string[] = [];
    alice.on("message", ({ text }) => seen.push(String(text)));
    alice.on("file", ({ name }) => seen.push(String(name)));
    const transfers = [
      upload(alice, await localFile(bytes, "second")),
      download(alice, { name: "first" }, { folder }),
      download(alice, { name: "first", version: 1 }, { folder }),
    ];
    await alice.say("meanwhile");
    await Promise.all(transfers);
    expect(seen).toEqual(["meanwhile", "second"]);
    for (const name of await readdir(folder)) {
      expect((await readFile(join(folder, name))).equals(bytes)).toBe(true);
    }
  });

  it("tells how far it is, to the end", async () => {
    const { port } = await startServer();
    const alice = await joinLab(port, "alice");
    const told: Progress[] = [];
    const onProgress = (progress: Progress) => told.push(progress);
    await upload(alice, await localFile(Buffer.alloc(2_000_000)), { onProgress });
    const uploads = told.splice(0);
    await download(alice, { name: "file.bin" }, { folder: await temporaryFolder(), onProgress });
    for (const steps of [uploads, told]) {
      const bytes = steps.map((step) => step.bytes);
      expect(bytes.length).toBeGreaterThan(1);
      expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
    }
    expect(told.at(-1)).toMatchObject({ direction: "download", name: "file.bin", bytes: 2_000_000 });
  });

  it("is refused by the server's own words", async () => {
    const { port } = await startServer({ limits: { fileBytes: 10 } });
    const alice = await joinLab(port, "alice");
    await expect(upload(alice, await localFile(Buffer.alloc(11)))).rejects.toMatchObject({
      code: "file-too-large",
    });
    const folder = await temporaryFolder();
    await expect(download(alice, { name: "nothing" }, { folder })).rejects.toMatchObject({
      code: "file-not-found",
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it("is taken back when it becomes shorter while it is sent, and the session goes on", async () => {
    const { port } = await startServer();
    const alice = await joinLab(port, "alice");
    const path = await localFile(Buffer.alloc(20_000_000));
    const onProgress = () => void truncate(path, 5).catch(() => undefined);
    await expect(upload(alice, path, { onProgress })).rejects.toMatchObject({ code: "bad-file" });
    expect((await alice.files()).files).toEqual([]);
    expect(await upload(alice, path)).toMatchObject({ size: 5 });
  });

  it("stops when told to, either way, and leaves nothing", async () => {
    const { port } = await startServer();
    const alice = await joinLab(port, "alice");
    const path = await localFile(Buffer.alloc(20_000_000));
    const folder = await temporaryFolder();
    const stopped = async (run: (options: object) => Promise<unknown>) => {
      const stop = new AbortController();
      const reason = new Error("enough");
      const onProgress = () => {
        stop.abort(reason);
      };
      await expect(run({ signal: stop.signal, onProgress })).rejects.toBe(reason);
    };
    await stopped((options) => upload(alice, path, options));
    expect((await alice.files()).files).toEqual([]);
    await upload(alice, path);
    await stopped((options) => download(alice, { name: "file.bin" }, { ...options, folder }));
    expect(await readdir(folder)).toEqual([]);
    await alice.say("still here");
  });
});

describe("An upload", () => {
  it("stays within a window of what the server has taken", async () => {
    const { session, peer } = await openPair();
    const size = 4_000_000;
    const uploading = upload(session, await localFile(Buffer.alloc(size)));
    const { id } = await peer.next("upload");
    peer.say({ type: "uploading", id, upload: "u", offset: 0 });
    const { windowBytes, chunkBytes } = session.limits;
    let end = 0;
    for (let received = 0; received < size; received = end) {
      while (end + chunkBytes <= received + windowBytes && end < size) {
        const chunk = await peer.next("chunk");
        expect(chunk.offset).toBe(end);
        end += Buffer.from(String(chunk.data), "base64").length;
      }
      // What the client has sent before it heard of the credit is all that it may send.
      const ping = session.ping();
      const { id: pingId } = await peer.next("ping");
      const chunks = peer.received.filter(({ type }) => type === "chunk");
      expect(chunks.length).toBe(Math.ceil(end / chunkBytes));
      peer.say(
        { type: "pong", id: pingId, time: "" },
        { type: "progress", upload: "u", received: end, offset: 0 },
      );
      await ping;
    }
    peer.socket.destroy();
    await expect(uploading).rejects.toMatchObject({ code: "connection-lost" });
  });

  it("goes on where the server says, and hashes what it does not send", async () => {
    const { session, peer } = await openPair();
    const bytes = randomBytes(120_000);
    const uploading = upload(session, await localFile(bytes));
    const { id } = await peer.next("upload");
    peer.say({ type: "uploading", id, upload: "u", offset: 60_000 });
    const chunks = [await peer.next("chunk"), await peer.next("chunk")];
    expect(chunks.map(({ offset }) => offset)).toEqual([60_000, 109_152]);
    expect(Buffer.concat(chunks.map(({ data }) => Buffer.from(String(data), "base64")))).toEqual(
      bytes.subarray(60_000),
    );
    peer.say(fileEntry({ id, size: bytes.length, sha256: sha256(bytes) }));
    expect(await uploading).toMatchObject({ name: "file.bin" });
  });

  it("is an error when the room's file has another hash than ours", async () => {
    const { session, peer } = await openPair();
    const uploading = upload(session, await localFile(Buffer.from("abc")));
    const { id } = await peer.next("upload");
    peer.say({ type: "uploading", id, upload: "u", offset: 0 });
    await peer.next("chunk");
    peer.say(fileEntry({ id, size: 3, sha256: "0".repeat(64) }));
    await expect(uploading).rejects.toMatchObject({ code: "damaged" });
  });

  it("goes on from the right offset when it was at a wrong one", async () => {
    const { session, peer } = await openPair();
    const bytes = randomBytes(120_000);
    const uploading = upload(session, await localFile(bytes));
    const { id } = await peer.next("upload");
    peer.say({ type: "uploading", id, upload: "u", offset: 0 });
    await peer.next("chunk");
    peer.say({
      type: "error",
      code: "bad-offset",
      message: "Go on from there.",
      upload: "u",
      offset: 49_152,
    });
    expect(await peer.next("upload")).toMatchObject({ id });
    peer.say({ type: "uploading", id, upload: "v", offset: 49_152 });
    const chunks = [await peer.next("chunk")];
    while (chunks.at(-1)?.sha256 === undefined) chunks.push(await peer.next("chunk"));
    const ours = chunks.filter((chunk) => chunk.upload === "v");
    expect(ours[0]).toMatchObject({ offset: 49_152 });
    peer.say(fileEntry({ id, size: bytes.length, sha256: sha256(bytes) }));
    await uploading;
  });

  it.each([
    ["upload-not-found", "cancelled", "file.bin is sent by a newer upload of yours; this one has ended."],
    [
      "hash-mismatch",
      "damaged",
      "file.bin did not arrive whole: its SHA-256 differs there. It is not uploaded.",
    ],
  ])("that was never broken ends with one sentence after %s", async (code, ourCode, message) => {
    const { session, peer } = await openPair();
    const uploading = upload(session, await localFile(randomBytes(400_000)));
    const failed = expect(uploading).rejects.toMatchObject({ code: ourCode, message });
    const { id } = await peer.next("upload");
    peer.say({ type: "uploading", id, upload: "u", offset: 0 });
    await peer.next("chunk");
    peer.say({ type: "error", code, message: "No.", upload: "u" });
    await failed;
  });

  it("tells the server when it is stopped", async () => {
    const { session, peer } = await openPair();
    const stop = new AbortController();
    const reason = new Error("enough");
    const path = await localFile(Buffer.alloc(5_000_000));
    const stopped = expect(upload(session, path, { signal: stop.signal })).rejects.toBe(reason);
    const { id } = await peer.next("upload");
    peer.say({ type: "uploading", id, upload: "u", offset: 0 });
    await peer.next("chunk");
    stop.abort(reason);
    const cancel = await peer.next("cancel");
    expect(cancel).toMatchObject({ upload: "u" });
    peer.say({ type: "cancelled", id: cancel.id, upload: "u" });
    await stopped;
  });

  it("that is stopped before the server has told its name is cancelled when it has", async () => {
    const { session, peer } = await openPair();
    const stop = new AbortController();
    const reason = new Error("enough");
    const path = await localFile(Buffer.alloc(5_000_000));
    const stopped = expect(upload(session, path, { signal: stop.signal })).rejects.toBe(reason);
    const { id } = await peer.next("upload");
    stop.abort(reason);
    peer.say({ type: "uploading", id, upload: "u", offset: 0 });
    const cancel = await peer.next("cancel");
    expect(cancel).toMatchObject({ upload: "u" });
    peer.say({ type: "cancelled", id: cancel.id, upload: "u" });
    await stopped;
    expect(peer.received.some(({ type }) => type === "chunk")).toBe(false);
  });

  it("is over when it is stopped before it begins, and asks nothing of the server", async () => {
    const { session, peer } = await openPair();
    const reason = new Error("enough");
    const path = await localFile(Buffer.from("x"));
    await expect(upload(session, path, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const pinged = session.ping();
    peer.say({ type: "pong", id: (await peer.next("ping")).id, time: "" });
    await pinged;
    expect(peer.received.map(({ type }) => type)).toEqual(["connect", "ping"]);
  });

  it("reaches a server whose window is smaller than its chunks", async () => {
    const { session, peer } = await openPair({ chunkBytes: 1_000, windowBytes: 100 });
    const uploading = upload(session, await localFile(Buffer.alloc(150)));
    const { id } = await peer.next("upload");
    peer.say({ type: "uploading", id, upload: "u", offset: 0 });
    await peer.next("chunk");
    peer.say({ type: "progress", upload: "u", received: 100, offset: 0 });
    expect(await peer.next("chunk")).toMatchObject({ offset: 100 });
    peer.say(fileEntry({ id, size: 150, sha256: sha256(Buffer.alloc(150)) }));
    await uploading;
  });

  it("ends with the error that names it, and swallows those of chunks already sent", async () => {
    const { session, peer } = await openPair();
    const errors: string[] = [];
    session.on("error", ({ code }) => errors.push(code));
    const uploading = upload(session, await localFile(Buffer.alloc(500_000)));
    const { id } = await peer.next("upload");
    peer.say({ type: "uploading", id, upload: "u", offset: 0 });
    await peer.next("chunk");
    peer.say({ type: "error", code: "storage-full", message: "The disk is full.", upload: "u" });
    peer.say({ type: "error", code: "upload-not-found", message: "No such upload.", upload: "u" });
    await expect(uploading).rejects.toMatchObject({ code: "storage-full" });
    const bye = peer.sayBye();
    await session.close();
    await bye;
    expect(errors).toEqual([]);
  });
});

describe("A transfer whose connection is lost", () => {
  const abc = Buffer.from("abc");

  async function talk(bytes: Buffer): Promise<{
    server: FakeServer;
    session: Session;
    peer: FakePeer;
    path: string;
    back: () => Promise<FakePeer>;
  }> {
    const server = await startFakeServer();
    const waits = { firstMs: 1, longestMs: 5 };
    const opening = openSession({ port: server.port, name: "alice", room: "lab", waits });
    const peer = await server.accept();
    await peer.greet("alice");
    const session = await opening;
    cleanUp(async () => {
      await server.close();
      await session.close();
    });
    const back = async (): Promise<FakePeer> => {
      const next = await server.accept();
      await next.greet("alice", { resumed: true });
      return next;
    };
    return { server, session, peer, path: await localFile(bytes), back };
  }

  it("is an upload that goes on where the server says, under the same id, its hash with the last chunk", async () => {
    const bytes = randomBytes(400_000);
    const { session, peer, path, back } = await talk(bytes);
    const uploading = upload(session, path);
    const { id } = await peer.next("upload");
    peer.say({ type: "uploading", id, upload: "u", offset: 0 });
    for (let sent = 0; sent < 5; sent++) await peer.next("chunk");
    peer.socket.destroy();
    const next = await back();
    await next.letIn({ name: "alice", replay: [] });
    expect(await next.next("upload")).toMatchObject({ id, name: "file.bin", size: bytes.length });
    next.say({ type: "uploading", id, upload: "v", offset: 150_000 });
    const chunks: FakeLine[] = [];
    while (chunks.at(-1)?.sha256 === undefined) chunks.push(await next.next("chunk"));
    expect(chunks.every((chunk) => chunk.upload === "v")).toBe(true);
    expect(chunks[0]).toMatchObject({ offset: 150_000 });
    const sent = Buffer.concat(chunks.map(({ data }) => Buffer.from(String(data), "base64")));
    expect(sent.equals(bytes.subarray(150_000))).toBe(true);
    expect(chunks.at(-1)?.sha256).toBe(sha256(bytes));
    next.say(fileEntry({ id, size: bytes.length, sha256: sha256(bytes) }));
    await uploading;
  });

  it("is an upload that succeeds when its last byte was sent and its entry is in the replay", async () => {
    const { session, peer, path, back } = await talk(abc);
    const uploading = upload(session, path);
    const { id } = await peer.next("upload");
    peer.say({ type: "uploading", id, upload: "u", offset: 0 });
    await peer.next("chunk");
    peer.socket.destroy();
    const next = await back();
    await next.letIn({ name: "alice", replay: [fileEntry({ id, size: 3, sha256: sha256(abc) })] });
    expect(await uploading).toMatchObject({ seq: 1, name: "file.bin" });
    expect(next.received.map(({ type }) => type)).toEqual(["connect", "join", "directs"]);
  });

  it("is an upload that is asked for again, by its hash, when the replay does not have its entry", async () => {
    const { session, peer, path, back } = await talk(abc);
    const uploading = upload(session, path);
    const { id } = await peer.next("upload");
    peer.say({ type: "uploading", id, upload: "u", offset: 0 });
    await peer.next("chunk");
    peer.socket.destroy();
    const next = await back();
    await next.letIn({ name: "alice", replay: [] });
    expect(await next.next("upload")).toMatchObject({ id, size: 3, sha256: sha256(abc) });
    next.say({ type: "uploading", id, upload: "v", offset: 3 });
    next.say(fileEntry({ id, size: 3, sha256: sha256(abc) }));
    expect(await uploading).toMatchObject({ seq: 1 });
    expect(next.received.map(({ type }) => type)).not.toContain("chunk");
  });

  it("is unsure of an upload whose last byte was sent when it is another sender by then", async () => {
    const { session, peer, path, server } = await talk(abc);
    const uploading = expect(upload(session, path)).rejects.toMatchObject({
      code: "connection-lost",
      message: "The connection was lost before file.bin was acknowledged; it may or may not be in the room.",
    });
    const { id } = await peer.next("upload");
    peer.say({ type: "uploading", id, upload: "u", offset: 0 });
    await peer.next("chunk");
    peer.socket.destroy();
    const next = await server.accept();
    await next.greet("alice", { resumed: false });
    await uploading;
  });

  it.each([
    ["its entry is in the replay", true],
    ["the server says that it is recorded", false],
  ])("is not sent when %s before a byte was asked for, and is compared", async (_what, isReplayed) => {
    const { session, peer, path, back } = await talk(abc);
    const uploading = upload(session, path);
    const { id } = await peer.next("upload");
    peer.socket.destroy();
    const next = await back();
    const entry = fileEntry({ id, size: 3, sha256: sha256(abc) });
    await next.letIn({ name: "alice", head: 1, replay: isReplayed ? [entry] : [] });
    if (!isReplayed) {
      await next.next("upload");
      next.say({ type: "recorded", id, room: "lab", seq: 1 });
      const page = { type: "history", id: (await next.next("history")).id, room: "lab", from: 1, to: 1 };
      next.say({ ...page, count: 1, more: false }, entry);
    }
    expect(await uploading).toMatchObject({ seq: 1, name: "file.bin" });
    expect(next.received.map(({ type }) => type)).not.toContain("chunk");
  });

  it("is unsure of an upload whose last byte was sent when its room lets nobody in", async () => {
    const { session, peer, path, back } = await talk(abc);
    const uploading = expect(upload(session, path)).rejects.toMatchObject({
      message: expect.stringContaining("it may or may not be in the room") as unknown,
    });
    const { id } = await peer.next("upload");
    peer.say({ type: "uploading", id, upload: "u", offset: 0 });
    await peer.next("chunk");
    peer.socket.destroy();
    const next = await back();
    next.say({ type: "error", id: (await next.next("join")).id, code: "bad-name", message: "No." });
    next.say({ type: "error", id: (await next.next("upload")).id, code: "not-in-room", message: "No." });
    await uploading;
    expect([...session.positions]).toEqual([]);
  });

  it("begins when the connection is back, either way, when it was asked for meanwhile", async () => {
    const { session, peer, path, back } = await talk(abc);
    const lost = new Promise((resolve) => session.onState(resolve));
    peer.socket.destroy();
    await lost;
    const folder = await temporaryFolder();
    const uploading = upload(session, path);
    await until(() => session.waitingCount === 1);
    const transfers = [uploading, download(session, { file: "c0" }, { folder })];
    const next = await back();
    const { id } = await next.next("upload");
    next.say({ type: "uploading", id, upload: "u", offset: 0 });
    const asked = await next.next("download");
    await next.next("chunk");
    const file = { id, size: 3, sha256: sha256(abc) };
    next.say(fileEntry(file), { ...fileEntry({ ...file, id: asked.id }), type: "downloading", offset: 0 });
    next.say({ type: "chunk", id: asked.id, offset: 0, data: abc.toString("base64"), last: true });
    await Promise.all(transfers);
    expect(await readdir(folder)).toEqual(["file.bin"]);
  });

  it("stops at once when told to meanwhile", async () => {
    const { session, peer, path } = await talk(abc);
    const stop = new AbortController();
    const reason = new Error("enough");
    const stopped = expect(upload(session, path, { signal: stop.signal })).rejects.toBe(reason);
    await peer.next("upload");
    const lost = new Promise((resolve) => session.onState(resolve));
    peer.socket.destroy();
    await lost;
    const told = performance.now();
    stop.abort(reason);
    await stopped;
    expect(performance.now() - told).toBeLessThan(2_000);
  });

  it("goes on with a download where it was, of that very file, when it is back", async () => {
    const { session, peer, back } = await talk(abc);
    const folder = await temporaryFolder();
    const downloading = download(session, { name: "file.bin" }, { folder });
    const { id } = await peer.next("download");
    const facts = { size: 3, sha256: sha256(abc) };
    peer.say({ ...fileEntry({ id, ...facts }), type: "downloading", offset: 0 });
    peer.say({ type: "chunk", id, offset: 0, data: "YWI=" });
    const pinged = session.ping();
    peer.say({ type: "pong", id: (await peer.next("ping")).id, time: "" });
    await pinged;
    peer.socket.destroy();
    const next = await back();
    const again = await next.next("download");
    expect(again).toMatchObject({ file: "c0", offset: 2, sha256: facts.sha256 });
    next.say({ ...fileEntry({ id: again.id, ...facts }), type: "downloading", offset: 2 });
    next.say({ type: "chunk", id: again.id, offset: 2, data: "Yw==", last: true });
    expect(await readFile((await downloading).path)).toEqual(abc);
    expect(await readdir(folder)).toEqual(["file.bin"]);
  });
});

describe("A download from a bad server", () => {
  const abc = Buffer.from("abc").toString("base64");
  const good = { size: 3, sha256: sha256(Buffer.from("abc")) };
  it.each<[string, object[], object]>([
    ["another hash", [{ offset: 0, data: abc, last: true }], { size: 3, sha256: "0".repeat(64) }],
    ["too few bytes", [{ offset: 0, data: "YWI=", last: true }], good],
    ["too many bytes", [{ offset: 0, data: "YWJjZA==", last: true }], good],
    ["a gap", [{ offset: 1, data: "YmM=", last: true }], good],
    [
      "the same bytes twice",
      [
        { offset: 0, data: "YWI=" },
        { offset: 0, data: "YWI=" },
      ],
      good,
    ],
    ["no Base64", [{ offset: 0, data: "YW_j", last: true }], good],
    ["a part without bytes", [{ offset: 0, data: "" }], good],
    [
      "loose tail bits",
      [{ offset: 0, data: "YWJ=", last: true }],
      { size: 2, sha256: sha256(Buffer.from("ab")) },
    ],
  ])("with %s is one clear error, and leaves nothing", async (_what, chunks, facts) => {
    const { session, peer } = await openPair();
    const folder = await temporaryFolder();
    const downloading = download(session, { name: "x" }, { folder });
    const failed = expect(downloading).rejects.toMatchObject({
      code: "damaged",
      message: expect.stringMatching(/^\S+ arrived damaged: .*\. It was not saved\.$/) as unknown,
    });
    const { id } = await peer.next("download");
    peer.say({ ...fileEntry({ id, ...good, ...facts }), type: "downloading", offset: 0 });
    peer.say(...chunks.map((chunk) => ({ type: "chunk", id, ...chunk })));
    void peer.next("cancel").then(() => {
      peer.say({ type: "cancelled", id });
    });
    await failed;
    expect(await readdir(folder)).toEqual([]);
  });

  it("that begins twice is one clear error, and leaves nothing", async () => {
    const { session, peer } = await openPair();
    const folder = await temporaryFolder();
    const downloading = download(session, { name: "x" }, { folder });
    const failed = expect(downloading).rejects.toMatchObject({ code: "damaged" });
    const { id } = await peer.next("download");
    const beginning = { ...fileEntry({ id, ...good }), type: "downloading", offset: 0 };
    peer.say(beginning, beginning);
    await peer.next("cancel");
    peer.say({ type: "cancelled", id });
    await failed;
    expect(await readdir(folder)).toEqual([]);
  });

  it("is lost with a connection that does not come back, and what came is kept", async () => {
    const { session, peer } = await openPair();
    const folder = await temporaryFolder();
    const downloading = download(session, { file: "c0" }, { folder });
    const { id } = await peer.next("download");
    peer.say({ ...fileEntry({ id, ...good }), type: "downloading", offset: 0 });
    peer.say({ type: "chunk", id, offset: 0, data: "YWI=" });
    peer.socket.end();
    await expect(downloading).rejects.toMatchObject({
      code: "connection-lost",
      message:
        "The connection was lost before file.bin was here. What came is kept: fetched again, it goes on from there.",
    });
    const [part = "", ...others] = await readdir(folder);
    expect(others).toEqual([]);
    expect(await readFile(join(folder, part), "utf8")).toBe("ab");
  });
});

async function openPair(limits: Partial<Limits> = {}): Promise<{ session: Session; peer: FakePeer }> {
  const server = await startFakeServer();
  const opening = openSession({ port: server.port, name: "alice", room: "lab", reconnectForMs: 0 });
  const peer = await server.accept();
  await peer.greet("alice", { limits });
  return { session: await opening, peer };
}

function fileEntry(facts: { id: string; size: number; sha256: string }): object {
  const entry = { type: "file", room: "lab", seq: 1, time: "2026-11-21T10:00:03.120Z", from: "alice" };
  return { ...entry, file: "c0", name: "file.bin", version: 1, mime: "application/octet-stream", ...facts };
}
