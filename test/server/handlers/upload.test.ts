// `upload`: a file in one line, and the beginning of one that comes in chunks (HOSTILE F1-F4).

import fs from "node:fs/promises";
import { expectNoOrphans, unfinishedIn } from "../../support/files-on-disk.js";
import { joinRoom } from "../../support/peer.js";
import { startServer } from "../../support/server.js";
import { watchDisk } from "../../support/watch-disk.js";
import {
  beginUpload,
  chunkBytes,
  chunksOf,
  downloadFile,
  expectNothingKept,
  keptFiles,
  sha256,
  someBytes,
  uploadFile,
} from "./transfers.js";

const hello = Buffer.from("hello");
const helloData = hello.toString("base64");

describe("upload, in one line", () => {
  it("shows the file to everybody with its facts", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    const bob = await joinRoom(port, "bob");
    alice.send({ type: "upload", id: "u", name: "note.txt", data: helloData });
    const entry = await bob.next("file");
    expect(entry).toEqual({
      type: "file",
      room: "lab",
      seq: 1,
      time: entry.time,
      from: "alice",
      id: "u",
      file: entry.file,
      name: "note.txt",
      version: 1,
      size: 5,
      mime: "text/plain",
      sha256: sha256(hello),
    });
    expect(await alice.next("file")).toEqual(entry);
    expect((await downloadFile(bob, { id: "d", name: "note.txt" })).bytes).toEqual(hello);
  });

  it("takes a size and a hash that agree, and no byte at all", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    const facts = { size: 5, sha256: sha256(hello) };
    const agreed = await peer.ask({ type: "upload", id: "a", name: "a", data: helloData, ...facts });
    expect(agreed).toMatchObject({ type: "file", ...facts });
    const empty = await peer.ask({ type: "upload", id: "b", name: "b", data: "" });
    expect(empty).toMatchObject({ type: "file", size: 0, sha256: sha256(Buffer.alloc(0)) });
  });

  it("refuses a size or hash that does not agree, once, and publishes nothing", async () => {
    const { port, dataFolder } = await startServer();
    const peer = await joinRoom(port, "peer");
    const answers = await peer.answersTo(
      { type: "upload", id: "1", name: "a", data: helloData, size: 4 },
      { type: "upload", id: "2", name: "a", data: helloData, size: 6 },
      { type: "upload", id: "3", name: "a", data: helloData, sha256: sha256(Buffer.from("other")) },
      { type: "upload", id: "4", name: "a", data: helloData, sha256: sha256(hello).toUpperCase() },
    );
    expect(Object.fromEntries(answers.map(({ id, code }) => [id, code]))).toEqual({
      1: "bad-data",
      2: "bad-data",
      3: "hash-mismatch",
      4: "bad-message",
    });
    expect(answers).toHaveLength(4);
    expect(await peer.ask({ type: "files", id: "f" })).toMatchObject({ files: [] });
    await expectNothingKept(dataFolder);
  });

  it("refuses Base64 that a lenient decoder would accept", async () => {
    const { port, dataFolder } = await startServer();
    const peer = await joinRoom(port, "peer");
    const notCanonical = [
      "aGVsbG8", // no padding
      "aGVsbG8==", // too much of it
      "aGVsbG9=", // loose bits in the tail
      "aGVsbG8=aGVsbG8=", // two texts joined
      "aGVs=bG8", // early padding
      "aGVs bG8=",
      "aGVs\nbG8=",
      "aGVsbG8=\n",
      " aGVsbG8=",
      "aGVs\0bG8=",
      "-_-_", // the alphabet of URLs
      "aGVsbG8.",
      "aGVs%62G8=",
      "ａＧＶｓ",
      "aGVsbG8=😀",
      "a",
      "=",
      "====",
      "data:;base64,aGVsbG8=",
    ];
    const answers = await peer.answersTo(
      ...notCanonical.map((data) => ({
        type: "upload",
        id: `${notCanonical.indexOf(data)}`,
        name: "a",
        data,
      })),
    );
    const codes = new Map(answers.map(({ id, code }) => [id, code]));
    expect(notCanonical.map((data, n) => [data, codes.get(String(n))])).toEqual(
      notCanonical.map((data) => [data, "bad-data"]),
    );
    expect(answers).toHaveLength(notCanonical.length);
    await expectNothingKept(dataFolder);
  });

  it("refuses more bytes than a file may have", async () => {
    const { port } = await startServer({ limits: { fileBytes: 4 } });
    const peer = await joinRoom(port, "peer");
    const inOneLine = { type: "upload", id: "1", name: "a", data: helloData };
    expect(await peer.ask(inOneLine)).toMatchObject({ code: "file-too-large" });
    expect(await peer.ask({ type: "upload", id: "2", name: "a", size: 5 })).toMatchObject({
      code: "file-too-large",
    });
    expect(await peer.ask({ ...inOneLine, id: "3", data: "aGVsbA==" })).toMatchObject({ type: "file" });
  });

  it("makes entries in the order sent, messages between files too", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    const requests = Array.from({ length: 60 }, (_, n) =>
      n % 3 === 2
        ? { type: "message", id: `${n}`, text: "between" }
        : // The first of each kind is large, so that those behind it are ready before it is.
          {
            type: "upload",
            id: `${n}`,
            name: "same",
            data: someBytes(n % 6 === 0 ? 90_000 : 1, n + 1).toString("base64"),
          },
    );
    const entries = await peer.answersTo(requests.map((request) => `${JSON.stringify(request)}\n`).join(""));
    expect(entries.map(({ id }) => id)).toEqual(requests.map(({ id }) => id));
    const versions = entries.filter(({ type }) => type === "file").map(({ version }) => version);
    expect(versions).toEqual(versions.map((_, n) => n + 1));
  });
});

describe("upload, many in one line each", () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it("has four with the disk at once, and all of them in the room in the order sent", async () => {
    const { port, dataFolder } = await startServer();
    const peer = await joinRoom(port, "peer");
    const disk = await watchDisk(dataFolder);
    const release = disk.holdSyncs();
    const ids = Array.from({ length: 100 }, (_, n) => `${n}`);
    peer.send(ids.map((id) => `{"type":"upload","id":"${id}","name":"${id}","data":"aGk="}\n`).join(""));
    const heldOpen = async () =>
      (await keptFiles(dataFolder)).filter((path) => path.startsWith("unfinished")).length;
    while ((await heldOpen()) < 4) await peer.ask({ type: "ping", id: "p" });
    for (let n = 0; n < 20; n++) await peer.ask({ type: "ping", id: "p" });
    const atOnce = await heldOpen();
    release();
    expect(atOnce).toBe(4);
    for (const id of ids) expect(await peer.next("file")).toMatchObject({ id, name: id });
  });

  it("goes on behind one that is refused, and beside uploads that stand still", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    for (let n = 0; n < 16; n++) await beginUpload(peer, { name: `${n}`, size: 1 });
    const wrong = sha256(Buffer.from("other"));
    const requests = Array.from({ length: 20 }, (_, n) => ({
      type: "upload",
      id: `${n}`,
      name: "a",
      data: helloData,
      ...(n < 10 && { sha256: wrong }),
    }));
    const answers = await peer.answersTo(...requests);
    expect(answers.filter(({ code }) => code === "hash-mismatch")).toHaveLength(10);
    expect(answers.filter(({ type }) => type === "file")).toHaveLength(10);
  });

  it("says too-many when the server can open no more files, and goes on when it can", async () => {
    const { port, mistakes } = await startServer();
    const peer = await joinRoom(port, "peer");
    const request = { type: "upload", id: "1", name: "a", data: helloData };
    const outOfFiles = Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" });
    jest.spyOn(fs, "open").mockRejectedValueOnce(outOfFiles);
    expect(await peer.ask(request)).toEqual({
      type: "error",
      id: "1",
      code: "too-many",
      message: "The server has too many files open at once.",
      retryAfterMs: 1000,
    });
    expect(await peer.ask({ ...request, id: "2" })).toMatchObject({ type: "file" });
    expect(mistakes).toEqual([]);
  });
});

describe("upload, in chunks", () => {
  it.each([0, 1, 2, chunkBytes - 1, chunkBytes, chunkBytes + 1, 20 * chunkBytes + 7])(
    "brings %d bytes through unchanged",
    async (size) => {
      const { port } = await startServer();
      const alice = await joinRoom(port, "alice");
      const bob = await joinRoom(port, "bob");
      const bytes = someBytes(size);
      const entry = await uploadFile(alice, "data.bin", bytes);
      expect(entry).toMatchObject({ size, sha256: sha256(bytes), version: 1 });
      const { header, bytes: fetched } = await downloadFile(bob, { id: "d", name: "data.bin" });
      expect(header).toMatchObject({ size, sha256: sha256(bytes), offset: 0 });
      expect(fetched.equals(bytes)).toBe(true);
      expect(alice.all("error")).toEqual([]);
    },
  );

  it("tells progress at least every quarter of a window", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    const windowBytes = 1024 * 1024;
    const bytes = someBytes(4 * windowBytes);
    const upload = await beginUpload(peer, { name: "big", size: bytes.length });
    let received = 0;
    for (const chunk of chunksOf(upload, bytes)) {
      const end = chunk.offset + chunkBytes;
      // A client stops here until it has credit; that it ever gets it is what is tested.
      while (end - received > windowBytes) received = Number((await peer.next("progress")).received);
      peer.send(chunk);
    }
    expect(await peer.next("file")).toMatchObject({ sha256: sha256(bytes) });
    const told = peer.all("progress").map((progress) => Number(progress.received));
    expect(told).toEqual([...told].sort((a, b) => a - b));
    for (const progress of peer.all("progress"))
      expect(Number(progress.offset)).toBeLessThanOrEqual(Number(progress.received));
  });

  it("is invisible until it is complete", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    const bob = await joinRoom(port, "bob");
    const bytes = someBytes(3 * chunkBytes);
    const upload = await beginUpload(alice, { name: "a", size: bytes.length });
    const chunks = chunksOf(upload, bytes);
    await alice.answersTo(...chunks.slice(0, 2));
    expect(await bob.answersTo({ type: "files", id: "f" }, { type: "history", id: "h" })).toMatchObject([
      { id: "f", files: [] },
      { id: "h", count: 0 },
    ]);
    for (const query of [{ name: "a" }, { file: upload }, { file: sha256(bytes) }])
      expect((await downloadFile(bob, { id: "d", ...query })).header).toMatchObject({
        code: "file-not-found",
      });
    alice.send(chunks[2] ?? {});
    await bob.next("file");
    expect((await downloadFile(bob, { id: "d", name: "a" })).bytes.equals(bytes)).toBe(true);
  });

  it("keeps two uploads of one name at once apart, as versions 1 and 2", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    const bob = await joinRoom(port, "bob");
    const [a, b] = [someBytes(3 * chunkBytes, 1), someBytes(3 * chunkBytes, 2)];
    const [fromAlice, fromBob] = [
      chunksOf(await beginUpload(alice, { name: "Same.TXT", size: a.length }), a),
      chunksOf(await beginUpload(bob, { name: "same.txt", size: b.length }), b),
    ];
    for (let n = 0; n < 3; n++) {
      await bob.answersTo(fromBob[n] ?? {});
      await alice.answersTo(fromAlice[n] ?? {});
    }
    const download = (query: object) => downloadFile(alice, { id: "d", ...query });
    expect((await download({ name: "SAME.txt", version: 1 })).bytes.equals(b)).toBe(true);
    expect((await download({ name: "same.txt", version: 2 })).header).toMatchObject({ sha256: sha256(a) });
    expect((await download({ name: "same.txt" })).header).toMatchObject({ version: 2, name: "Same.TXT" });
    expect((await download({ name: "same.txt", version: 3 })).header).toMatchObject({
      code: "file-not-found",
    });
  });

  it("keeps the same bytes once under two names", async () => {
    const { port, dataFolder } = await startServer();
    const peer = await joinRoom(port, "peer");
    const bytes = someBytes(chunkBytes);
    await uploadFile(peer, "one", bytes);
    await uploadFile(peer, "two", bytes);
    const hash = sha256(bytes);
    expect(await keptFiles(dataFolder)).toEqual([`blobs/${hash.slice(0, 2)}/${hash.slice(2)}`]);
    expect((await downloadFile(peer, { id: "d", name: "one" })).bytes.equals(bytes)).toBe(true);
  });

  it("refuses a name, a size and a room before anything is kept", async () => {
    const { port, dataFolder } = await startServer();
    const peer = await joinRoom(port, "peer");
    const fileBytes = 10 * 1024 ** 3;
    const answers = await peer.answersTo(
      { type: "upload", id: "1", name: "../a", size: 1 },
      { type: "upload", id: "2", name: "a", size: fileBytes + 1 },
      { type: "upload", id: "3", name: "a", size: 1, room: "other" },
    );
    expect(answers.map(({ code, id }) => `${String(id)} ${String(code)}`)).toEqual([
      "1 bad-name",
      "2 file-too-large",
      "3 not-in-room",
    ]);
    await expectNothingKept(dataFolder);
  });

  it("keeps what its sender leaves unfinished", async () => {
    const { port, dataFolder } = await startServer({ leaveGraceMs: 50 });
    const witness = await joinRoom(port, "witness");
    const peer = await joinRoom(port, "peer");
    await witness.next((line) => line.type === "presence" && String(line.joined) === "peer");
    const upload = await beginUpload(peer, { name: "a", size: 10 });
    await peer.answersTo({ type: "chunk", upload, offset: 0, data: helloData });
    peer.socket.resetAndDestroy();
    await witness.next((line) => line.type === "presence" && String(line.left) === "peer");
    expect(await unfinishedIn(dataFolder)).toHaveLength(1);
    await expectNoOrphans(dataFolder);
  });

  it("allows sixteen at once and says too-many to the next", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    for (let n = 0; n < 16; n++) await beginUpload(peer, { name: `${n}`, size: 1 });
    expect(await peer.ask({ type: "upload", id: "x", name: "x", size: 1 })).toMatchObject({
      code: "too-many",
    });
    peer.send({ type: "cancel", upload: String(peer.all("uploading")[0]?.upload) });
    expect(await peer.ask({ type: "upload", id: "y", name: "y", size: 1 })).toMatchObject({
      type: "uploading",
    });
  });
});
