// `download`: a file of a room by name, version or id, from any offset.

import { joinRoom } from "../../support/peer.js";
import { startServer } from "../../support/server.js";
import { chunkBytes, downloadFile, sha256, someBytes, uploadFile } from "./transfers.js";

const old = someBytes(5 * chunkBytes + 1, 1);
const newer = someBytes(2 * chunkBytes, 2);

async function sharing() {
  const { port } = await startServer();
  const peer = await joinRoom(port, "peer");
  const first = await uploadFile(peer, "Über uns.txt", old);
  const second = await uploadFile(peer, "Über uns.txt", newer);
  return { port, peer, first, second };
}

describe("download", () => {
  it("finds the newest by name, however it is written, an older one by version, and any by id", async () => {
    const { peer, first, second } = await sharing();
    const { room: _room, seq: _seq, time: _time, from: _from, ...told } = second;
    const { header } = await downloadFile(peer, { id: "d", name: "u\u0308BER UNS.TXT" });
    expect(header).toEqual({ ...told, type: "downloading", id: "d", offset: 0, mime: "text/plain" });
    const { bytes } = await downloadFile(peer, { id: "e", name: "Über uns.txt", version: 1 });
    expect(bytes.equals(old)).toBe(true);
    expect((await downloadFile(peer, { id: "f", file: first.file })).header).toMatchObject({
      sha256: sha256(old),
    });
  });

  it.each([0, 1, chunkBytes, chunkBytes + 1, old.length - 1, old.length])(
    "sends the rest from offset %d in whole chunks, the last one marked",
    async (offset) => {
      const { peer } = await sharing();
      const request = { id: "d", name: "über uns.txt", version: 1, offset, sha256: sha256(old) };
      const { header, chunks, bytes } = await downloadFile(peer, request);
      expect(header).toMatchObject({ offset, size: old.length });
      expect(bytes.equals(old.subarray(offset))).toBe(true);
      expect(chunks.map(({ last }) => last)).toEqual(
        chunks.map((_, n) => (n === chunks.length - 1 ? true : undefined)),
      );
      // Joined, the texts are the Base64 of the whole.
      expect(chunks.map(({ data }) => String(data)).join("")).toBe(old.toString("base64", offset));
      const offsets = chunks.map((chunk) => Number(chunk.offset));
      expect(offsets).toEqual(offsets.map((_, n) => offset + n * chunkBytes));
    },
  );

  it("refuses with one error what is not there, has changed, or lies past the end", async () => {
    const { peer } = await sharing();
    const name = "Über uns.txt";
    const refused: [object, object][] = [
      [{ name: "nothing" }, { code: "file-not-found" }],
      [{ name, version: 3 }, { code: "file-not-found" }],
      [{ name, version: 0 }, { code: "bad-message" }],
      [{ file: "../../session.key" }, { code: "file-not-found" }],
      [{ file: sha256(old) }, { code: "file-not-found" }],
      [{ file: "" }, { code: "file-not-found" }],
      [{ name: "../../session.key" }, { code: "bad-name" }],
      [{ name, sha256: sha256(old) }, { code: "changed" }],
      [
        { name, offset: newer.length + 1 },
        { code: "bad-offset", offset: newer.length },
      ],
      [{ name, file: "x" }, { code: "bad-message" }],
      [{}, { code: "bad-message" }],
      [{ version: 1 }, { code: "bad-message" }],
    ];
    for (const [query, answer] of refused) {
      const before = peer.received.length;
      peer.send({ type: "download", id: "d", ...query });
      expect([query, await peer.next("error")]).toMatchObject([query, { id: "d", ...answer }]);
      await peer.answersTo();
      expect(peer.received.slice(before).map(({ type }) => type)).toEqual(["error", "rooms"]);
    }
  });

  it("must have an id", async () => {
    const { peer } = await sharing();
    expect(await peer.answersTo({ type: "download", name: "Über uns.txt" })).toMatchObject([
      { code: "bad-message" },
    ]);
  });

  it("runs four at once, their chunks mixed, and messages pass between them", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    const talker = await joinRoom(port, "talker");
    const files = new Map([1, 2, 3, 4].map((seed) => [`f${seed}`, someBytes(4 * 1024 * 1024, seed)]));
    for (const [name, bytes] of files) await uploadFile(talker, name, bytes);
    for (const name of files.keys()) peer.send({ type: "download", id: name, name });
    await peer.next("chunk");
    talker.send({ type: "message", id: "m", text: "hi" });
    for (const _ of files) await peer.next(({ last }) => last === true);
    for (const [id, bytes] of files) {
      const chunks = peer.all("chunk").filter((chunk) => chunk.id === id);
      const got = Buffer.concat(chunks.map((chunk) => Buffer.from(String(chunk.data), "base64")));
      expect(got.equals(bytes)).toBe(true);
    }
    const ids = peer.all("chunk").map(({ id }) => id);
    expect(ids.lastIndexOf("f1")).toBeGreaterThan(ids.indexOf("f2"));
    expect(ids.lastIndexOf("f1")).toBeGreaterThan(ids.indexOf("f4"));
    const types = peer.received.map(({ type }) => type);
    expect(types.indexOf("message")).toBeLessThan(types.lastIndexOf("chunk"));
    expect(types).not.toContain("behind");
  });

  it("lies before a message by no more than one turn, however many run and however slow the peer reads", async () => {
    const { port } = await startServer();
    const slow = await joinRoom(port, "slow");
    const talker = await joinRoom(port, "talker");
    await uploadFile(talker, "a", someBytes(2 * 1024 * 1024));
    slow.socket.pause();
    const ids = Array.from({ length: 12 }, (_, n) => `d${n}`);
    const requests = ids.map((id) => `{"type":"download","id":"${id}","name":"a"}\n`).join("");
    slow.send(requests);
    // Who reads gets everything meanwhile; by then the slow one was given what it could be.
    talker.send(requests);
    for (const _ of ids) await talker.next(({ last }) => last === true);
    await talker.ask({ type: "message", id: "m", text: "hi" });
    slow.socket.resume();
    for (const _ of ids) await slow.next(({ last }) => last === true);
    expect(slow.all("message")).toHaveLength(1);
    expect(slow.all("behind")).toEqual([]);
  });

  it("frees its id with the last chunk", async () => {
    const { peer } = await sharing();
    for (let n = 0; n < 100; n++)
      expect(
        (await downloadFile(peer, { id: "d", name: "über uns.txt", offset: newer.length })).header,
      ).toMatchObject({
        type: "downloading",
      });
  });

  it("refuses an id that is in use, and the seventeenth at once", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    await uploadFile(peer, "big", someBytes(12 * 1024 * 1024));
    peer.socket.pause();
    for (let n = 0; n < 17; n++) peer.send({ type: "download", id: `d${n}`, name: "big" });
    peer.send({ type: "download", id: "d0", name: "big" });
    for (let n = 0; n < 16; n++) peer.send({ type: "cancel", id: `d${n}` });
    peer.socket.resume();
    await peer.answersTo();
    expect(peer.all("error").map(({ id, code }) => [id, code])).toEqual([
      ["d16", "too-many"],
      ["d0", "bad-message"],
    ]);
    expect(peer.all("cancelled")).toHaveLength(16);
  });

  it("finds a file that was sent just before in the same packet", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    const pairs = Array.from({ length: 16 }, (_, n) => ({ n, data: someBytes(n).toString("base64") }));
    peer.send(
      pairs
        .map(
          ({ n, data }) =>
            `{"type":"upload","name":"f${n}","data":"${data}"}\n{"type":"download","id":"d${n}","name":"f${n}"}\n`,
        )
        .join(""),
    );
    const done = new Map<unknown, unknown>();
    while (done.size < pairs.length) {
      const chunk = await peer.next("chunk");
      done.set(chunk.id, chunk.data);
    }
    expect(peer.all("error")).toEqual([]);
    for (const { n, data } of pairs) expect(done.get(`d${n}`)).toBe(data);
  });
});
