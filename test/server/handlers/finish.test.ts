// `finish`: the end of an upload whose size nobody knew. A file is all or nothing, also here.

import { joinRoom } from "../../support/peer.js";
import { startServer } from "../../support/server.js";
import { beginUpload, chunkBytes, chunksOf, downloadFile, sha256, someBytes } from "./transfers.js";

const bytes = someBytes(3 * chunkBytes + 5);

async function piping(declared: object = {}) {
  const { port } = await startServer();
  const peer = await joinRoom(port, "peer");
  const upload = await beginUpload(peer, { name: "pipe", ...declared });
  return { peer, upload, chunks: chunksOf(upload, bytes) };
}

describe("finish", () => {
  it("makes a file of what came", async () => {
    const { peer, upload, chunks } = await piping();
    const answers = await peer.answersTo(...chunks, { type: "finish", upload });
    expect(answers).toMatchObject([{ type: "file", id: "begin pipe", size: bytes.length }]);
    expect((await downloadFile(peer, { id: "d", name: "pipe" })).bytes.equals(bytes)).toBe(true);
  });

  it("makes an empty file of nothing", async () => {
    const { peer, upload } = await piping();
    expect(await peer.answersTo({ type: "finish", upload })).toMatchObject([{ type: "file", size: 0 }]);
  });

  it("checks the hash it brings, and the one that upload brought", async () => {
    const hash = sha256(bytes);
    const wrong = sha256(Buffer.from("other"));
    const good = await piping();
    const finish = { type: "finish", upload: good.upload, sha256: hash };
    expect(await good.peer.answersTo(...good.chunks, finish)).toMatchObject([{ type: "file", sha256: hash }]);
    const bad = await piping();
    const answers = await bad.peer.answersTo(...bad.chunks, {
      type: "finish",
      upload: bad.upload,
      sha256: wrong,
    });
    expect(answers).toMatchObject([{ code: "hash-mismatch", upload: bad.upload }]);
    const declared = await piping({ sha256: wrong });
    expect(
      await declared.peer.answersTo(...declared.chunks, { type: "finish", upload: declared.upload }),
    ).toMatchObject([{ code: "hash-mismatch" }]);
    expect(await declared.peer.ask({ type: "files", id: "f" })).toMatchObject({ files: [] });
  });

  it("believes neither hash when two that differ are declared", async () => {
    const { peer, upload, chunks } = await piping({ sha256: sha256(Buffer.from("other")) });
    const answers = await peer.answersTo(...chunks, { type: "finish", upload, sha256: sha256(bytes) });
    expect(answers).toMatchObject([{ code: "hash-mismatch" }]);
    expect(await peer.ask({ type: "files", id: "f" })).toMatchObject({ files: [] });
  });

  it("refuses an upload of declared size that has bytes missing", async () => {
    const { peer, upload, chunks } = await piping({ size: bytes.length });
    const answers = await peer.answersTo(...chunks.slice(0, 1), { type: "finish", id: "f", upload });
    expect(answers).toMatchObject([{ code: "bad-offset", offset: chunkBytes, upload, id: "f" }]);
    expect(await peer.answersTo(...chunks.slice(1))).toMatchObject([{ type: "file" }]);
  });

  it("never publishes a file with a piece missing: finish behind a refused chunk is refused", async () => {
    const { peer, upload, chunks } = await piping();
    const [first = {}, second = {}, ...rest] = chunks;
    const spoilt = { ...second, data: "!!!!" };
    const finish = { type: "finish", id: "f", upload };
    expect(await peer.answersTo(first, spoilt, ...rest, finish)).toMatchObject([
      { code: "bad-data", offset: chunkBytes },
      { code: "bad-offset", offset: chunkBytes, id: "f", upload },
    ]);
    expect(await peer.ask({ type: "files", id: "l" })).toMatchObject({ files: [] });
    expect(await peer.answersTo(second, ...rest, finish)).toMatchObject([
      { type: "file", sha256: sha256(bytes) },
    ]);
  });

  it("ends an upload once", async () => {
    const { peer, upload } = await piping();
    const answers = await peer.answersTo({ type: "finish", upload }, { type: "finish", id: "again", upload });
    expect(answers.map(({ code, type }) => code ?? type).sort()).toEqual(["file", "upload-not-found"]);
    expect(await peer.ask({ type: "files", id: "f" })).toMatchObject({ files: [{ version: 1 }] });
  });
});
