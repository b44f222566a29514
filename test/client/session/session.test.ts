// What a session promises, against a server that says exactly what each test wants.

import { openSession, type SessionOptions } from "../../../client/session/connect.js";
import type { Session } from "../../../client/session/session.js";
import { cleanUp } from "../../support/cleanup.js";
import { until } from "../../support/until.js";
import { startFakeServer, joined, message, type FakePeer } from "../fake-server.js";

interface Pair {
  readonly session: Session;
  readonly peer: FakePeer;
}

async function openPair(options: SessionOptions = {}): Promise<Pair> {
  const server = await startFakeServer();
  const opening = openSession({
    port: server.port,
    name: "alice",
    room: "lab",
    reconnectForMs: 0,
    ...options,
  });
  const peer = await server.accept();
  await peer.greet("alice");
  return { session: await opening, peer };
}

describe("Session", () => {
  it("knows its name, its room and the server's limits when it is open", async () => {
    const { session } = await openPair();
    expect(session.name).toBe("alice");
    expect(session.limits.chunkBytes).toBe(49152);
    expect(session.positions.get("lab")).toEqual({ epoch: "e1", seq: 0 });
  });

  it("misses no line that comes in the same packet as joined", async () => {
    const server = await startFakeServer();
    const opening = openSession({ port: server.port, name: "alice", room: "lab", reconnectForMs: 0 });
    const peer = await server.accept();
    await peer.greet("alice", {
      following: [message(1, "bob"), message(2, "bob"), { type: "bye", retry: true }],
    });
    const session = await opening;
    const seen: number[] = [];
    session.on("message", ({ seq }) => seen.push(seq));
    peer.socket.end();
    await session.closed;
    expect(seen).toEqual([1, 2]);
    expect(session.positions.get("lab")?.seq).toBe(2);
  });

  it("resolves what is said with its own entry, not with one of somebody who uses the same id", async () => {
    const { session, peer } = await openPair();
    const said = session.say("hi");
    const { id } = await peer.next("message");
    peer.say(message(7, "mallory", { id, text: "forged" }), message(8, "alice", { id, text: "hi" }));
    expect(await said).toMatchObject({ seq: 8, from: "alice", text: "hi" });
  });

  it("gives every answer to the request that asked, in whatever order they come", async () => {
    const { session, peer } = await openPair();
    const [one, two] = [session.users({ room: "lab" }), session.users({ room: "den" })];
    const [first, second] = [await peer.next("users"), await peer.next("users")];
    peer.say(
      { type: "users", id: second.id, room: "den", users: ["bob"], more: false },
      { type: "users", id: first.id, room: "lab", users: ["alice"], more: false },
    );
    expect((await one).users).toEqual(["alice"]);
    expect((await two).users).toEqual(["bob"]);
  });

  it("puts a page of history together though other lines come between", async () => {
    const { session, peer } = await openPair();
    const live: number[] = [];
    session.on("message", ({ seq }) => live.push(seq));
    const asked = session.history({ limit: 2 });
    const { id } = await peer.next("history");
    peer.say(
      { type: "history", id, room: "lab", from: 4, to: 6, count: 3, more: true },
      message(4, "bob"),
      message(90, "carol", { room: "den" }),
      { type: "presence", room: "lab", joined: ["dave"], left: [], memberCount: 2 },
      { type: "reaction-of-a-later-version", room: "lab", seq: 5, time: "", from: "bob" },
      message(6, "alice"),
      message(7, "bob"),
    );
    const page = await asked;
    expect(page.entries.map(({ seq }) => seq)).toEqual([4, 6]);
    expect(page.more).toBe(true);
    peer.socket.end();
    await session.closed;
    expect(live).toEqual([90, 7]);
  });

  it("takes a code that a newer server has, and no page without end", async () => {
    const { session, peer } = await openPair();
    const saying = session.say("hi");
    const { id } = await peer.next("message");
    peer.say({ type: "error", id, code: "muted", message: "You are muted." });
    await expect(saying).rejects.toMatchObject({ code: "muted", message: "You are muted." });
    const asked = session.history();
    const header = await peer.next("history");
    peer.say({ type: "history", id: header.id, room: "lab", from: 1, to: 1e9, count: 1e9, more: false });
    await expect(asked).rejects.toThrow();
    expect(await session.closed).toMatchObject({ kind: "broken" });
  });

  it("rejects with the server's code and sentence", async () => {
    const { session, peer } = await openPair();
    const joining = session.join("a/b");
    const { id } = await peer.next("join");
    peer.say({ type: "error", id, code: "bad-name", message: "The name has a slash." });
    await expect(joining).rejects.toMatchObject({ code: "bad-name", message: "The name has a slash." });
  });

  it("refuses by itself what the server could not answer by its id", async () => {
    const { session } = await openPair();
    await expect(session.say("x".repeat(16 * 1024 + 1))).rejects.toMatchObject({ code: "bad-message" });
    await expect(session.join("x".repeat(200_000))).rejects.toMatchObject({ code: "line-too-long" });
  });

  it("stops waiting for an answer that never comes", async () => {
    const { session } = await openPair({ answerTimeoutMs: 20 });
    await expect(session.ping()).rejects.toMatchObject({ code: "no-answer" });
  });

  it("reads nothing while it is held, and does not call that the server's silence", async () => {
    jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "clearImmediate", "queueMicrotask"] });
    cleanUp(() => Promise.resolve(jest.useRealTimers()));
    const { session, peer } = await openPair({ answerTimeoutMs: 50 });
    const seen: number[] = [];
    let show: () => void = () => undefined;
    session.on("message", ({ seq }) => {
      seen.push(seq);
      if (seq === 1) session.hold(new Promise<void>((resolve) => (show = resolve)));
    });
    const pinged = session.ping();
    const { id } = await peer.next("ping");
    peer.say(message(1, "bob"), message(2, "bob"), { type: "pong", id, time: "2026-11-21T10:00:03.120Z" });
    await until(() => seen.length > 0);
    // A screen that takes longer than the deadline, several times over.
    for (let count = 0; count < 5; count++) jest.advanceTimersByTime(50);
    expect(seen).toEqual([1]);
    show();
    await pinged;
    expect(seen).toEqual([1, 2]);
  });

  it("stops waiting for an answer when told to, and goes on", async () => {
    const { session, peer } = await openPair();
    const stop = new AbortController();
    const reason = new Error("enough");
    const asked = session.users({ room: "lab" }, { signal: stop.signal });
    const { id } = await peer.next("users");
    stop.abort(reason);
    await expect(asked).rejects.toBe(reason);
    const pinged = session.ping();
    peer.say(
      { type: "users", id, room: "lab", users: ["alice"], more: false },
      { type: "pong", id: (await peer.next("ping")).id, time: "" },
    );
    expect(await pinged).toMatchObject({ type: "pong" });
  });

  it("remembers how far it has seen each room it is in", async () => {
    const { session, peer } = await openPair();
    const joining = session.join("den");
    const { id } = await peer.next("join");
    peer.say(joined(id, "den", { name: "alice", head: 40 }), message(41, "bob", { room: "den" }));
    await joining;
    const leaving = session.leave("lab");
    peer.say({ type: "left", id: (await peer.next("leave")).id, room: "lab" });
    await leaving;
    expect([...session.positions]).toEqual([["den", { epoch: "e1", seq: 41 }]]);
  });
});

describe("The end of a session", () => {
  it("is quit when it was closed here, after the server's bye", async () => {
    const { session, peer } = await openPair();
    const bye = peer.sayBye();
    await session.close();
    await bye;
    expect(await session.closed).toEqual({ kind: "quit" });
    await session.close();
    await expect(session.say("anybody?")).rejects.toMatchObject({ code: "connection-lost" });
  });

  it("is bye with its reason when the server ends it", async () => {
    const { session, peer } = await openPair();
    const waiting = session.ping();
    peer.say({ type: "bye", code: "shutting-down", message: "The server is stopping.", retry: true });
    peer.socket.end();
    await expect(waiting).rejects.toMatchObject({
      code: "connection-lost",
      message: "The server said goodbye. The server is stopping.",
    });
    expect(await session.closed).toMatchObject({ kind: "bye", bye: { code: "shutting-down" } });
  });

  it("is lost when the connection breaks, also in the middle of a line", async () => {
    const { session, peer } = await openPair();
    peer.say(message(1, "bob"), '{"type":"mess');
    peer.socket.end();
    expect(await session.closed).toMatchObject({ kind: "lost" });
  });

  it("is lost when the connection is reset", async () => {
    const { session, peer } = await openPair();
    peer.socket.resetAndDestroy();
    expect(await session.closed).toMatchObject({ kind: "lost" });
  });

  it.each(["SSH-2.0-x\r\n", "[1]\n", '{"type":"message","seq":-1}\n'])(
    "is a clear refusal when %j is what answers there",
    async (greeting) => {
      const server = await startFakeServer();
      const opening = openSession({ port: server.port });
      const peer = await server.accept();
      peer.say(greeting);
      await expect(opening).rejects.toMatchObject({
        code: "cannot-connect",
        message: "What answers there does not speak Roomline.",
      });
      await peer.ended;
    },
  );

  it("is the error of a listener that fails", async () => {
    const { session, peer } = await openPair();
    const mistake = new Error("my bot's mistake");
    session.on("message", () => Promise.reject(mistake));
    peer.say(message(1, "bob"));
    expect(await session.closed).toEqual({ kind: "failed", cause: mistake });
  });
});

describe("openSession", () => {
  it("tells what the server refused, and lets the connection go", async () => {
    const server = await startFakeServer();
    const opening = openSession({ port: server.port, name: "bob" });
    const peer = await server.accept();
    const { id } = await peer.next("connect");
    peer.say({ type: "error", id, code: "name-taken", message: "bob is already here" });
    await expect(opening).rejects.toMatchObject({ code: "name-taken" });
    await peer.ended;
  });

  it("refuses a server whose limits let nothing be sent, and lets the connection go", async () => {
    const server = await startFakeServer();
    const opening = openSession({ port: server.port, name: "alice" });
    const peer = await server.accept();
    await peer.greet("alice", { limits: { chunkBytes: 0 } });
    await expect(opening).rejects.toMatchObject({
      code: "cannot-connect",
      message: "The server cannot be used: it says that its chunkBytes is 0.",
    });
    await peer.ended;
  });

  it("waits for a server that is not up yet, and says so before each wait", async () => {
    const gone = await startFakeServer();
    await gone.close();
    const retries: string[] = [];
    let isBack: () => void = () => undefined;
    const coming = new Promise<void>((resolve) => (isBack = resolve));
    const opening = openSession({
      port: gone.port,
      reconnectForMs: 0,
      retryForMs: 20_000,
      onRetry: ({ code }) => {
        retries.push(code);
        if (retries.length === 2) isBack();
      },
    });
    await coming;
    const server = await startFakeServer(gone.port);
    await (await server.accept()).greet("alice");
    expect((await opening).name).toBe("alice");
    expect(retries).toContain("cannot-connect");
  });

  it("gives up when told to, while it waits", async () => {
    const gone = await startFakeServer();
    await gone.close();
    const stop = new AbortController();
    const reason = new Error("enough");
    const opening = openSession({
      port: gone.port,
      retryForMs: 20_000,
      signal: stop.signal,
      onRetry: () => {
        stop.abort(reason);
      },
    });
    await expect(opening).rejects.toBe(reason);
  });

  it("gives up on a server that accepts and says nothing", async () => {
    const server = await startFakeServer();
    const opening = openSession({ port: server.port, answerTimeoutMs: 50 });
    const peer = await server.accept();
    cleanUp(() => peer.ended);
    await expect(opening).rejects.toMatchObject({ code: "no-answer" });
  });
});
