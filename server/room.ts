// A room that somebody is in: its members and their positions, and the newest number it has heard of. What is
// said in it goes to the log; what the log recorded goes from here to every member, one buffer for all. A conversation
// of two is a room without a name, whose members are told of no presence.

import type { EntryLines } from "../shared/entry.js";
import { RoomError } from "../shared/errors.js";
import type { Limits } from "../shared/limits.js";
import { nameKey, type Name } from "../shared/names.js";
import type {
  Delivery,
  Draft,
  Found,
  Page,
  Range,
  ReadMark,
  ReadMarks,
  Recorded,
  RoomLog,
  SearchQuery,
  Subscription,
} from "./engine.js";
import { encode } from "../shared/protocol.js";
import { Member, type MemberRoom, type Peer, type Place } from "./member.js";
import { Presence } from "./presence.js";
import type { RecentEntries, Tail } from "./recent-entries.js";
import type { RecentPages } from "./recent-pages.js";
import { SortedKeys } from "./sorted-keys.js";
import type { Turnstile } from "./turnstile.js";
import type { Lane, Works } from "./works.js";

/** What all rooms of a server share. */
export interface RoomParts {
  readonly log: RoomLog;
  readonly readMarks: ReadMarks;
  readonly limits: Limits;
  readonly recent: RecentEntries;
  readonly works: Works;
  /** In which those who are not at the head are given what they lack. */
  readonly catchingUp: Lane;
  /** Bounds the pages that were read and are not given yet. */
  readonly pages: Turnstile;
  readonly recentPages: RecentPages;
  /** How long one who vanished may be away before that is told. */
  readonly leaveGraceMs: number;
}

/** What became of something that was said: its number, and whether it had been recorded before. */
export interface Outcome {
  readonly seq: number;
  readonly isRepeat: boolean;
}

export class Room implements MemberRoom {
  readonly name: Name;
  readonly epoch: string;
  readonly #parts: RoomParts;
  readonly #subscription: Subscription;
  readonly #presence: Presence;
  readonly #tail: Tail;
  readonly #deliveries: Lane;
  /** By the key of the member's name, which is one person's on the whole server. */
  readonly #members = new Map<string, Member>();
  readonly #keys = new SortedKeys();
  #head: number;
  #topic: string;
  /** Whether the members are being given what is new. */
  #isGiving = false;

  /** Opens the room's log and listens to it. */
  static async open(name: Name, parts: RoomParts): Promise<Room> {
    const early: Delivery[] = [];
    let deliver = (delivery: Delivery) => void early.push(delivery);
    const subscription = await parts.log.subscribe(name, (delivery) => {
      deliver(delivery);
    });
    const room = new Room(name, subscription, parts);
    deliver = (delivery) => {
      room.#deliver(delivery);
    };
    early.forEach(deliver);
    return room;
  }

  private constructor(name: Name, subscription: Subscription, parts: RoomParts) {
    this.name = { key: name.key, shown: subscription.name };
    this.epoch = subscription.epoch;
    this.#parts = parts;
    this.#subscription = subscription;
    this.#head = subscription.head;
    this.#topic = subscription.topic;
    this.#tail = parts.recent.openTail();
    this.#deliveries = parts.works.openLane();
    this.#presence = new Presence({
      room: this.name.shown,
      maxNames: parts.limits.memberNames,
      graceMs: parts.leaveGraceMs,
      countMembers: () => this.#members.size,
      tell: (line, except) => {
        this.#deliveries.add(this.#notifying(line, except));
      },
    });
  }

  /** The highest number that is durable. */
  get head(): number {
    return this.#head;
  }

  get topic(): string {
    return this.#topic;
  }

  get memberCount(): number {
    return this.#members.size;
  }

  /** A new member, at the head. @param place what its lines say of where they are; the room, when left out */
  join(peer: Peer, place: Place = { room: this.name.shown }): Member {
    const member = new Member(peer, this, place);
    const key = nameKey(peer.name);
    const isNew = !this.#members.has(key);
    this.#members.set(key, member);
    this.#keys.add(key);
    if (isNew && !this.#isConversation) this.#presence.joined(peer);
    return member;
  }

  /** @param isTold whether the member has said so, and is not expected back */
  leave(member: Member, isTold: boolean): void {
    member.leave();
    const key = nameKey(member.peer.name);
    // After a takeover the name is already a newer member's.
    if (this.#members.get(key) !== member) return;
    this.#members.delete(key);
    this.#keys.delete(key);
    if (this.#isConversation) return;
    if (isTold) this.#presence.left(member.peer);
    else this.#presence.lost(member.peer);
  }

  /** Members' names in the order of their keys, those after `after`, and whether there are more. */
  users(after: Name | undefined, limit: number): { users: string[]; more: boolean } {
    const keys = this.#keys.after(after?.key, limit + 1);
    const users = keys.slice(0, limit).map((key) => this.#members.get(key)?.peer.name ?? key);
    return { users, more: keys.length > limit };
  }

  presenceNow(): Uint8Array | undefined {
    return this.#isConversation ? undefined : this.#presence.now();
  }

  /** Tells the others that a member is about to say something; not more often than they can see. */
  typing(member: Member): void {
    if (!member.mayTellTyping(performance.now())) return;
    const { name } = member.peer;
    const place = this.#isConversation ? { with: name } : { room: this.name.shown };
    const line = Buffer.from(encode({ type: "typing", ...place, from: name }));
    this.#deliveries.add(this.#notifying(line, name));
  }

  /** Records a draft; resolves when it is durable and on its way to the members. */
  async record(draft: Draft): Promise<Outcome> {
    const [appended] = await this.#parts.log.append(this.name, [draft]);
    if (appended === undefined) throw new RoomError("internal");
    if ("error" in appended) throw appended.error;
    if ("duplicate" in appended) return { seq: appended.duplicate, isRepeat: true };
    return { seq: appended.seq, isRepeat: false };
  }

  /** What a sender recorded here under an id, while that still counts. */
  find(sender: string, id: string): Promise<Recorded | undefined> {
    return this.#parts.log.find(this.name, sender, id);
  }

  /** Entries that were found, as they are given to whoever asked. */
  search(query: SearchQuery): Promise<Found> {
    return this.#parts.log.search(this.name, query);
  }

  /** Moves a sender's mark up to a number. */
  markRead(sender: string, seq: number): Promise<void> {
    return this.#parts.readMarks.mark(this.name, sender, seq);
  }

  readMark(sender: string): Promise<ReadMark | undefined> {
    return this.#parts.readMarks.find(this.name, sender);
  }

  read(range: Range): Promise<Page> {
    const { log, limits } = this.#parts;
    return log.read(this.name, { ...range, limit: Math.min(range.limit, limits.historyCount) });
  }

  /** Entries from after+1 on that are still in memory. */
  recent(after: number): EntryLines | undefined {
    return this.#tail.after(after);
  }

  /** Does it between the deliveries to those at the head, and resolves when it is done. It must not throw. */
  inTurn(step: () => void): Promise<void> {
    return this.#parts.catchingUp.do(step);
  }

  /** Reads a page and gives it in its turn. So few are read at once that a thousand who ask hold no memory. */
  readInTurn(range: Range, give: (page: Page) => void): Promise<void> {
    return this.#parts.pages.pass(async () => {
      const page = await this.read(range);
      await this.inTurn(() => {
        give(page);
      });
    });
  }

  /** The same, of a range below the head: many who come back at once want the same pages, which are read once. */
  async readTogether(range: Range, give: (page: Page) => void): Promise<void> {
    const key = { epoch: this.epoch, range: JSON.stringify(range) };
    const page = await this.#parts.recentPages.get(key, () => this.#readOnce(range));
    await this.inTurn(() => {
      give(page);
    });
  }

  close(): void {
    this.#subscription.close();
    this.#presence.close();
    this.#tail.close();
    // Nobody tells what is deleted while the room is closed.
    this.#parts.recentPages.forget(this.epoch);
  }

  #readOnce(range: Range): Promise<Page> {
    return new Promise((resolve, reject) => {
      this.readInTurn(range, resolve).catch(reject);
    });
  }

  get #isConversation(): boolean {
    return this.name.shown === "";
  }

  // What was deleted must not come out of memory any more.
  #deliver(delivery: Delivery): void {
    const { from, to, bytes, erasedTo, topic } = delivery;
    if (erasedTo !== undefined) {
      this.#tail.forgetTo(erasedTo);
      this.#parts.recentPages.forget(this.epoch);
    }
    if (topic !== undefined) this.#topic = topic;
    if (to < from) return;
    this.#head = to;
    this.#tail.add({ from, to, bytes });
    if (!this.#isGiving) this.#beginGiving();
  }

  #beginGiving(): void {
    this.#isGiving = true;
    this.#deliveries.add(this.#giving());
  }

  // Whoever joins or leaves meanwhile is, or is not, among the members that are still to come.
  *#giving(): Generator<undefined> {
    const head = this.#head;
    for (const member of this.#members.values()) {
      member.give();
      yield;
    }
    this.#isGiving = false;
    // Behind what else the room has to say: one that talks all the time is never done.
    if (this.#head > head) this.#beginGiving();
  }

  *#notifying(line: Uint8Array, except: string | undefined): Generator<undefined> {
    for (const member of this.#members.values()) {
      if (member.peer.name !== except) member.notify(line);
      yield;
    }
  }
}
