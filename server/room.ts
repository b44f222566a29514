// A room that somebody is in: its members and their positions, and the newest number it has heard of. What is
// said in it goes to the log; what the log recorded goes from here to every member, one buffer for all.

import type { EntryLines } from "../shared/entry.js";
import { RoomError } from "../shared/errors.js";
import type { Limits } from "../shared/limits.js";
import { nameKey, type Name } from "../shared/names.js";
import type { Draft, Page, Range, RoomLog, Subscription } from "./engine.js";
import { Member, type MemberRoom, type Peer } from "./member.js";
import { SortedKeys } from "./sorted-keys.js";
import { Presence } from "./presence.js";

export class Room implements MemberRoom {
  readonly name: Name;
  readonly epoch: string;
  readonly #log: RoomLog;
  readonly #limits: Limits;
  readonly #subscription: Subscription;
  readonly #presence: Presence;
  /** By the key of the member's name, which is one person's on the whole server. */
  readonly #members = new Map<string, Member>();
  readonly #keys = new SortedKeys();
  #head: number;

  /** Opens the room's log and listens to it. */
  static async open(name: Name, log: RoomLog, limits: Limits): Promise<Room> {
    const early: EntryLines[] = [];
    let deliver = (lines: EntryLines) => void early.push(lines);
    const subscription = await log.subscribe(name, (lines) => {
      deliver(lines);
    });
    const room = new Room(name, { log, limits, subscription });
    deliver = (lines) => {
      room.#deliver(lines);
    };
    early.forEach(deliver);
    return room;
  }

  private constructor(name: Name, parts: { log: RoomLog; limits: Limits; subscription: Subscription }) {
    this.name = { key: name.key, shown: parts.subscription.name };
    this.epoch = parts.subscription.epoch;
    this.#log = parts.log;
    this.#limits = parts.limits;
    this.#subscription = parts.subscription;
    this.#head = parts.subscription.head;
    this.#presence = new Presence({
      room: this.name.shown,
      maxNames: parts.limits.memberNames,
      countMembers: () => this.#members.size,
      tell: (line, except) => {
        for (const member of this.#members.values()) if (member.peer.name !== except) member.notify(line);
      },
    });
  }

  /** The highest number that is durable. */
  get head(): number {
    return this.#head;
  }

  get memberCount(): number {
    return this.#members.size;
  }

  /** A new member, at the head. */
  join(peer: Peer): Member {
    const member = new Member(peer, this);
    const key = nameKey(peer.name);
    const isNew = !this.#members.has(key);
    this.#members.set(key, member);
    this.#keys.add(key);
    if (isNew) this.#presence.joined(peer.name);
    return member;
  }

  leave(member: Member): void {
    member.leave();
    const key = nameKey(member.peer.name);
    // After a takeover the name is already a newer member's.
    if (this.#members.get(key) !== member) return;
    this.#members.delete(key);
    this.#keys.delete(key);
    this.#presence.left(member.peer.name);
  }

  /** Members' names in the order of their keys, those after `after`, and whether there are more. */
  users(after: Name | undefined, limit: number): { users: string[]; more: boolean } {
    const keys = this.#keys.after(after?.key, limit + 1);
    const users = keys.slice(0, limit).map((key) => this.#members.get(key)?.peer.name ?? key);
    return { users, more: keys.length > limit };
  }

  presenceNow(): Uint8Array {
    return this.#presence.now();
  }

  /** Records a draft and resolves with its number, when it is durable and every member at the head was given it. */
  async record(draft: Draft): Promise<number> {
    const [appended] = await this.#log.append(this.name, [draft]);
    if (appended === undefined) throw new RoomError("internal");
    if ("error" in appended) throw appended.error;
    return appended.seq;
  }

  read(range: Range): Promise<Page> {
    return this.#log.read(this.name, { ...range, limit: Math.min(range.limit, this.#limits.historyCount) });
  }

  close(): void {
    this.#subscription.close();
    this.#presence.close();
  }

  #deliver(lines: EntryLines): void {
    this.#head = lines.to;
    for (const member of this.#members.values()) member.deliver(lines);
  }
}
