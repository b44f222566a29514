// `delete`: what was said is gone for everybody, from then on; a file with its bytes.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { comeBack, joinRoom, openPeer, type Answer, type Peer } from "../../support/peer.js";
import { startServer, temporaryFolder } from "../../support/server.js";
import { answersOf, lineOf } from "./places.js";
import { downloadFile, expectNothingKept, keptFiles, sha256, someBytes, uploadFile } from "./transfers.js";

interface Cast {
  readonly port: number;
  readonly dataFolder: string;
  readonly alice: Peer;
  readonly bob: Peer;
}

async function two(): Promise<Cast> {
  const { port, dataFolder } = await startServer();
  return { port, dataFolder, alice: await joinRoom(port, "alice"), bob: await joinRoom(port, "bob") };
}

async function entriesOf(peer: Peer, place: object = {}): Promise<Answer[]> {
  return (await answersOf(peer, { type: "history", id: "all", ...place })).slice(1);
}

const gone = { type: "delete", id: "x", target: 1 };

describe("delete", () => {
  it("is an entry to everybody; what its target and the edits of it said is gone from then on", async () => {
    const { port, alice, bob } = await two();
    const said = await alice.ask({ type: "message", id: "m", text: "SECRET" });
    const edited = await alice.ask({ type: "edit", id: "e", target: 1, text: "SECRET too" });
    const entry = await alice.ask(gone);
    expect(entry).toEqual({
      ...{ type: "delete", room: "lab", seq: 3, time: entry.time, from: "alice", id: "x", target: 1 },
    });
    expect(await bob.next("delete")).toEqual(entry);
    const left = [
      { type: "message", room: "lab", seq: 1, time: said.time, from: "alice", id: "m", deleted: true },
      {
        type: "edit",
        room: "lab",
        seq: 2,
        time: edited.time,
        from: "alice",
        id: "e",
        target: 1,
        deleted: true,
      },
      entry,
    ];
    expect(await entriesOf(bob)).toEqual(left);
    const late = await openPeer(port);
    late.send({ type: "connect", name: "late", room: "lab", since: 0 });
    await late.next("live");
    expect(late.received.filter(({ seq }) => seq !== undefined)).toEqual(left);
    expect(await answersOf(bob, { type: "search", id: "s", query: "secret" })).toMatchObject([{ count: 0 }]);
  });

  it.each([
    [{ target: 2 }, "no-such-entry"],
    [{ target: undefined }, "bad-message"],
    [{ target: 0 }, "bad-message"],
    [{ file: "x" }, "bad-message"],
    [{ target: undefined, file: "unknown" }, "file-not-found"],
    [{ target: undefined, file: "" }, "file-not-found"],
    [{ target: undefined, file: "../../session.key" }, "file-not-found"],
    [{ target: undefined, file: "x", with: "bob" }, "file-not-found"],
    [{ room: "elsewhere" }, "not-in-room"],
    [{ with: "nobody" }, "no-such-user"],
    [{ with: "bob" }, "no-such-entry"],
    [{ room: "lab", with: "bob" }, "bad-message"],
  ])("with %j is refused as %s, and leaves no hole", async (fields, code) => {
    const { alice } = await two();
    await alice.ask({ type: "message", id: "m", text: "hi" });
    expect(await alice.answersTo({ ...gone, ...fields })).toMatchObject([{ type: "error", code, id: "x" }]);
    expect(await alice.ask({ ...gone, id: "next" })).toMatchObject({ seq: 2 });
  });

  it("is for one's own alone, also for the receiver of a direct, and once", async () => {
    const { alice, bob } = await two();
    await alice.answersTo(
      { type: "message", id: "m", text: "hi" },
      { type: "direct", id: "d", to: "bob", text: "hi" },
    );
    expect(await answersOf(bob, gone, { ...gone, id: "y", with: "alice" })).toMatchObject([
      { code: "forbidden", id: "x" },
      { code: "forbidden", id: "y" },
    ]);
    expect(await alice.ask(gone)).toMatchObject({ seq: 2 });
    expect(await alice.answersTo({ ...gone, id: "again" })).toMatchObject([{ code: "no-such-entry" }]);
    expect(await alice.ask({ ...gone, id: "z", with: "bob" })).toMatchObject({
      type: "delete",
      seq: 2,
      to: "bob",
    });
    expect(await bob.next(({ id }) => id === "z")).toMatchObject({ target: 1 });
    expect((await entriesOf(bob, { with: "alice" }))[0]).toEqual({
      ...{
        type: "direct",
        seq: 1,
        time: expect.any(String) as string,
        from: "alice",
        to: "bob",
        id: "d",
        deleted: true,
      },
    });
  });

  it("is an operator's to do with anything, who shows the token of the data folder", async () => {
    const { port, dataFolder, alice } = await two();
    await alice.answersTo(
      { type: "message", id: "m", text: "hi" },
      { type: "upload", name: "a.txt", data: "aGk=" },
    );
    const token = (await readFile(join(dataFolder, "operator.token"), "utf8")).trim();
    const operator = await openPeer(port);
    for (const wrong of ["", "x", `${token.slice(1)}x`, `${token} `]) {
      const connect = { type: "connect", id: "c", name: "root", room: "lab", token: wrong };
      expect(await operator.ask(connect)).toMatchObject({ type: "error", code: "forbidden", id: "c" });
    }
    expect(await alice.ask({ type: "users", id: "u" })).toMatchObject({ users: ["alice", "bob"] });
    await answersOf(operator, { type: "connect", name: "root", room: "lab", token });
    expect(await answersOf(operator, { type: "edit", id: "e", target: 1, text: "ho" })).toMatchObject([
      { code: "forbidden" },
    ]);
    expect(await answersOf(operator, gone, { ...gone, id: "y", target: 2 })).toMatchObject([
      { type: "delete", from: "root" },
      { type: "delete", from: "root" },
    ]);
    await expectNothingKept(dataFolder);
    // A session alone is no operator's.
    const again = await comeBack(port, operator);
    await alice.answersTo({ type: "message", id: "n", text: "hi" });
    expect(await answersOf(again, { ...gone, id: "z", target: 5 })).toMatchObject([{ code: "forbidden" }]);
  });

  it("takes effect in the order sent: before it there is something to react to, behind it there is not", async () => {
    const { alice } = await two();
    await alice.ask({ type: "message", id: "m", text: "hi" });
    const file = { type: "upload", id: "f", name: "a.txt", data: someBytes(50_000).toString("base64") };
    const requests = [
      file,
      { type: "react", id: "r1", target: 1, emoji: "+1" },
      gone,
      { type: "react", id: "r2", target: 1, emoji: "+1" },
      { ...gone, id: "y", target: 2 },
      { type: "files", id: "l" },
      { type: "search", id: "s", query: "hi" },
    ];
    const answers = await alice.answersTo(requests.map(lineOf).join(""));
    const byId = new Map(answers.map((answer) => [answer.id, answer]));
    expect(["f", "r1", "x", "y"].map((id) => byId.get(id)?.seq)).toEqual([2, 3, 4, 5]);
    expect(byId.get("r2")).toMatchObject({ code: "no-such-entry" });
    expect(byId.get("l")).toMatchObject({ files: [] });
    expect(byId.get("s")).toMatchObject({ count: 0 });
  });

  it("sent again is answered by recorded, and so is what it deleted", async () => {
    const { alice, bob } = await two();
    const said = { type: "message", id: "m", text: "hi" };
    await alice.answersTo(said, gone);
    expect(await alice.answersTo(said, gone, { ...said, text: "another" })).toEqual([
      { type: "recorded", id: "m", room: "lab", seq: 1 },
      { type: "recorded", id: "x", room: "lab", seq: 2 },
      { type: "recorded", id: "m", room: "lab", seq: 1 },
    ]);
    await bob.answersTo();
    expect(bob.all("delete")).toHaveLength(1);
    expect((await entriesOf(bob)).map(({ text }) => text)).toEqual([undefined, undefined]);
  });

  it("takes the topic away that its target set", async () => {
    const { port, alice } = await two();
    await alice.answersTo({ type: "topic", text: "SECRET" }, gone);
    const late = await joinRoom(port, "late");
    expect(late.all("joined")).toMatchObject([{ topic: "" }]);
  });

  it("is given to one who is behind as it is by then, not as it was said", async () => {
    const { alice, bob } = await two();
    bob.socket.pause();
    const text = "x".repeat(16_000);
    for (let n = 0; n < 1500; n += 100) {
      const lines = Array.from({ length: 100 }, (_, k) => ({ type: "message", id: `${n + k}`, text }));
      await alice.answersTo(lines.map(lineOf).join(""));
      alice.forget();
    }
    await alice.answersTo({ ...gone, target: 1400 }, { ...gone, id: "y", target: 1500 });
    bob.socket.resume();
    await bob.next("live");
    const entries = bob.received.filter(({ seq }) => seq !== undefined);
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 1502 }, (_, n) => n + 1));
    expect(entries.filter(({ deleted }) => deleted === true).map(({ seq }) => seq)).toEqual([1400, 1500]);
  });
});

describe("delete, of a file", () => {
  it("by its number or its id takes it out of the room, and its bytes off the disk", async () => {
    const { dataFolder, alice, bob } = await two();
    const first = await uploadFile(alice, "a.txt", someBytes(1000, 1));
    await uploadFile(alice, "b.txt", someBytes(1000, 2));
    expect(await alice.ask({ type: "delete", id: "x", file: first.file })).toMatchObject({
      target: 1,
      seq: 3,
    });
    expect(await bob.ask({ type: "files", id: "l" })).toMatchObject({ files: [{ name: "b.txt" }] });
    for (const wanted of [{ name: "a.txt" }, { file: first.file }])
      expect(await bob.ask({ type: "download", id: "d", ...wanted })).toMatchObject({
        code: "file-not-found",
      });
    expect(await alice.answersTo({ type: "delete", id: "y", file: first.file })).toMatchObject([
      { code: "file-not-found" },
    ]);
    await alice.ask({ ...gone, id: "z", target: 2 });
    await expectNothingKept(dataFolder);
    expect((await entriesOf(bob)).slice(0, 2)).toMatchObject([{ deleted: true }, { deleted: true }]);
    expect(JSON.stringify(await entriesOf(bob))).not.toContain(sha256(someBytes(1000, 1)));
  });

  it("is not another's", async () => {
    const { dataFolder, alice, bob } = await two();
    const { file } = await uploadFile(alice, "a.txt", someBytes(1000));
    expect(await answersOf(bob, { type: "delete", id: "x", file })).toMatchObject([{ code: "forbidden" }]);
    expect(await keptFiles(dataFolder)).toHaveLength(1);
  });

  it("that outlived its entry is still its sender's and an operator's to delete, and nobody else's", async () => {
    const dataFolder = await temporaryFolder();
    const first = await startServer({ dataFolder });
    const alice = await joinRoom(first.port, "alice");
    for (const n of [1, 2]) await uploadFile(alice, "a.txt", someBytes(1000, n));
    await alice.answersTo({ type: "message", text: "on" });
    await first.close();
    const retention = { all: { entries: 1, keepsFiles: true }, rooms: new Map() };
    const { port } = await startServer({ dataFolder, retention, retentionEveryMs: 5 });
    const token = (await readFile(join(dataFolder, "operator.token"), "utf8")).trim();
    const [again, operator] = [await comeBack(port, alice), await openPeer(port)];
    const bob = await joinRoom(port, "bob");
    while ((await again.ask({ type: "history", id: "h", after: 0 })).from !== 3);
    const newest = { type: "delete", id: "x", name: "a.txt" };
    expect(await bob.answersTo(newest)).toMatchObject([{ code: "forbidden" }]);
    expect(await again.ask(newest)).toMatchObject({ type: "delete", target: 2 });
    await operator.answersTo({ type: "connect", name: "root", room: "lab", token });
    expect(await operator.ask({ ...newest, id: "y" })).toMatchObject({ type: "delete", target: 1 });
    expect(await operator.answersTo({ type: "files", id: "l" })).toMatchObject([{ files: [] }]);
    await expectNothingKept(dataFolder);
    expect(await operator.answersTo({ type: "delete", id: "z", target: 1 })).toMatchObject([
      { code: "no-such-entry" },
    ]);
  });

  it("leaves the bytes while another entry has the same, in any room", async () => {
    const { port, dataFolder, alice } = await two();
    const bytes = someBytes(5000);
    const carol = await joinRoom(port, "carol", "other");
    await uploadFile(alice, "a.txt", bytes);
    await uploadFile(carol, "b.txt", bytes);
    await alice.ask(gone);
    expect((await downloadFile(carol, { id: "d", name: "b.txt" })).bytes.equals(bytes)).toBe(true);
    expect(await keptFiles(dataFolder)).toHaveLength(1);
    await carol.ask(gone);
    await expectNothingKept(dataFolder);
  });

  it("lets who reads it read to its end", async () => {
    const { dataFolder, alice, bob } = await two();
    const bytes = someBytes(24 * 1024 * 1024);
    await uploadFile(alice, "a.bin", bytes);
    bob.send({ type: "download", id: "d", name: "a.bin" });
    await bob.next("downloading");
    bob.socket.pause();
    await alice.ask(gone);
    await expectNothingKept(dataFolder);
    bob.socket.resume();
    await bob.next(({ last }) => last === true);
    const chunks = bob.all("chunk").map(({ data }) => Buffer.from(String(data), "base64"));
    expect(sha256(Buffer.concat(chunks))).toBe(sha256(bytes));
  });

  it("by its name takes the newest version, by name and version that one, and no number is given twice", async () => {
    const { alice, bob } = await two();
    for (const n of [1, 2, 3]) await uploadFile(alice, "a.txt", someBytes(10, n));
    const ask = (fields: object) => alice.answersTo({ type: "delete", id: "x", ...fields });
    expect(await answersOf(bob, { type: "delete", id: "b", name: "A.TXT" })).toMatchObject([
      { code: "forbidden" },
    ]);
    expect(await ask({ id: "1", name: "A.TXT" })).toMatchObject([{ target: 3 }]);
    expect(await ask({ id: "2", name: "a.txt", version: 3 })).toMatchObject([{ code: "file-not-found" }]);
    expect(await uploadFile(alice, "a.txt", someBytes(10, 4))).toMatchObject({ version: 4 });
    expect(await ask({ id: "3", name: "a.txt", version: 1 })).toMatchObject([{ target: 1 }]);
    expect(await bob.ask({ type: "files", id: "l", name: "a.txt" })).toMatchObject({
      files: [{ version: 4 }, { version: 2 }],
    });
    for (const id of ["4", "5"]) expect(await ask({ id, name: "a.txt" })).toMatchObject([{ type: "delete" }]);
    expect(await ask({ id: "6", name: "a.txt" })).toMatchObject([{ code: "file-not-found" }]);
    // Nothing is left of the name.
    expect(await uploadFile(alice, "a.txt", someBytes(10, 5))).toMatchObject({ version: 1 });
  });

  it.each([
    [{ name: "a.txt", target: 1 }, "bad-message"],
    [{ name: "a.txt", file: "x" }, "bad-message"],
    [{ version: 1 }, "bad-message"],
    [{ version: 1, target: 1 }, "bad-message"],
    [{ name: "../a.txt" }, "bad-name"],
    [{ name: "b.txt" }, "file-not-found"],
    [{ name: "a.txt", version: 2 }, "file-not-found"],
    [{ name: "a.txt", with: "bob" }, "file-not-found"],
  ])("by %j is refused as %s", async (fields, code) => {
    const { alice } = await two();
    await uploadFile(alice, "a.txt", someBytes(10));
    expect(await alice.answersTo({ type: "delete", id: "x", ...fields })).toMatchObject([{ code, id: "x" }]);
    expect(await alice.ask({ type: "files", id: "l" })).toMatchObject({ files: [{ version: 1 }] });
  });

  it("may be uploaded anew, by the same bytes and under the same name", async () => {
    const { alice, bob } = await two();
    const bytes = someBytes(5000);
    await uploadFile(alice, "a.txt", bytes);
    await alice.ask(gone);
    expect(await uploadFile(alice, "a.txt", bytes)).toMatchObject({ type: "file", seq: 3 });
    expect((await downloadFile(bob, { id: "d", name: "a.txt" })).bytes.equals(bytes)).toBe(true);
  });
});
