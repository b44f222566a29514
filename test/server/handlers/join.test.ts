// `join`: many rooms on one connection, each entry of each of them once.

import { joinRoom, openPeer } from "../../support/peer.js";
import { startServer } from "../../support/server.js";

describe("join", () => {
  it("tells the room's facts, its name as first given", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice", "Lab Übung");
    alice.send({ type: "message", text: "hi" });
    const first = alice.all("joined")[0];
    await alice.next("message");
    const bob = await openPeer(port);
    await bob.ask({ type: "connect", id: "c", name: "bob", room: null });
    expect(await bob.ask({ type: "join", id: "j", room: "LAB U\u0308BUNG" })).toEqual({
      type: "joined",
      id: "j",
      room: "Lab Übung",
      epoch: first?.epoch,
      head: 1,
      memberCount: 2,
      members: ["alice", "bob"],
      topic: "",
    });
  });

  it("carries many rooms on one connection, and mixes none", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer", "r0");
    const rooms = Array.from({ length: 50 }, (_, n) => `r${n}`);
    for (const room of rooms.slice(1)) peer.send({ type: "join", room });
    for (const room of rooms)
      peer.send({ type: "message", room, text: room }).send({ type: "message", room, text: room });
    await peer.answersTo();
    for (const room of rooms) {
      const entries = peer.all("message").filter((entry) => entry.room === room);
      expect(entries.map(({ seq, text }) => [seq, text])).toEqual([
        [1, room],
        [2, room],
      ]);
    }
  });

  it("lets room be left out only by one who is in exactly one", async () => {
    const { port } = await startServer();
    const peer = await openPeer(port);
    await peer.ask({ type: "connect", id: "c", name: "peer", room: null });
    const say = { type: "message", id: "m", text: "hi" };
    expect(await peer.ask(say)).toMatchObject({ code: "not-in-room" });
    await peer.ask({ type: "join", id: "j", room: "a" });
    expect(await peer.ask(say)).toMatchObject({ type: "message", room: "a" });
    await peer.ask({ type: "join", id: "j", room: "b" });
    expect(await peer.ask(say)).toMatchObject({ code: "bad-message" });
    expect(await peer.ask({ ...say, room: "B" })).toMatchObject({ type: "message", room: "b" });
    expect(await peer.ask({ ...say, room: "c" })).toMatchObject({ code: "not-in-room" });
    await peer.ask({ type: "leave", id: "l", room: "a" });
    expect(await peer.ask({ ...say, id: "m2" })).toMatchObject({ type: "message", room: "b", seq: 2 });
  });

  it("gives each entry once to one who joins twice, after the second joined from its head on", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    const bob = await joinRoom(port, "bob");
    const requests = Array.from({ length: 200 }, (_, n) =>
      n % 20 === 10 ? { type: "join", room: "LAB" } : { type: "message", text: `${n}` },
    );
    await alice.answersTo(requests.map((request) => `${JSON.stringify(request)}\n`).join(""));
    const seen = alice.received.filter(({ type }) => type === "message" || type === "joined");
    let head = 0;
    for (const line of seen) {
      if (line.type === "joined") head = Number(line.head);
      else expect(line.seq).toBe(++head);
    }
    const seqs = alice.all("message").map(({ seq }) => seq);
    expect(new Set(seqs).size).toBe(seqs.length);
    expect(await bob.ask({ type: "users", id: "u" })).toMatchObject({ users: ["alice", "bob"] });
    expect(bob.all("presence")).toEqual([]);
    expect(bob.all("message")).toHaveLength(190);
  });

  it("lets a room that was joined twice go with one leave", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer", "silent");
    await peer.ask({ type: "join", id: "j", room: "silent" });
    await peer.ask({ type: "leave", id: "l" });
    expect(await peer.ask({ type: "rooms", id: "r" })).toMatchObject({ rooms: [] });
  });

  it("refuses the thousand-and-first room of one connection", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "alice", "room-0");
    const joins = Array.from({ length: 1000 }, (_, n) => ({
      type: "join",
      room: `room-${n + 1}`,
      id: `${n}`,
    }));
    const answers = await peer.answersTo(...joins);
    expect(answers.filter(({ type }) => type === "joined")).toHaveLength(999);
    expect(answers.at(-1)).toMatchObject({ type: "error", code: "too-many", id: "999" });
  });
});
