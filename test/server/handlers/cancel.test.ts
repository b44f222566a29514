// `cancel`: drops an upload or stops a download.

import fs from "node:fs/promises";
import { joinRoom } from "../../support/peer.js";
import { startServer } from "../../support/server.js";
import { until } from "../../support/until.js";
import {
  beginUpload,
  chunkBytes,
  chunksOf,
  downloadFile,
  expectNothingKept,
  someBytes,
  uploadFile,
} from "./transfers.js";

describe("cancel", () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it("drops an upload and its bytes", async () => {
    const { port, dataFolder } = await startServer();
    const peer = await joinRoom(port, "peer");
    const bytes = someBytes(2 * chunkBytes);
    const upload = await beginUpload(peer, { name: "a", size: bytes.length });
    const [first = {}, second = {}] = chunksOf(upload, bytes);
    const answers = await peer.answersTo(first, { type: "cancel", id: "c", upload }, second);
    expect(answers).toMatchObject([
      { type: "cancelled", id: "c", upload },
      { type: "error", code: "upload-not-found", upload },
    ]);
    expect(await peer.ask({ type: "files", id: "f" })).toMatchObject({ files: [] });
    await beginUpload(peer, { name: "b", size: 1 }).then((id) =>
      peer.answersTo({ type: "cancel", upload: id }),
    );
    await expectNothingKept(dataFolder);
  });

  it("stops a download: no chunk follows, and its id is free", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    const bytes = someBytes(12 * 1024 * 1024);
    await uploadFile(peer, "big", bytes);
    peer.send({ type: "download", id: "d", name: "big" }).send({ type: "cancel", id: "d" });
    await peer.next("cancelled");
    const before = peer.all("chunk").length;
    expect(before).toBeLessThan(bytes.length / chunkBytes / 2);
    expect(await peer.ask({ type: "download", id: "d", name: "big", offset: bytes.length })).toMatchObject({
      type: "downloading",
    });
    await peer.next("chunk");
    const after = peer.all("chunk").slice(before);
    expect(after).toEqual([{ type: "chunk", id: "d", offset: bytes.length, data: "", last: true }]);
  });

  it("answers what it does not know once", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    const answers = await peer.answersTo(
      { type: "cancel" },
      { type: "cancel", id: "nope" },
      { type: "cancel", id: "c", upload: "nope" },
    );
    expect(answers.map(({ code, id }) => [code, id])).toEqual([
      ["bad-message", undefined],
      ["bad-message", "nope"],
      ["upload-not-found", "c"],
    ]);
  });

  it("is the last word on a download that fails behind it", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    await uploadFile(peer, "a", someBytes(10));
    let fail: (error: Error) => void = () => undefined;
    const opening = jest.spyOn(fs, "open").mockReturnValueOnce(
      new Promise((_resolve, reject) => {
        fail = reject;
      }),
    );
    peer.send({ type: "download", id: "d", name: "a" });
    await until(() => opening.mock.calls.length > 0);
    expect(await peer.ask({ type: "cancel", id: "d" })).toEqual({ type: "cancelled", id: "d" });
    fail(new Error("EIO: i/o error, open"));
    expect((await downloadFile(peer, { id: "d", name: "a" })).header).toMatchObject({ type: "downloading" });
    expect(peer.all("error")).toEqual([]);
  });

  it("stops a download that has not begun to send with one answer", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    peer.send('{"type":"download","id":"d","name":"missing"}\n{"type":"cancel","id":"d"}\n');
    await peer.next("cancelled");
    await peer.answersTo({ type: "history", limit: 1 });
    expect(peer.all("error")).toEqual([]);
  });
});
