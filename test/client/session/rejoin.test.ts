// What a session promises about the rooms that it goes back to, against a server that says what each test wants.

import { openSession } from "../../../client/session/connect.js";
import type { Gap } from "../../../client/session/gap.js";
import type { Session } from "../../../client/session/session.js";
import { joined, message, replayOf, startFakeServer, type FakePeer } from "../fake-server.js";
import { back, stateOf, talk, type Talk } from "../lasting-talk.js";

const me = { name: "alice" };

/** Resolves when everything that the server has said so far is taken. */
async function settled(session: Session, peer: FakePeer): Promise<void> {
  const pinged = session.ping();
  peer.say({ type: "pong", id: (await peer.next("ping")).id, time: "" });
  await pinged;
}

/** Of another log than the one that was seen. */
const joinedAnew = (id: string, head: number): object => ({
  ...joined(id, "lab", { ...me, head }),
  epoch: "e2",
});

async function lose({ session, peer }: Pick<Talk, "session" | "peer">): Promise<void> {
  const lost = stateOf(session, "disconnected");
  peer.socket.destroy();
  await lost;
}

describe("A room that a session goes back to", () => {
  it("is shown from its beginning when nobody had spoken there, whatever log it is", async () => {
    const { session, peer, server, seen } = await talk();
    const joining = session.join("den");
    await peer.letIn({ ...me, head: 0 });
    await joining;
    peer.socket.destroy();
    const next = await back(server);
    await next.letIn(me);
    const { id, since } = await next.next("join");
    expect(since).toBe(0);
    const entries = [1, 2].map((seq) => message(seq, "bob", { room: "den" }));
    const entered = { ...joined(id, "den", { ...me, head: 2 }), epoch: "e2" };
    next.say(entered, ...replayOf({ id, room: "den", head: 2 }, entries));
    await settled(session, next);
    expect(seen).toEqual([1, 2]);
    expect(session.positions.get("den")).toEqual({ epoch: "e2", seq: 2 });
  });

  it.each(["internal", "too-many", "storage-full"])(
    "is asked for again when the server has answered %s",
    async (code) => {
      const { session, peer, server, seen } = await talk();
      const told: string[] = [];
      session.on("error", (error) => told.push(error.code));
      peer.socket.destroy();
      const next = await back(server);
      for (let count = 0; count < 3; count++) {
        next.say({ type: "error", id: (await next.next("join")).id, code, message: "Later." });
      }
      expect(await next.letIn({ ...me, replay: [message(41, "bob")] })).toMatchObject({ since: 40 });
      await settled(session, next);
      expect([told, seen]).toEqual([[], [41]]);
    },
  );

  it("is asked for on another connection when the server does not answer", async () => {
    const { session, peer, server, seen } = await talk({ answerTimeoutMs: 100 });
    peer.socket.destroy();
    const deaf = await back(server);
    await deaf.next("join");
    const next = await back(server);
    await deaf.ended;
    await next.letIn({ ...me, replay: [message(41, "bob")] });
    await settled(session, next);
    expect(seen).toEqual([41]);
  });

  it("keeps its old place until the gap is told, which is told once", async () => {
    const talking = await talk();
    const { session, server } = talking;
    const gaps: Gap[] = [];
    session.onGap((gap) => gaps.push(gap));
    await lose(talking);
    const between = await back(server);
    between.say(joinedAnew((await between.next("join")).id, 60));
    await settled(session, between);
    expect(gaps).toEqual([]);
    await lose({ session, peer: between });
    const next = await back(server);
    const { id, ...request } = await next.next("join");
    expect(request).toMatchObject({ since: 40, epoch: "e1" });
    const reset = { type: "history", id, room: "lab", from: 0, to: 0, count: 0, more: false, reset: true };
    next.say(joinedAnew(id, 60), reset, { type: "live", id, room: "lab", head: 60 });
    await settled(session, next);
    expect(gaps).toEqual([{ kind: "reset", room: "lab" }]);
    expect(session.positions.get("lab")).toEqual({ epoch: "e2", seq: 60 });
  });

  it("is known by its name, however that is spelled", async () => {
    const server = await startFakeServer();
    const positions = new Map([["Lab", { epoch: "e1", seq: 3 }]]);
    const opening = openSession({ port: server.port, ...me, room: "lab", positions, reconnectForMs: 0 });
    const peer = await server.accept();
    expect(await peer.greet("alice", { head: 5 })).toMatchObject({ room: "lab", since: 3, epoch: "e1" });
    const session = await opening;
    await settled(session, peer);
    expect(peer.received.map(({ type }) => type)).toEqual(["connect", "ping"]);
    expect([...session.positions]).toEqual([["lab", { epoch: "e1", seq: 3 }]]);
    await server.close();
    await session.closed;
  });

  it("is joined once, at the known place, when a join of it waits", async () => {
    const talking = await talk();
    const { session, server, seen } = talking;
    await lose(talking);
    const joining = session.join("LAB");
    // Lost once more, it still begins where the session is.
    const between = await back(server);
    await between.next("join");
    await lose({ session, peer: between });
    const next = await back(server);
    const replay = [message(41, "bob"), message(42, "bob")];
    const { id, since, epoch } = await next.next("join");
    expect({ since, epoch }).toEqual({ since: 40, epoch: "e1" });
    const place = { id, room: "lab", head: 42 };
    next.say(joined(id, "lab", { ...me, head: 42 }), ...replayOf(place, replay));
    expect(await joining).toMatchObject({ type: "joined", room: "lab" });
    await settled(session, next);
    expect(seen).toEqual([41, 42]);
    expect(next.received.map(({ type }) => type)).toEqual(["connect", "join", "directs", "ping"]);
  });

  it("is left before it is joined when that was asked for, at no known place", async () => {
    const talking = await talk();
    const { session, server } = talking;
    await lose(talking);
    const asked = [session.leave("lab"), session.join("lab")];
    const next = await back(server);
    await next.letIn({ ...me, head: 45 });
    next.say({ type: "left", id: (await next.next("leave")).id, room: "lab" });
    expect(await next.letIn({ ...me, head: 45 })).not.toHaveProperty("since");
    await Promise.all(asked);
  });
});

describe("An id that is awaited", () => {
  it("is not used a second time, and the first gets its answer", async () => {
    const { session, peer } = await talk();
    const first = session.say("hi", "lab", { id: "k1" });
    await expect(session.say("hi", "lab", { id: "k1" })).rejects.toMatchObject({ code: "bad-input" });
    const { id } = await peer.next("message");
    peer.say(message(41, "alice", { id }));
    expect(await first).toMatchObject({ seq: 41 });
    await settled(session, peer);
    expect(peer.received.filter(({ type }) => type === "message")).toHaveLength(1);
    const again = session.say("hi", "lab", { id: "k1" });
    await peer.next("message");
    peer.say(message(42, "alice", { id }));
    expect(await again).toMatchObject({ seq: 42 });
  });
});

describe("A secret that the server gives anew", () => {
  it("is the one that is presented from then on", async () => {
    const { server, session, peer } = await talk();
    const pinged = session.ping();
    peer.say({ type: "pong", id: (await peer.next("ping")).id, time: "", session: "anew" });
    await pinged;
    expect(session.secret).toBe("anew");
    peer.socket.destroy();
    expect(await (await server.accept()).next("connect")).toMatchObject({ session: "anew" });
  });
});
