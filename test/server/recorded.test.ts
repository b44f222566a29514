// The same sender and id make one entry in a room: whatever is sent again is answered, and nothing is doubled.

import { createHash } from "node:crypto";
import { comeBack, joinRoom, type Peer } from "../support/peer.js";
import { startServer, temporaryFolder } from "../support/server.js";
import { keptFiles, sha256 as sha256Of } from "./handlers/transfers.js";

const say = (id: string, text: string, more: object = {}) => ({ type: "message", id, text, ...more });
const hello = Buffer.from("hello").toString("base64");
const sha256 = createHash("sha256").update("hello").digest("hex");

async function entriesOf(peer: Peer): Promise<unknown[]> {
  const lines = await peer.answersTo({ type: "history", id: "all" });
  return lines
    .filter(({ seq }) => seq !== undefined)
    .map(({ seq, id, text, name }) => [seq, id, text ?? name]);
}

describe("A message sent again under its id", () => {
  it("is answered by recorded, to its sender alone, and makes no second entry", async () => {
    const { port } = await startServer();
    const [alice, bob] = [await joinRoom(port, "alice"), await joinRoom(port, "bob")];
    expect(await alice.answersTo(say("m1", "hi"))).toMatchObject([{ type: "message", seq: 1 }]);
    expect(await alice.answersTo(say("m1", "hi"))).toEqual([
      { type: "recorded", id: "m1", room: "lab", seq: 1 },
    ]);
    // Twice in one packet: one commit.
    expect(await alice.answersTo(say("m2", "a"), say("m2", "a"), say("m3", "b"))).toMatchObject([
      { type: "message", seq: 2, id: "m2" },
      { type: "message", seq: 3, id: "m3" },
      { type: "recorded", seq: 2, id: "m2" },
    ]);
    await bob.answersTo();
    expect(bob.all("recorded")).toEqual([]);
    expect(bob.all("message").map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it("is id-reused with other content, and writes nothing", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    await alice.answersTo(say("m1", "hi"));
    for (const other of [
      say("m1", "ho"),
      say("m1", "hi", { replyTo: 1 }),
      { type: "upload", id: "m1", name: "hi", data: hello },
      { type: "upload", id: "m1", name: "hi", size: 5, sha256 },
    ]) {
      expect(await alice.answersTo(other)).toMatchObject([{ type: "error", code: "id-reused", id: "m1" }]);
    }
    expect(await alice.answersTo(say("m2", "on"))).toMatchObject([{ seq: 2 }]);
    expect(await entriesOf(alice)).toEqual([
      [1, "m1", "hi"],
      [2, "m2", "on"],
    ]);
  });

  it("is of its sender and its room alone, and of an id at all", async () => {
    const { port } = await startServer();
    const [alice, bob] = [await joinRoom(port, "alice"), await joinRoom(port, "bob")];
    alice.send({ type: "join", room: "den" });
    await alice.answersTo(say("m", "hi", { room: "lab" }), say("m", "hi", { room: "den" }));
    await bob.answersTo(say("m", "hi"));
    const nameless = { type: "message", room: "den", text: "hi" };
    await alice.answersTo(nameless, nameless);
    expect(alice.all("message").map(({ room, seq }) => [room, seq])).toEqual(
      expect.arrayContaining([
        ["lab", 1],
        ["lab", 2],
        ["den", 1],
        ["den", 2],
        ["den", 3],
      ]),
    );
  });

  it("is known again on a newer connection of the session, and after a restart", async () => {
    const dataFolder = await temporaryFolder();
    const first = await startServer({ dataFolder });
    const alice = await joinRoom(first.port, "alice");
    await alice.answersTo(say("m1", "hi"));
    const again = await comeBack(first.port, alice, { name: "Alice" });
    expect(await again.answersTo(say("m1", "hi"))).toMatchObject([{ type: "recorded", seq: 1 }]);
    await first.close();
    const second = await startServer({ dataFolder });
    const back = await comeBack(second.port, alice);
    expect(await back.answersTo(say("m1", "hi"))).toMatchObject([{ type: "recorded", seq: 1 }]);
    expect(await back.answersTo(say("m1", "ho"))).toMatchObject([{ code: "id-reused" }]);
    // Without the session it is somebody else of the same name.
    back.send({ type: "quit" });
    await back.ended;
    const stranger = await joinRoom(second.port, "alice");
    expect(await stranger.answersTo(say("m1", "hi"))).toMatchObject([{ type: "message", seq: 2 }]);
  });

  it("is forgotten after the window that the server states", async () => {
    const { port } = await startServer({ limits: { dedupeMs: 1 } });
    const alice = await joinRoom(port, "alice");
    expect(alice.all("connected")).toMatchObject([{ limits: { dedupeMs: 1 } }]);
    await alice.answersTo(say("m1", "hi"));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await alice.answersTo(say("m1", "hi"))).toMatchObject([{ type: "message", seq: 2 }]);
  });
});

describe("A file sent again under its id", () => {
  it("is recorded once, in one line, and leaves no second blob", async () => {
    const { port, dataFolder } = await startServer();
    const alice = await joinRoom(port, "alice");
    const upload = { type: "upload", id: "u1", name: "a.txt", data: hello };
    expect(await alice.answersTo(upload)).toMatchObject([{ type: "file", seq: 1, version: 1 }]);
    expect(await alice.answersTo(upload)).toEqual([{ type: "recorded", id: "u1", room: "lab", seq: 1 }]);
    const kept = await keptFiles(dataFolder);
    const other = { ...upload, data: Buffer.from("other").toString("base64") };
    expect(await alice.answersTo(other)).toMatchObject([{ type: "error", code: "id-reused", id: "u1" }]);
    expect(await alice.answersTo({ ...upload, name: "b.txt" })).toMatchObject([{ code: "id-reused" }]);
    expect(await keptFiles(dataFolder)).toEqual(kept);
    expect(await entriesOf(alice)).toEqual([[1, "u1", "a.txt"]]);
  });

  it("needs no bytes, in chunks, when its hash says that it is recorded already", async () => {
    const { port, dataFolder } = await startServer();
    const alice = await joinRoom(port, "alice");
    await alice.answersTo({ type: "upload", id: "u1", name: "a.txt", data: hello });
    const recorded = [{ type: "recorded", id: "u1", room: "lab", seq: 1 }];
    for (const facts of [{ size: 5, sha256 }, { sha256 }]) {
      const again = { type: "upload", id: "u1", name: "a.txt", ...facts };
      expect([facts, await alice.answersTo(again)]).toEqual([facts, recorded]);
    }
    for (const facts of [{ size: 6 }, { size: 5, sha256: "0".repeat(64) }, { name: "A.TXT" }]) {
      const other = { type: "upload", id: "u1", name: "a.txt", sha256, ...facts };
      expect([facts, await alice.answersTo(other)]).toMatchObject([facts, [{ code: "id-reused" }]]);
    }
    expect((await keptFiles(dataFolder)).filter((name) => name.startsWith("unfinished/"))).toEqual([]);
  });

  it("is not taken for another of the same size: without a hash its bytes decide", async () => {
    const { port, dataFolder } = await startServer();
    const alice = await joinRoom(port, "alice");
    await alice.answersTo({ type: "upload", id: "u1", name: "a.txt", data: hello });
    for (const [bytes, answer] of [
      ["world", { type: "error", code: "id-reused" }],
      ["hello", { type: "recorded", seq: 1 }],
    ] as const) {
      alice.send({ type: "upload", id: "u1", name: "a.txt", size: 5 });
      const { upload } = await alice.next("uploading");
      const data = Buffer.from(bytes).toString("base64");
      expect(await alice.answersTo({ type: "chunk", upload, offset: 0, data })).toMatchObject([answer]);
    }
    expect((await keptFiles(dataFolder)).length).toBe(1);
  });

  it("is compared when its bytes are there, when two run at once", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    const begin = async (facts: object) => {
      alice.send({ type: "upload", id: "u1", name: "a.txt", ...facts });
      return String((await alice.next("uploading")).upload);
    };
    const other = Buffer.from("other");
    const [first, second, third] = [
      await begin({ size: 5, sha256 }),
      await begin({}),
      await begin({ size: 5, sha256: sha256Of(other) }),
    ];
    const chunk = { type: "chunk", offset: 0, data: hello };
    expect(await alice.answersTo({ ...chunk, upload: first })).toMatchObject([
      { type: "file", seq: 1, id: "u1" },
    ]);
    const finished = [
      { ...chunk, upload: second },
      { type: "finish", upload: second },
    ];
    expect(await alice.answersTo(...finished)).toMatchObject([{ type: "recorded", seq: 1, id: "u1" }]);
    expect(await alice.answersTo({ ...chunk, upload: third, data: other.toString("base64") })).toMatchObject([
      { type: "error", code: "id-reused" },
    ]);
  });
});
