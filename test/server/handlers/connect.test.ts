// `connect`: names, sessions, and that a refused one claims nothing.

import { joinRoom, openPeer, type Answer, type Peer } from "../../support/peer.js";
import { startServer } from "../../support/server.js";
import { defaultLimits } from "../../../shared/limits.js";

async function connectAs(port: number, fields: object): Promise<{ peer: Peer; answer: Answer }> {
  const peer = await openPeer(port);
  return { peer, answer: await peer.ask({ type: "connect", id: "c", room: null, ...fields }) };
}

describe("connect", () => {
  it("says who you are, what the server is, and its limits", async () => {
    const { port } = await startServer();
    const { answer } = await connectAs(port, { name: "alice", protocol: 1 });
    expect(answer).toEqual({
      type: "connected",
      id: "c",
      name: "alice",
      session: answer.session,
      resumed: false,
      server: "roomline/test",
      protocol: 1,
      features: ["files", "search"],
      time: answer.time,
      limits: defaultLimits,
    });
    expect(String(answer.time)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it("joins the room that was asked for, the lobby when none was, and no room for null", async () => {
    const { port } = await startServer();
    const rooms = async (fields: object) => {
      const peer = await openPeer(port);
      const answers = await peer.answersTo({ type: "connect", id: "c", ...fields });
      return answers.slice(1).map(({ type, room, id }) => ({ type, room, id }));
    };
    expect(await rooms({ room: "Lab" })).toEqual([{ type: "joined", room: "Lab", id: "c" }]);
    expect(await rooms({})).toEqual([{ type: "joined", room: "lobby", id: "c" }]);
    expect(await rooms({ room: null })).toEqual([]);
  });

  it("gives guests names of their own", async () => {
    const { port } = await startServer();
    const names = new Set<unknown>();
    for (const fields of [{}, { name: "" }, {}, { name: "" }]) {
      const { answer } = await connectAs(port, fields);
      expect(answer.name).toMatch(/^guest-[0-9a-f]{4}$/);
      names.add(answer.name);
    }
    expect(names.size).toBe(4);
  });

  it("refuses a name that somebody has, however it is written", async () => {
    const { port } = await startServer();
    await connectAs(port, { name: "Straße Kay Å" });
    for (const name of ["Straße Kay Å", "STRASSE KAY Å", "strasse \u212aay A\u030a", "Ｓtraße Kay \u212b"]) {
      const { answer } = await connectAs(port, { name });
      expect([name, answer]).toMatchObject([name, { type: "error", code: "name-taken", id: "c" }]);
    }
    expect((await connectAs(port, { name: "Strase Kay A" })).answer.type).toBe("connected");
  });

  it("claims nothing when it is refused, and may be tried again on the same connection", async () => {
    const { port } = await startServer();
    await joinRoom(port, "taken");
    const peer = await openPeer(port);
    const refusals: [object, string][] = [
      [{ name: "alice", room: "../lab" }, "bad-name"],
      [{ name: "alice", room: "" }, "bad-name"],
      [{ name: "alice", room: 5 }, "bad-message"],
      [{ name: "alice", protocol: 2 }, "unsupported-protocol"],
      [{ name: "alice", protocol: 0 }, "unsupported-protocol"],
      [{ name: "a/b" }, "bad-name"],
      [{ name: " alice" }, "bad-name"],
      [{ name: 7 }, "bad-message"],
      [{ name: "taken" }, "name-taken"],
      [{ name: "alice", session: 7 }, "bad-message"],
    ];
    for (const [fields, code] of refusals) {
      const answers = await peer.answersTo({ type: "connect", id: "c", ...fields });
      expect([fields, ...answers]).toMatchObject([fields, { type: "error", code, id: "c" }]);
      const { peer: other, answer } = await connectAs(port, { name: "alice" });
      expect([fields, answer.type]).toEqual([fields, "connected"]);
      await other.ask({ type: "quit", id: "q" });
    }
    expect(await peer.answersTo({ type: "connect", id: "c", name: "alice" })).toMatchObject([
      { type: "connected" },
      { type: "joined" },
    ]);
  });

  it("is said once", async () => {
    const { port } = await startServer();
    const { peer } = await connectAs(port, { name: "alice" });
    const answers = await peer.answersTo({ type: "connect", id: "again", name: "bob" });
    expect(answers).toMatchObject([{ type: "error", code: "already-connected", id: "again" }]);
    expect((await connectAs(port, { name: "bob" })).answer.type).toBe("connected");
  });

  it("frees a name at once after quit, and after the peer is gone", async () => {
    const { port } = await startServer({ leaveGraceMs: 50 });
    const { peer } = await connectAs(port, { name: "alice" });
    await peer.ask({ type: "quit", id: "q" });
    const second = await connectAs(port, { name: "alice" });
    expect(second.answer.type).toBe("connected");
    const witness = await joinRoom(port, "witness");
    second.peer.send({ type: "join", room: "lab" });
    await witness.next((line) => line.type === "presence" && String(line.joined) === "alice");
    second.peer.socket.resetAndDestroy();
    await witness.next((line) => line.type === "presence" && String(line.left) === "alice");
    expect((await connectAs(port, { name: "alice" })).answer.type).toBe("connected");
  });
});

describe("connect, with a session", () => {
  it("takes over from an older connection, which is told and fenced", async () => {
    const { port } = await startServer();
    const witness = await joinRoom(port, "witness");
    const older = await openPeer(port);
    const first = await older.ask({ type: "connect", id: "1", name: "alice", room: "lab" });
    const newer = await openPeer(port);
    const second = await newer.ask({
      type: "connect",
      id: "2",
      name: "ALICE",
      room: "lab",
      session: first.session,
    });
    expect(second).toMatchObject({ type: "connected", resumed: true });
    expect(await older.next("bye")).toMatchObject({ code: "name-taken", retry: false });
    older.send({ type: "message", text: "from beyond" });
    await older.ended;
    await newer.next("joined");
    newer.send({ type: "message", id: "m", text: "from here" });
    expect(await witness.next("message")).toMatchObject({ seq: 1, text: "from here" });
    expect(await witness.ask({ type: "users", id: "u" })).toMatchObject({ users: ["ALICE", "witness"] });
    expect(witness.all("presence").flatMap(({ left }) => left)).toEqual([]);
  });

  it("knows the session again after the older connection ended, and after a restart", async () => {
    const server = await startServer();
    const { port, dataFolder } = server;
    const { peer, answer } = await connectAs(port, { name: "alice" });
    await peer.ask({ type: "quit", id: "q" });
    const again = await connectAs(port, { name: "alice", session: answer.session });
    expect(again.answer.resumed).toBe(true);
    await server.close();
    const reopened = await startServer({ dataFolder });
    const last = await connectAs(reopened.port, { name: "alice", session: answer.session });
    expect(last.answer).toMatchObject({ type: "connected", resumed: true });
  });

  it("ignores a session that is forged, another's, or no session at all", async () => {
    const { port } = await startServer();
    const alice = await connectAs(port, { name: "alice" });
    const bob = await connectAs(port, { name: "bob" });
    const session = String(alice.answer.session);
    const [version, sender, issued, signature = ""] = session.split(".");
    const swapped = signature.startsWith("A") ? "B" : "A";
    const forged = [
      String(bob.answer.session),
      "",
      "x",
      "__proto__",
      "1...",
      session.slice(0, -1),
      `${session}A`,
      [version, sender, issued, swapped + signature.slice(1)].join("."),
      [version, sender, "zzzzzzzz", signature].join("."),
      [version, "A".repeat(22), issued, signature].join("."),
      "x".repeat(100_000),
    ];
    for (const attempt of forged) {
      const { answer } = await connectAs(port, { name: "alice", session: attempt });
      expect([attempt, answer.code]).toEqual([attempt, "name-taken"]);
    }
    await alice.peer.ask({ type: "quit", id: "q" });
    const taken = new Set<unknown>([session]);
    for (const attempt of forged) {
      const { peer, answer } = await connectAs(port, { name: "alice", session: attempt });
      expect([attempt, answer.resumed]).toEqual([attempt, false]);
      taken.add(answer.session);
      await peer.ask({ type: "quit", id: "q" });
    }
    expect(taken.size).toBe(forged.length + 1);
    expect(bob.peer.all("bye")).toEqual([]);
  });
});
