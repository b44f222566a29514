// A member that falls behind while its room goes on talking: the log may be ahead of what was delivered.

import type {
  Appended,
  Draft,
  Engine,
  Found,
  LogListener,
  Page,
  Range,
  RoomLog,
  Subscription,
} from "../../server/engine.js";
import type { Peer } from "../../server/member.js";
import { Room } from "../../server/room.js";
import { bodyOf, entryLine, placeOf, type EntryLines } from "../../shared/entry.js";
import { parseRoomName, type Name } from "../../shared/names.js";
import { erase } from "../contracts/drafts.js";
import { roomParts } from "../support/room-parts.js";
import { openTestEngine, temporaryFolder } from "../support/server.js";

const lab = parseRoomName("lab");

/** A peer whose socket is full when the test says so. */
class SlowPeer implements Peer {
  readonly name: string;
  readonly sender = "s";
  readonly isOpen = true;
  readonly shareBytes = 256 * 1024;
  isCrowded = false;
  received = "";
  failure: unknown;
  readonly #counts = new Map<string, number>();
  #takeMore: () => void = () => undefined;

  constructor(name = "slow") {
    this.name = name;
  }

  send(lines: Uint8Array | string): void {
    const text = Buffer.from(lines).toString();
    this.received += text;
    // Counted as they come: looking through all of it for each would keep the room from its reader.
    for (const [, type = ""] of text.matchAll(/^\{"type":"([a-z]+)"/gm))
      this.#counts.set(type, this.count(type) + 1);
  }

  fill(): void {
    this.isCrowded = true;
  }

  drain(): void {
    this.isCrowded = false;
    this.#takeMore();
  }

  ready(): Promise<void> {
    if (!this.isCrowded) return new Promise((resolve) => setImmediate(resolve));
    return new Promise((resolve) => (this.#takeMore = resolve));
  }

  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    await this.ready();
    return work();
  }

  abandon(error: unknown): void {
    this.failure = error;
  }

  seqs(): number[] {
    return Array.from(this.received.matchAll(/"seq":(\d+)/g), ([, seq]) => Number(seq));
  }

  count(type: string): number {
    return this.#counts.get(type) ?? 0;
  }
}

/** A log that may be read before its listener was called, as any log on another thread or machine may. */
class EarlyReadableLog implements RoomLog {
  #recorded = 0;
  #delivered = 0;
  #listener: LogListener = () => undefined;

  append(_room: Name, drafts: readonly Draft[]): Promise<Appended[]> {
    return Promise.resolve(drafts.map(() => ({ seq: ++this.#recorded })));
  }

  subscribe(_room: Name, listener: LogListener): Promise<Subscription> {
    this.#listener = listener;
    return Promise.resolve({ name: "lab", epoch: "e", head: 0, topic: "", close: () => undefined });
  }

  read(_room: Name, { after = 0, before = Infinity, limit }: Range): Promise<Page> {
    const to = Math.min(this.#recorded, before - 1, after + limit);
    return Promise.resolve({ ...this.#lines(after + 1, to), more: to < this.#recorded });
  }

  find(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  search(): Promise<Found> {
    return Promise.resolve({ count: 0, more: false, bytes: Buffer.alloc(0) });
  }

  deliver(): void {
    const from = this.#delivered + 1;
    this.#delivered = this.#recorded;
    this.#listener(this.#lines(from, this.#recorded));
  }

  #lines(from: number, to: number): EntryLines {
    const time = "2026-11-21T10:00:00.000Z";
    let text = "";
    for (let seq = from; seq <= to; seq++) {
      text += entryLine(placeOf("lab"), {
        type: "message",
        seq,
        time,
        body: bodyOf({ from: "alice", text: "hi" }),
      });
    }
    return { from, to, bytes: Buffer.from(text) };
  }
}

async function openRoom(): Promise<{ engine: Engine; room: Room }> {
  const engine = await openTestEngine(await temporaryFolder());
  return { engine, room: await Room.open(lab, roomParts(engine.log)) };
}

const record = (room: Room, text: string) =>
  room.record({ type: "message", sender: "s", id: undefined, body: bodyOf({ from: "alice", text }) });

const say = (room: Room) => record(room, "hi");

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

  it("is given once what the log had before it was delivered", async () => {
    const log = new EarlyReadableLog();
    const room = await Room.open(lab, roomParts(log));
    const peer = new SlowPeer();
    room.join(peer);
    peer.fill();
    await say(room);
    log.deliver();
    await say(room);
    peer.drain();
    while (peer.count("live") === 0) await new Promise((resolve) => setImmediate(resolve));
    log.deliver();
    await say(room);
    log.deliver();
    expect(peer.seqs()).toEqual([1, 2, 3]);
  });

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

  it("has begun its replay when the peer has taken what was sent before, and not sooner", async () => {
    const { room } = await openRoom();
    await say(room);
    const peer = new SlowPeer();
    peer.fill();
    const member = room.join(peer);
    let hasBegun = false;
    const begun = member.replay(0, "j").then(() => (hasBegun = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(hasBegun).toBe(false);
    peer.drain();
    await begun;
    await member.caughtUp();
    expect(peer.seqs()).toEqual([1]);
  });

  it("is given what is left of entries that were deleted, whether it fell behind before or comes back after", async () => {
    const { room } = await openRoom();
    const [slow, early, late] = [new SlowPeer(), new SlowPeer("early"), new SlowPeer("late")];
    const member = room.join(slow);
    slow.fill();
    for (const text of ["stays", "SECRET", "stays too"]) await record(room, text);
    await Promise.all(Array.from({ length: 600 }, () => say(room)));
    // Its page is kept for others who come back.
    const first = room.join(early);
    await first.replay(0, undefined);
    await first.caughtUp();
    expect(early.received).toContain("SECRET");
    await room.record(erase(2, { sender: "s" }));

    slow.drain();
    const second = room.join(late);
    await second.replay(0, undefined);
    await Promise.all([member.caughtUp(), second.caughtUp()]);

    for (const peer of [slow, late]) {
      expect(peer.seqs()).toEqual(Array.from({ length: 604 }, (_, n) => n + 1));
      expect(peer.received).toContain("stays too");
      expect(peer.received).not.toContain("SECRET");
    }
  });

  it("keeps nobody waiting for it once it has left", async () => {
    const { room } = await openRoom();
    const peer = new SlowPeer();
    const member = room.join(peer);
    peer.fill();
    await say(room);
    const caughtUp = member.caughtUp();
    room.leave(member, true);
    await caughtUp;
    expect(peer.seqs()).toEqual([]);
  });
});

describe("Members who come back at once", () => {
  it("are given the whole room each, and each page is read once for all", async () => {
    const { engine, room } = await openRoom();
    const count = 2400;
    for (let n = 0; n < count; n++) await say(room);
    let reads = 0;
    const { log } = engine;
    const counting: RoomLog = {
      append: (name, drafts) => log.append(name, drafts),
      subscribe: (name, listener) => log.subscribe(name, listener),
      find: (name, sender, id) => log.find(name, sender, id),
      search: (name, query) => log.search(name, query),
      read(name, range) {
        reads++;
        return log.read(name, range);
      },
    };
    const same = await Room.open(lab, roomParts(counting));
    const peers = Array.from({ length: 50 }, () => new SlowPeer());
    await Promise.all(
      peers.map((peer) => {
        const member = same.join(peer);
        void member.replay(0, undefined);
        return member.caughtUp();
      }),
    );
    for (const peer of peers) expect(peer.seqs()).toEqual(Array.from({ length: count }, (_, n) => n + 1));
    expect(reads).toBeLessThan(50);
  });
});
