// What a session promises when its connection is lost, against a server that says exactly what each test wants.

import { setMaxListeners } from "node:events";
import { openSession } from "../../../client/session/connect.js";
import type { ConnectionState } from "../../../client/session/conversation.js";
import { maxWaitingBytes, maxWaitingRequests } from "../../../client/session/waiting.js";
import { waitMs } from "../../../client/session/waits.js";
import { cleanUp } from "../../support/cleanup.js";
import { startFlakyNetwork } from "../../support/flaky-network.js";
import { until } from "../../support/until.js";
import { joined, message, replayOf, startFakeServer, type FakePeer } from "../fake-server.js";
import { back, stateOf, talk, waits, type Talk } from "../lasting-talk.js";

describe("A session whose connection is lost", () => {
  it("comes back with its name and its secret, says so, and is not over", async () => {
    const { server, session, peer } = await talk();
    const [lost, found] = [stateOf(session, "disconnected"), stateOf(session, "connected")];
    peer.socket.resetAndDestroy();
    expect(await lost).toMatchObject({ triesAgain: true, why: { code: "connection-lost" } });
    expect(session.isConnected).toBe(false);
    const next = await server.accept();
    const connect = await next.greet("alice", { resumed: true });
    expect(connect).toMatchObject({ name: "alice", session: "a-secret", room: null, protocol: 1 });
    expect(await found).toEqual({ state: "connected", resumed: true, attempts: 1 });
    expect(session.isConnected).toBe(true);
    expect(session.isOver).toBe(false);
  });

  it("comes back after a goodbye that says so, not before the time that it names", async () => {
    const { server, session, peer } = await talk();
    const lost = stateOf(session, "disconnected");
    peer.say({ type: "bye", code: "shutting-down", retry: true, retryAfterMs: 300 });
    peer.socket.end();
    await lost;
    const lostAt = performance.now();
    await back(server);
    expect(performance.now() - lostAt).toBeGreaterThan(250);
  });

  it("is over after a goodbye for good", async () => {
    const { session, peer } = await talk();
    peer.say({ type: "bye", code: "name-taken", retry: false });
    peer.socket.end();
    expect(await session.closed).toMatchObject({ kind: "bye", bye: { code: "name-taken" } });
    expect(session.isConnected).toBe(false);
  });

  it("is over with the server's error when that does not take it back", async () => {
    const { server, session, peer } = await talk();
    peer.socket.destroy();
    const saying = expect(session.say("hello")).rejects.toMatchObject({ code: "name-taken" });
    const next = await server.accept();
    const { id } = await next.next("connect");
    next.say({ type: "error", id, code: "name-taken", message: "alice is already here" });
    expect(await session.closed).toMatchObject({ kind: "refused", cause: { code: "name-taken" } });
    await saying;
  });

  it("tries again when the server goes before it has answered, or speaks another language", async () => {
    const { server, session, peer } = await talk();
    const found = stateOf(session, "connected");
    peer.socket.destroy();
    (await server.accept()).socket.destroy();
    (await server.accept()).say("HTTP/1.1 502 Bad Gateway\r\n");
    const busy = await server.accept();
    const { id } = await busy.next("connect");
    busy.say({ type: "error", id, code: "too-many", message: "Too many." });
    await back(server);
    expect(await found).toMatchObject({ attempts: 4 });
  });

  it("gives up when it has tried for as long as it was told", async () => {
    const { server, session, peer } = await talk({ reconnectForMs: 50 });
    const states: ConnectionState[] = [];
    session.onState((change) => states.push(change));
    const waiting = expect(session.ping()).rejects.toMatchObject({ code: "connection-lost" });
    await peer.next("ping");
    await server.close();
    expect(await session.closed).toMatchObject({ kind: "lost", cause: { code: "cannot-connect" } });
    await waiting;
    expect(states).toMatchObject([{ triesAgain: true }, { triesAgain: false }]);
  });

  it("joins every room again at the place that it has seen, and shows each entry once", async () => {
    const { server, session, peer, seen } = await talk();
    const joining = session.join("den", { last: 5 });
    const { id } = await peer.next("join");
    const later = { room: "den" };
    peer.say(joined(id, "den", { name: "alice", head: 7 }), message(41, "bob"), message(42, "bob"));
    peer.say(
      { type: "history", id, room: "den", from: 3, to: 7, count: 5, more: false },
      message(3, "bob", later),
    );
    await joining;
    const lost = stateOf(session, "disconnected");
    peer.socket.end();
    await lost;
    expect(seen).toEqual([41, 42, 3]);
    const next = await back(server);
    const lab = await next.letIn({ name: "alice", replay: [message(43, "bob"), message(44, "bob")] });
    expect(lab).toMatchObject({ room: "lab", since: 42, epoch: "e1" });
    expect(lab).not.toHaveProperty("last");
    const den = await next.letIn({
      name: "alice",
      replay: [message(3, "bob", later), message(4, "bob", later)],
    });
    expect(den).toMatchObject({ room: "den", since: 3, epoch: "e1" });
    const pinged = session.ping();
    next.say(message(44, "bob"), message(45, "bob"));
    next.say({ type: "pong", id: (await next.next("ping")).id, time: "" });
    await pinged;
    expect(seen).toEqual([41, 42, 3, 43, 44, 4, 45]);
  });

  it("tells of entries that are lost and of a log that is another, and goes on from there", async () => {
    const { server, session, peer, seen } = await talk();
    const gaps: unknown[] = [];
    session.onGap((gap) => gaps.push(gap));
    peer.socket.destroy();
    const second = await back(server);
    const { id } = await second.next("join");
    const header = { type: "history", id, room: "lab", from: 50, to: 50, count: 1, more: false };
    const live = { type: "live", id, room: "lab", head: 50 };
    second.say(joined(id, "lab", { name: "alice", head: 50 }), { ...header, lost: { from: 41, to: 49 } });
    const lost = stateOf(session, "disconnected");
    second.say(message(50, "bob"), live);
    second.socket.end();
    await lost;
    const third = await back(server);
    const again = await third.next("join");
    expect(again).toMatchObject({ since: 50 });
    // Its head is above what was seen, so that only the epoch tells the two apart.
    const anew = { ...joined(again.id, "lab", { name: "alice", head: 60 }), epoch: "e2" };
    const page = { type: "history", id: again.id, room: "lab", from: 1, to: 0, count: 0, more: false };
    third.say(anew, { ...page, reset: true });
    await until(() => gaps.length === 2);
    expect(session.positions.get("lab")).toEqual({ epoch: "e2", seq: 60 });
    third.say({ type: "live", id: again.id, room: "lab", head: 60 }, message(61, "bob"));
    const pinged = session.ping();
    third.say({ type: "pong", id: (await third.next("ping")).id, time: "" });
    await pinged;
    expect(gaps).toEqual([
      { kind: "lost", room: "lab", from: 41, to: 49 },
      { kind: "reset", room: "lab" },
    ]);
    expect(seen).toEqual([50, 61]);
  });

  it("says that a room does not let it in again, and is no longer in it", async () => {
    const { server, session, peer } = await talk();
    const told = new Promise<string>((resolve) =>
      session.on("error", ({ message }) => {
        resolve(message);
      }),
    );
    peer.socket.destroy();
    const next = await back(server);
    const { id } = await next.next("join");
    next.say({ type: "error", id, code: "no-such-room", message: "It is gone." });
    expect(await told).toBe("It is gone.");
    expect([...session.positions]).toEqual([]);
  });
});

describe("What is asked while there is no connection", () => {
  it("is sent once and in order when it is back, behind what was not answered", async () => {
    const { server, session, peer } = await talk();
    const first = session.say("one");
    const { id } = await peer.next("message");
    const lost = stateOf(session, "disconnected");
    peer.socket.destroy();
    await lost;
    const rest = [session.say("two"), session.join("den"), session.say("three", "den")];
    expect(session.waitingCount).toBe(4);
    const next = await back(server);
    await next.next("message");
    const kinds = next.received.map(({ type, text, room }) => [type, text ?? room]);
    expect(kinds.slice(0, 3)).toEqual([
      ["connect", null],
      ["join", "lab"],
      ["message", "one"],
    ]);
    const two = await next.next("message");
    const den = await next.next("join");
    const three = await next.next("message");
    expect([two, den, three]).toMatchObject([
      { text: "two", room: "lab" },
      { room: "den" },
      { text: "three" },
    ]);
    expect(next.received[2]).toMatchObject({ id });
    next.say(joined(String(next.received[1]?.id), "lab", { name: "alice", head: 40 }));
    next.say(message(41, "alice", { id }), message(42, "alice", { id: two.id }));
    next.say(joined(den.id, "den", { name: "alice" }), message(1, "alice", { id: three.id, room: "den" }));
    expect(await first).toMatchObject({ seq: 41 });
    expect(await Promise.all(rest)).toMatchObject([{ seq: 42 }, { room: "den" }, { seq: 1 }]);
    expect(session.waitingCount).toBe(0);
  });

  it("fails at once past a number and past an amount, with a reason", async () => {
    const { session, peer } = await talk();
    const lost = stateOf(session, "disconnected");
    peer.socket.destroy();
    await lost;
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    const text = "x".repeat(16 * 1024);
    const asking = { signal: stop.signal };
    const many = Array.from({ length: Math.ceil(maxWaitingBytes / text.length) }, () =>
      session.say(text, "lab", asking),
    );
    await expect(session.say(text)).rejects.toMatchObject({ code: "not-sent" });
    stop.abort(new Error("enough"));
    await Promise.allSettled(many);
    const small = Array.from({ length: maxWaitingRequests }, () => session.say("x"));
    await expect(session.say("x")).rejects.toMatchObject({ code: "not-sent" });
    const ended = Promise.allSettled(small);
    await session.close();
    for (const outcome of await ended) {
      expect(outcome).toMatchObject({
        reason: {
          code: "connection-lost",
          message: expect.stringContaining("before this was sent") as unknown,
        },
      });
    }
  });

  it("is not sent when it is stopped", async () => {
    const { server, session, peer } = await talk();
    const lost = stateOf(session, "disconnected");
    peer.socket.destroy();
    await lost;
    const stop = new AbortController();
    const reason = new Error("enough");
    const stopped = expect(session.say("one", "lab", { signal: stop.signal })).rejects.toBe(reason);
    const said = session.say("two");
    stop.abort(reason);
    await stopped;
    const next = await back(server);
    await next.letIn({ name: "alice", head: 40 });
    const { id, text } = await next.next("message");
    expect(text).toBe("two");
    next.say(message(41, "alice", { id }));
    await said;
  });

  it("has all of its time when it is back", async () => {
    const { server, session, peer } = await talk({ answerTimeoutMs: 600 });
    const asked = session.users({ room: "lab" });
    await peer.next("users");
    const lost = stateOf(session, "disconnected");
    await server.close();
    await lost;
    // Back in the middle of its second span of time, and answered after the end of that.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const again = await startFakeServer(server.port);
    const next = await back(again);
    const { id } = await next.next("users");
    await new Promise((resolve) => setTimeout(resolve, 350));
    next.say({ type: "users", id, room: "lab", users: ["alice"], more: false });
    expect((await asked).users).toEqual(["alice"]);
  });

  it("ends with the session when that is closed meanwhile, at once", async () => {
    const { server, session, peer } = await talk();
    const lost = stateOf(session, "disconnected");
    await server.close();
    await lost;
    peer.socket.destroy();
    const saying = expect(session.say("hello")).rejects.toMatchObject({
      code: "connection-lost",
      message: "The conversation was ended before this was sent.",
    });
    await session.close();
    expect(await session.closed).toEqual({ kind: "quit" });
    await saying;
  });
});

describe("A message whose answer was lost", () => {
  /** Said, and the connection lost before the entry came. */
  async function unanswered(
    resumed = true,
  ): Promise<Talk & { saying: Promise<unknown>; id: string; next: FakePeer }> {
    const talking = await talk();
    const saying = talking.session.say("hi");
    saying.catch(() => undefined);
    const { id } = await talking.peer.next("message");
    talking.peer.socket.destroy();
    return { ...talking, saying, id, next: await back(talking.server, resumed) };
  }

  it("is answered by its entry in the replay; what the server says to the repeat is nobody's", async () => {
    const { session, saying, id, next, seen } = await unanswered();
    const told: string[] = [];
    for (const type of ["recorded", "error"] as const) session.on(type, () => told.push(type));
    await next.letIn({ name: "alice", replay: [message(41, "alice", { id }), message(42, "bob")] });
    expect(await saying).toMatchObject({ seq: 41 });
    expect(await next.next("message")).toMatchObject({ id, text: "hi" });
    next.say({ type: "recorded", id, room: "lab", seq: 41 });
    const pinged = session.ping();
    next.say({ type: "pong", id: (await next.next("ping")).id, time: "" });
    await pinged;
    expect(told).toEqual([]);
    expect(seen).toEqual([41, 42]);
    expect(next.received.map(({ type }) => type)).not.toContain("history");
  });

  it("waits for its entry when the server tells its number before the replay has come that far", async () => {
    const { saying, id, next, seen } = await unanswered();
    const join = await next.next("join");
    const replay = [message(41, "bob"), message(42, "alice", { id })];
    const [header = {}, first = {}, ...rest] = replayOf({ id: join.id, room: "lab", head: 42 }, replay);
    next.say(joined(join.id, "lab", { name: "alice", head: 42 }), header, first);
    next.say({ type: "recorded", id, room: "lab", seq: 42 }, ...rest);
    expect(await saying).toMatchObject({ seq: 42 });
    expect(seen).toEqual([41, 42]);
    expect(next.received.map(({ type }) => type)).not.toContain("history");
  });

  it("is looked up when only its number is told", async () => {
    const { saying, id, next, seen } = await unanswered();
    const join = await next.next("join");
    next.say(joined(join.id, "lab", { name: "alice", head: 40 }), {
      type: "recorded",
      id,
      room: "lab",
      seq: 38,
    });
    const asked = await next.next("history");
    expect(asked).toMatchObject({ room: "lab", after: 37, limit: 1 });
    const page = { type: "history", id: asked.id, room: "lab", from: 38, to: 38, count: 1, more: true };
    next.say(page, message(38, "alice", { id }));
    expect(await saying).toMatchObject({ seq: 38 });
    expect(seen).toEqual([]);
  });

  it("is looked up when the replay leaves it out", async () => {
    const { saying, id, next } = await unanswered();
    const join = await next.next("join");
    const live = { type: "live", id: join.id, room: "lab", head: 45 };
    next.say(
      joined(join.id, "lab", { name: "alice", head: 45 }),
      { type: "recorded", id, room: "lab", seq: 42 },
      live,
    );
    const asked = await next.next("history");
    next.say({ type: "history", id: asked.id, room: "lab", from: 0, to: 0, count: 0, more: false });
    await expect(saying).rejects.toMatchObject({
      code: "no-answer",
      message: expect.stringContaining("42") as unknown,
    });
  });

  it("fails honestly when the server does not know us any more; what was never sent is sent", async () => {
    const { server, session, peer } = await talk();
    const saying = expect(session.say("sent")).rejects.toMatchObject({
      code: "connection-lost",
      message: expect.stringContaining("may or may not have been recorded") as unknown,
    });
    const asking = session.users({ room: "lab" });
    await peer.next("users");
    const lost = stateOf(session, "disconnected");
    peer.socket.destroy();
    await lost;
    const fresh = session.say("never sent");
    const next = await back(server, false);
    await saying;
    await next.next("users");
    const { id, text } = await next.next("message");
    expect(text).toBe("never sent");
    expect(session.isResumed).toBe(false);
    next.say(message(41, "alice", { id }), {
      type: "users",
      id: String(next.received[2]?.id),
      room: "lab",
      users: [],
      more: false,
    });
    await fresh;
    await asking;
    expect(next.received.filter(({ type }) => type === "message")).toHaveLength(1);
  });
});

describe("A network that is gone without a word", () => {
  it("is noticed after a while of silence, and the session comes back through it", async () => {
    const server = await startFakeServer();
    const network = await startFlakyNetwork(server.port);
    const opening = openSession({
      port: network.port,
      name: "alice",
      waits,
      pingAfterMs: 60,
      pingTimeoutMs: 60,
    });
    const peer = await server.accept();
    await peer.greet("alice");
    const session = await opening;
    cleanUp(async () => {
      await server.close();
      await session.close();
    });
    // Answered, it is alive.
    const { id } = await peer.next("ping");
    peer.say({ type: "pong", id, time: "" });
    await peer.next("ping");
    expect(session.isConnected).toBe(true);
    const lost = stateOf(session, "disconnected");
    network.freeze();
    await lost;
    const found = stateOf(session, "connected");
    network.thaw();
    for (let isBack = false; !isBack;) {
      const next = await server.accept();
      // Of those that came while it was frozen, some have given up.
      void next.greet("alice", { resumed: true });
      isBack = await Promise.race([found.then(() => true), next.ended.then(() => false)]);
    }
  });

  it("is not suspected while anything is heard, or while we do not read ourselves", async () => {
    const { session, peer } = await talk({ pingAfterMs: 50, pingTimeoutMs: 50 });
    let release: () => void = () => undefined;
    session.hold(new Promise<void>((resolve) => (release = resolve)));
    peer.say(message(41, "bob"));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(session.isConnected).toBe(true);
    expect(peer.received.map(({ type }) => type)).not.toContain("ping");
    release();
    const { id } = await peer.next("ping");
    // Not the answer, but a sign of life.
    peer.say(message(42, "bob"));
    await peer.next("ping");
    peer.say({ type: "pong", id, time: "" });
    expect(session.isConnected).toBe(true);
  });
});

describe("openSession for somebody who was here before", () => {
  it("presents the secret and the place that it is given", async () => {
    const server = await startFakeServer();
    const options = { port: server.port, name: "bot", reconnectForMs: 0, session: "kept", room: "lab" };
    void openSession({ ...options, since: 7, epoch: "e1" }).catch(() => undefined);
    const first = await (await server.accept()).next("connect");
    expect(first).toMatchObject({ session: "kept", room: "lab", since: 7, epoch: "e1" });
    void openSession({ ...options, last: 3 }).catch(() => undefined);
    expect(await (await server.accept()).next("connect")).toMatchObject({ last: 3 });
  });

  it("goes back to all its rooms, and shows what came since in each", async () => {
    const server = await startFakeServer();
    const positions = new Map([
      ["lab", { epoch: "e1", seq: 3 }],
      ["den", { epoch: "e1", seq: 5 }],
    ]);
    const opening = openSession({
      port: server.port,
      name: "bot",
      reconnectForMs: 0,
      room: "den",
      positions,
    });
    const peer = await server.accept();
    const { id, ...connect } = await peer.next("connect");
    expect(connect).toMatchObject({ room: "den", since: 5, epoch: "e1" });
    const greeting = {
      type: "connected",
      id,
      name: "bot",
      session: "s",
      resumed: true,
      server: "x",
      protocol: 1,
    };
    const { limits } = (await talk()).session;
    peer.say({ ...greeting, features: [], time: "", limits }, joined(id, "den", { name: "bot", head: 6 }));
    const den = { room: "den" };
    peer.say(...replayOf({ id, room: "den", head: 6 }, [message(6, "bob", den)]));
    const session = await opening;
    const seen: string[] = [];
    session.on("message", ({ room, seq }) => seen.push(`${room} ${seq}`));
    expect(await peer.letIn({ name: "bot", replay: [message(4, "bob")] })).toMatchObject({
      room: "lab",
      since: 3,
    });
    const pinged = session.ping();
    peer.say({ type: "pong", id: (await peer.next("ping")).id, time: "" });
    await pinged;
    expect(seen).toEqual(["den 6", "lab 4"]);
    peer.socket.destroy();
    await session.closed;
  });
});

describe("The waits between attempts", () => {
  it("double up to the longest, between half and whole of that at random", () => {
    const growing = { firstMs: 100, longestMs: 5_000, random: () => 1 };
    const grown = Array.from({ length: 8 }, (_, failures) => waitMs(failures, growing));
    expect(grown).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    expect(waitMs(1_000, growing)).toBe(5_000);
    expect(waitMs(1, { ...growing, random: () => 0 })).toBe(100);
  });

  it("grow from one failed attempt to the next", async () => {
    const { server, peer } = await talk({ waits: { firstMs: 20, longestMs: 10_000, random: () => 1 } });
    peer.socket.destroy();
    const started = performance.now();
    for (let count = 0; count < 4; count++) (await server.accept()).socket.destroy();
    // 20 + 40 + 80 + 160.
    expect(performance.now() - started).toBeGreaterThan(250);
  });

  it("go on growing while connections are lost as soon as they are there", async () => {
    const { server, peer } = await talk({ waits: { firstMs: 20, longestMs: 10_000, random: () => 1 } });
    peer.socket.destroy();
    const started = performance.now();
    for (let count = 0; count < 4; count++) (await back(server)).socket.destroy();
    // 20 + 40 + 80 + 160, and not four times 20.
    expect(performance.now() - started).toBeGreaterThan(250);
  });
});
