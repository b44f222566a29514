// What a session promises of conversations of two, against a real server behind a network that breaks, and against one
// that says exactly what a test wants.

import { openSession, type SessionOptions } from "../../../client/session/connect.js";
import type { Gap } from "../../../client/session/gap.js";
import type { Session } from "../../../client/session/session.js";
import { cleanUp } from "../../support/cleanup.js";
import { startFlakyNetwork, type FlakyNetwork } from "../../support/flaky-network.js";
import { startServer } from "../../support/server.js";
import { until } from "../../support/until.js";
import { startFakeServer, type FakePeer, type FakeServer } from "../fake-server.js";
import { back, stateOf, waits } from "../lasting-talk.js";

async function join(port: number, name: string, options: SessionOptions = {}): Promise<Session> {
  const session = await openSession({ port, name, room: "lab", waits, ...options });
  cleanUp(() => session.close());
  return session;
}

/** Every text that is said to, or by, a session in a conversation of two. */
function textsOf(session: Session): string[] {
  const texts: string[] = [];
  session.on("direct", ({ from, text }) => texts.push(`${from}: ${text ?? "-"}`));
  return texts;
}

/** What the other says while this happens is recorded and does not arrive: the connection is gone, and nobody knows. */
async function whileBroken(
  network: FlakyNetwork,
  session: Session,
  work: () => Promise<unknown>,
): Promise<void> {
  const found = stateOf(session, "connected");
  network.freeze();
  await work();
  network.cut();
  network.thaw();
  await found;
}

interface Pair {
  readonly alice: Session;
  readonly bob: Session;
  readonly network: FlakyNetwork;
}

/** Bob's network breaks, alice's does not. */
async function pair(): Promise<Pair> {
  const { port } = await startServer();
  const network = await startFlakyNetwork(port);
  return { alice: await join(port, "alice"), bob: await join(network.port, "bob"), network };
}

describe("What is said to one person", () => {
  it("comes to both, and is answered by its entry", async () => {
    const { alice, bob } = await pair();
    const [hers, his] = [textsOf(alice), textsOf(bob)];
    const entry = await alice.direct("BOB", "psst");
    expect(entry).toMatchObject({ type: "direct", seq: 1, from: "alice", to: "bob", text: "psst" });
    const answer = await bob.direct("alice", "what?", { replyTo: entry.seq });
    expect(answer).toMatchObject({ seq: 2, replyTo: 1 });
    await alice.ping();
    expect(hers).toEqual(["alice: psst", "bob: what?"]);
    expect(his).toEqual(hers);
    expect((await bob.directs()).directs).toEqual([{ with: "alice", head: 2, readSeq: 0, unread: 1 }]);
    expect([...bob.positions.keys()]).toEqual(["lab"]);
  });

  it("can be edited, deleted and reacted to, by number and the other's name", async () => {
    const { alice, bob } = await pair();
    const { seq: target } = await alice.direct("bob", "psst");
    expect(await alice.edit({ with: "bob", target, text: "hello" })).toMatchObject({
      seq: 2,
      target,
      to: "bob",
    });
    expect(await bob.react({ with: "alice", target, emoji: "👍" })).toMatchObject({ seq: 3, on: true });
    expect(await bob.markRead(3, { with: "alice" })).toMatchObject({ with: "alice", seq: 3, unread: 0 });
    await expect(bob.delete({ with: "alice", target })).rejects.toMatchObject({ code: "forbidden" });
    expect(await alice.delete({ with: "bob", target })).toMatchObject({ seq: 4, target });
    const { entries } = await bob.history({ with: "alice" });
    expect(entries.map(({ type, ...facts }) => [type, "deleted" in facts])).toEqual([
      ["direct", true],
      ["edit", true],
      ["react", false],
      ["delete", false],
    ]);
  });

  it("is refused when nobody has that name", async () => {
    const { alice } = await pair();
    await expect(alice.direct("nobody", "psst")).rejects.toMatchObject({ code: "no-such-user" });
  });

  it("is told once and in order when it was said while the connection was broken", async () => {
    const { alice, bob, network } = await pair();
    const his = textsOf(bob);
    await alice.direct("bob", "one");
    await bob.direct("alice", "two");
    await whileBroken(network, bob, () => alice.direct("bob", "three"));
    await Promise.all(["four", "five", "six"].map((text) => alice.direct("bob", text)));
    await until(() => his.length >= 6);
    await bob.ping();
    expect(his).toEqual([
      "alice: one",
      "bob: two",
      "alice: three",
      "alice: four",
      "alice: five",
      "alice: six",
    ]);
  });

  it("is told when the conversation began while the connection was broken", async () => {
    const { alice, bob, network } = await pair();
    const his = textsOf(bob);
    await whileBroken(network, bob, async () => {
      await alice.direct("bob", "one");
      await alice.direct("bob", "two");
    });
    await until(() => his.length >= 2);
    await alice.direct("bob", "three");
    await bob.ping();
    expect(his).toEqual(["alice: one", "alice: two", "alice: three"]);
  });

  it("is made once when its answer was lost, and answered", async () => {
    const { alice, bob, network } = await pair();
    const [hers, his] = [textsOf(alice), textsOf(bob)];
    await bob.direct("alice", "one");
    const arrived = new Promise<void>((resolve) =>
      alice.on("direct", ({ text }) => {
        if (text === "two") resolve();
      }),
    );
    network.delay(30);
    const saying = bob.direct("alice", "two");
    await arrived;
    network.cut();
    expect(await saying).toMatchObject({ seq: 2, text: "two" });
    await bob.direct("alice", "three");
    expect(hers).toEqual(["bob: one", "bob: two", "bob: three"]);
    expect(his).toEqual(hers);
  });

  it("hears what is changed in a conversation after the connection came back", async () => {
    const { alice, bob, network } = await pair();
    const { seq: target } = await alice.direct("bob", "one");
    await bob.ping();
    await whileBroken(network, bob, () => Promise.resolve());
    // Answered behind what the session asks for by itself.
    await bob.directs();
    const edited = new Promise<unknown>((resolve) => bob.on("edit", resolve));
    await alice.edit({ with: "bob", target, text: "two" });
    expect(await edited).toMatchObject({ seq: 2, target, text: "two" });
  });

  it("is told to who comes back with a secret from then on, and nothing of before", async () => {
    const { port } = await startServer();
    const alice = await join(port, "alice");
    const before = await join(port, "bob");
    await alice.direct("bob", "one");
    const { secret } = before;
    await before.close();
    const bob = await join(port, "bob", { session: secret });
    const his = textsOf(bob);
    await bob.directs();
    await alice.direct("bob", "two");
    await until(() => his.length > 0);
    expect(his).toEqual(["alice: two"]);
  });
});

const time = "2026-11-21T10:00:03.120Z";

function direct(seq: number, facts: object = {}): object {
  return { type: "direct", seq, time, from: "bob", to: "alice", text: `text ${seq}`, ...facts };
}

interface Talk {
  readonly server: FakeServer;
  readonly session: Session;
  readonly peer: FakePeer;
  readonly seen: number[];
}

/** A session that has seen number 1 of the conversation with bob. */
async function talk(): Promise<Talk> {
  const server = await startFakeServer();
  const opening = openSession({ port: server.port, name: "alice", room: "lab", waits });
  const peer = await server.accept();
  await peer.greet("alice", { following: [] });
  const session = await opening;
  cleanUp(async () => {
    await server.close();
    await session.close();
  });
  const seen: number[] = [];
  session.on("direct", ({ seq }) => seen.push(seq));
  peer.say(direct(1));
  await settled(session, peer);
  return { server, session, peer, seen };
}

async function settled(session: Session, peer: FakePeer): Promise<void> {
  const pinged = session.ping();
  peer.say({ type: "pong", id: (await peer.next("ping")).id, time: "" });
  await pinged;
}

/** Answers the page that is asked for next. */
async function givePage(peer: FakePeer, seqs: number[], facts: object = {}): Promise<void> {
  const { id, after, with: person } = await peer.next("history");
  expect(person).toBe("bob");
  const [from, to] = [Number(after) + 1, seqs.at(-1) ?? Number(after)];
  const header = { type: "history", id, with: "bob", from, to, count: seqs.length, more: false };
  peer.say({ ...header, ...facts }, ...seqs.map((seq) => direct(seq)));
}

describe("A conversation of which something is missing", () => {
  it("is fetched, and what comes live meanwhile is told in its place and not twice", async () => {
    const { session, peer, seen } = await talk();
    const lines: unknown[] = [];
    session.onLine((line) => lines.push(line));
    peer.say(direct(4), direct(5));
    await givePage(peer, [2, 3], { more: true });
    await givePage(peer, [4, 5]);
    peer.say(direct(5), direct(6));
    await settled(session, peer);
    expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
    const pong = { type: "pong" };
    expect(lines).toMatchObject([...[2, 3, 4, 5, 6].map((seq) => ({ type: "direct", seq })), pong]);
  });

  it("is asked for when the connection is back, and what is live by then is told at once", async () => {
    const { server, session, peer, seen } = await talk();
    peer.socket.destroy();
    const next = await back(server);
    next.say(direct(2), direct(3));
    await givePage(next, [2, 3]);
    await settled(session, next);
    expect(seen).toEqual([1, 2, 3]);
  });

  it("is asked for again when the server cannot say it now, and when the connection breaks again", async () => {
    const { server, session, peer, seen } = await talk();
    peer.say(direct(3));
    const { id } = await peer.next("history");
    peer.say({ type: "error", id, code: "internal", message: "Oh." });
    await peer.next("history");
    peer.socket.destroy();
    const next = await back(server);
    await givePage(next, [2, 3]);
    await settled(session, next);
    expect(seen).toEqual([1, 2, 3]);
  });

  it("goes on behind what the server has no more or does not give, and says so", async () => {
    const { session, peer, seen } = await talk();
    const gaps: Gap[] = [];
    session.onGap((gap) => gaps.push(gap));
    peer.say(direct(5));
    await givePage(peer, [4], { from: 4, lost: { from: 2, to: 3 } });
    await givePage(peer, []);
    peer.say(direct(6), direct(8));
    const { id } = await peer.next("history");
    peer.say({ type: "error", id, code: "no-such-user", message: "Gone." });
    await until(() => gaps.length === 3);
    peer.say(direct(9));
    await settled(session, peer);
    expect(seen).toEqual([1, 4, 6, 9]);
    const lost = { kind: "lost", with: "bob" };
    expect(gaps).toEqual([
      { ...lost, from: 2, to: 3 },
      { ...lost, from: 5, to: 5 },
      { ...lost, from: 7, to: 8 },
    ]);
  });

  it("begins anew when the name is another person's", async () => {
    const { session, peer, seen } = await talk();
    peer.say(direct(2), direct(3), direct(3), direct(1, { time: "2026-11-21T10:01:00.000Z" }));
    peer.say(direct(2, { time: "2026-11-21T10:01:00.000Z" }));
    await settled(session, peer);
    expect(seen).toEqual([1, 2, 3, 1, 2]);
  });

  it("is not asked for by whom the server does not know any more", async () => {
    const { server, session, peer, seen } = await talk();
    peer.socket.destroy();
    const next = await back(server, false);
    next.say(direct(1), direct(2));
    await settled(session, next);
    expect(seen).toEqual([1, 1, 2]);
    expect(next.received.map(({ type }) => type)).toEqual(["connect", "join", "ping"]);
  });

  it("has entries of kinds that this client does not know, which are passed over", async () => {
    const { session, peer, seen } = await talk();
    peer.say(direct(2, { type: "sticker" }), direct(3));
    const { id } = await peer.next("history");
    const header = { type: "history", id, with: "bob", from: 2, to: 3, count: 2, more: false };
    peer.say(header, direct(2, { type: "sticker" }), direct(3), direct(4));
    await settled(session, peer);
    expect(seen).toEqual([1, 3, 4]);
  });
});

describe("A list of conversations", () => {
  it("is looked through when the connection is back, for what began or went on meanwhile", async () => {
    const { server, session, peer } = await talk();
    const seen: string[] = [];
    session.on("direct", ({ from, seq }) => seen.push(`${from} ${seq}`));
    peer.socket.destroy();
    const next = await back(server);
    await givePage(next, []);
    const list = await next.next("directs");
    const item = { readSeq: 0, unread: 0 };
    next.say({ type: "directs", id: list.id, directs: [{ with: "Bob", head: 1, ...item }], more: true });
    const rest = await next.next("directs");
    expect(rest).toMatchObject({ after: "Bob" });
    next.say(direct(2, { from: "carol" }));
    next.say({ type: "directs", id: rest.id, directs: [{ with: "carol", head: 2, ...item }], more: false });
    const { id, with: person, after } = await next.next("history");
    expect([person, after]).toEqual(["carol", 0]);
    const header = { type: "history", id, with: "carol", from: 1, to: 2, count: 2, more: false };
    next.say(header, direct(1, { from: "carol" }), direct(2, { from: "carol" }));
    await settled(session, next);
    expect(seen).toEqual(["carol 1", "carol 2"]);
    expect(next.received.filter(({ type }) => type === "history")).toHaveLength(2);
  });
});
