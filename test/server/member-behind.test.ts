// A member that falls behind while its room goes on talking: the log may be ahead of what was delivered.

import type { Engine } from "../../server/engine.js";
import type { Peer } from "../../server/member.js";
import { Room } from "../../server/room.js";
import { bodyOf } from "../../shared/entry.js";
import { defaultLimits } from "../../shared/limits.js";
import { parseRoomName } from "../../shared/names.js";
import { openTestEngine, temporaryFolder } from "../support/server.js";

const lab = parseRoomName("lab");

/** A peer whose socket is full when the test says so. */
class SlowPeer implements Peer {
  readonly name = "slow";
  readonly isOpen = true;
  pendingBytes = 0;
  received = "";
  failure: unknown;
  #takeMore: () => void = () => undefined;

  send(lines: Uint8Array | string): void {
    this.received += Buffer.from(lines).toString();
  }

  fill(): void {
    this.pendingBytes = 10_000_000;
  }

  drain(): void {
    this.pendingBytes = 0;
    this.#takeMore();
  }

  ready(): Promise<void> {
    if (this.pendingBytes === 0) return new Promise((resolve) => setImmediate(resolve));
    return new Promise((resolve) => (this.#takeMore = resolve));
  }

  abandon(error: unknown): void {
    this.failure = error;
  }

  seqs(): number[] {
    return Array.from(this.received.matchAll(/"seq":(\d+)/g), ([, seq]) => Number(seq));
  }

  count(type: string): number {
    return this.received.split(`{"type":"${type}"`).length - 1;
  }
}

async function openRoom(): Promise<{ engine: Engine; room: Room }> {
  const engine = await openTestEngine(await temporaryFolder());
  return { engine, room: await Room.open(lab, engine.log, defaultLimits) };
}

const say = (room: Room) =>
  room.record({ type: "message", sender: "s", id: undefined, body: bodyOf({ from: "alice", text: "hi" }) });

describe("Member, behind in a room that goes on talking", () => {
  it("is given every entry once and in order, through hundreds of falls", async () => {
    const { room } = await openRoom();
    const peer = new SlowPeer();
    room.join(peer);
    const talk = { isOver: false };
    const talking = (async () => {
      while (!talk.isOver) await Promise.all(Array.from({ length: 8 }, () => say(room)));
    })();
    for (let fall = 0; fall < 300; fall++) {
      peer.fill();
      await say(room);
      const falls = peer.count("live");
      peer.drain();
      while (peer.count("live") === falls) await say(room);
    }
    talk.isOver = true;
    await talking;
    expect(peer.failure).toBeUndefined();
    expect(peer.count("behind")).toBeGreaterThanOrEqual(300);
    expect(peer.seqs()).toEqual(Array.from({ length: room.head }, (_, index) => index + 1));
  }, 60_000);

  it("has caught up when it was given what there was, though the room talks on", async () => {
    const { room } = await openRoom();
    const peer = new SlowPeer();
    const member = room.join(peer);
    peer.fill();
    await say(room);
    const before = room.head;
    const caughtUp = member.caughtUp();
    const talk = { isOver: false };
    const talking = (async () => {
      while (!talk.isOver) await say(room);
    })();
    // Never live again: each time it has taken a page, its socket is full.
    peer.drain();
    await caughtUp;
    expect(peer.seqs().length).toBeGreaterThanOrEqual(before);
    talk.isOver = true;
    await talking;
  });

  it("keeps nobody waiting for it once it has left", async () => {
    const { room } = await openRoom();
    const peer = new SlowPeer();
    const member = room.join(peer);
    peer.fill();
    await say(room);
    const caughtUp = member.caughtUp();
    room.leave(member);
    await caughtUp;
    expect(peer.seqs()).toEqual([]);
  });
});
