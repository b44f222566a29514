// `chunk`: bytes of an upload in order, and every way of getting them wrong (HOSTILE F1, F2).

import { joinRoom, type Answer } from "../../support/peer.js";
import { startServer } from "../../support/server.js";
import { beginUpload, chunkBytes, chunksOf, downloadFile, sha256, someBytes } from "./transfers.js";

const bytes = someBytes(6 * chunkBytes);
const size = bytes.length;
const facts = (answers: readonly Answer[]) =>
  answers.filter(({ type }) => type !== "progress").map(({ code, type, offset }) => [code ?? type, offset]);

/** A peer with an upload of `bytes` under way, and its chunks. */
async function uploading(declared: object = { size }) {
  const { port } = await startServer();
  const peer = await joinRoom(port, "peer");
  const upload = await beginUpload(peer, { name: "a", ...declared });
  const chunk = (offset: number, data: Buffer | string) => ({
    type: "chunk",
    upload,
    offset,
    data: typeof data === "string" ? data : data.toString("base64"),
  });
  return { port, peer, upload, chunk, chunks: chunksOf(upload, bytes) };
}

describe("chunk", () => {
  it("answers bad-offset once, with the offset to go on from, and ignores chunks until that comes", async () => {
    const { peer, chunks, upload } = await uploading();
    const answers = await peer.answersTo(...chunks.slice(0, 1), ...chunks.slice(2));
    expect(facts(answers)).toEqual([["bad-offset", chunkBytes]]);
    expect(answers[0]).toMatchObject({ upload });
    expect(facts(await peer.answersTo(...chunks.slice(2), ...chunks.slice(0, 1)))).toEqual([]);
    expect(facts(await peer.answersTo(...chunks.slice(1)))).toEqual([["file", undefined]]);
    expect((await downloadFile(peer, { id: "d", name: "a" })).bytes.equals(bytes)).toBe(true);
  });

  it("answers bad-offset again when the place is lost again", async () => {
    const { peer, chunks } = await uploading();
    const [first = {}, second = {}, third = {}] = chunks;
    const answers = await peer.answersTo(second, third, first, third, second, third);
    expect(facts(answers)).toEqual([
      ["bad-offset", 0],
      ["bad-offset", chunkBytes],
    ]);
  });

  it("takes no bytes twice: the first stay when an offset comes again with others", async () => {
    const { peer, chunk, chunks } = await uploading();
    const others = someBytes(chunkBytes, 99);
    const answers = await peer.answersTo(...chunks.slice(0, 1), chunk(0, others), ...chunks.slice(1));
    expect(facts(answers)).toEqual([
      ["bad-offset", chunkBytes],
      ["file", undefined],
    ]);
    expect(await peer.ask({ type: "files", id: "f" })).toMatchObject({ files: [{ sha256: sha256(bytes) }] });
  });

  it("refuses bytes past the declared size and goes on where it was", async () => {
    const { peer, chunk } = await uploading({ size: 5 });
    const answers = await peer.answersTo(chunk(0, Buffer.from("123456")));
    expect(facts(answers)).toEqual([["bad-data", 0]]);
    expect(facts(await peer.answersTo(chunk(0, Buffer.from("12345"))))).toEqual([["file", undefined]]);
  });

  it("publishes nothing while bytes of the declared size are missing", async () => {
    const { peer, chunks } = await uploading({ size: size + 1 });
    expect(facts(await peer.answersTo(...chunks))).toEqual([]);
    expect(await peer.ask({ type: "files", id: "f" })).toMatchObject({ files: [] });
  });

  it("answers the first chunk behind a complete file with upload-not-found", async () => {
    const { peer, chunks, chunk } = await uploading();
    const answers = await peer.answersTo(...chunks, chunk(size, Buffer.from("more")));
    expect(facts(answers).sort()).toEqual([
      ["file", undefined],
      ["upload-not-found", undefined],
    ]);
  });

  it("refuses Base64 that is not canonical, once, and goes on from the same offset", async () => {
    const { peer, chunk, chunks, upload } = await uploading();
    for (const data of ["aGVsbG8", "aGVsbG9=", "aGVs bG8=", "-_-_", "aGVsbG8=aGVsbG8=", "a", "===="]) {
      const answers = await peer.answersTo(chunk(0, data));
      expect([data, ...facts(answers)]).toEqual([data, ["bad-data", 0]]);
      expect(answers[0]).toMatchObject({ upload });
    }
    expect(facts(await peer.answersTo(...chunks))).toEqual([["file", undefined]]);
  });

  it("says nothing more of the chunks that were under way behind a bad one", async () => {
    const { peer, chunk, chunks } = await uploading();
    const [first = {}, , ...rest] = chunks;
    const answers = await peer.answersTo(first, chunk(chunkBytes, "!!!!"), ...rest);
    expect(facts(answers)).toEqual([["bad-data", chunkBytes]]);
    expect(facts(await peer.answersTo(...chunks.slice(1)))).toEqual([["file", undefined]]);
    expect((await downloadFile(peer, { id: "d", name: "a" })).bytes.equals(bytes)).toBe(true);
  });

  it("refuses a chunk without bytes and one of more than chunkBytes", async () => {
    const { peer, chunk, chunks } = await uploading();
    expect(facts(await peer.answersTo(chunk(0, "")))).toEqual([["bad-data", 0]]);
    const larger = chunk(0, bytes.subarray(0, chunkBytes + 1));
    expect(facts(await peer.answersTo(larger))).toEqual([["bad-data", 0]]);
    expect(facts(await peer.answersTo(...chunks))).toEqual([["file", undefined]]);
  });

  it("drops the upload when its hash is wrong, once, and nothing appears", async () => {
    const { peer, chunks, upload } = await uploading({ size, sha256: sha256(Buffer.from("other")) });
    const answers = (await peer.answersTo(...chunks)).filter(({ type }) => type === "error");
    expect(answers).toMatchObject([{ code: "hash-mismatch", upload, id: "begin a" }]);
    expect(await peer.ask({ type: "files", id: "f" })).toMatchObject({ files: [] });
    expect(await peer.ask({ type: "history", id: "h" })).toMatchObject({ count: 0 });
    expect(await peer.answersTo(...chunks)).toEqual([]);
  });

  it("drops an upload of no declared size that grows past what a file may have", async () => {
    const { port } = await startServer({ limits: { fileBytes: 2 * chunkBytes } });
    const peer = await joinRoom(port, "peer");
    const upload = await beginUpload(peer, { name: "pipe" });
    const answers = await peer.answersTo(...chunksOf(upload, bytes), { type: "finish", id: "f", upload });
    expect(answers.filter(({ type }) => type === "error").map(({ code, id }) => [code, id])).toEqual([
      ["file-too-large", "begin pipe"],
      ["upload-not-found", "f"],
    ]);
    expect(await peer.ask({ type: "files", id: "l" })).toMatchObject({ files: [] });
  });

  it("may bring the hash of the whole file, with the last one for whoever hashes while it sends", async () => {
    const { peer, chunks } = await uploading();
    const last = { ...chunks.at(-1), sha256: sha256(bytes) };
    const answers = await peer.answersTo(...chunks.slice(0, -1), last);
    expect(facts(answers)).toEqual([["file", undefined]]);
    expect(answers.at(-1)).toMatchObject({ sha256: sha256(bytes) });
  });

  it("drops the upload when the hash it brings is wrong, or another than was told before", async () => {
    const wrong = sha256(Buffer.from("other"));
    for (const [declared, at] of [
      [{ size }, -1],
      [{ size, sha256: sha256(bytes) }, -1],
      [{ size, sha256: sha256(bytes) }, 0],
    ] as const) {
      const { peer, chunks, upload } = await uploading(declared);
      const answers = await peer.answersTo(
        ...chunks.map((chunk) => ({ ...chunk, ...(chunk === chunks.at(at) && { sha256: wrong }) })),
      );
      expect(answers.filter(({ type }) => type === "error")).toMatchObject([
        { code: "hash-mismatch", upload, id: "begin a" },
      ]);
      expect(await peer.ask({ type: "history", id: "h" })).toMatchObject({ count: 0 });
      // Nothing of it is left to go on with.
      expect(await peer.ask({ type: "upload", id: "again", name: "a", ...declared })).toMatchObject({
        offset: 0,
      });
    }
  });

  it("knows no upload but one's own", async () => {
    const { port, peer, upload, chunks } = await uploading();
    const mallory = await joinRoom(port, "mallory");
    const strange = ["nope", "__proto__", "../unfinished/x"].map((id) => ({
      type: "chunk",
      id: "c",
      upload: id,
      offset: 0,
      data: "aGk=",
    }));
    expect((await mallory.answersTo(...strange)).map(({ code, id }) => [code, id])).toEqual(
      strange.map(() => ["upload-not-found", "c"]),
    );
    const stolen = [
      { type: "chunk", id: "1", upload, offset: 0, data: "aGk=" },
      { type: "finish", id: "2", upload },
      { type: "cancel", id: "3", upload },
    ];
    expect((await mallory.answersTo(...stolen)).map(({ code }) => code)).toEqual(
      stolen.map(() => "upload-not-found"),
    );
    expect(facts(await peer.answersTo(...chunks))).toEqual([["file", undefined]]);
    expect(await peer.ask({ type: "files", id: "f" })).toMatchObject({ files: [{ sha256: sha256(bytes) }] });
  });
});
