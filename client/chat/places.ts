// What is known of the rooms that one is in: who is there, what it is about, how far it was read on coming. chat.ts
// feeds it with what the server tells; the commands, Tab and the status row ask it.

import type { AnswerOf } from "../../shared/answers.js";
import { nameKey } from "../../shared/names.js";
import type { JoinedFacts } from "./render.js";
import type { RoomEntry } from "../session/exchanges.js";

interface RoomFacts {
  readonly room: string;
  memberCount: number;
  /** As far as their names were told, by the key of each. */
  readonly members: Map<string, string>;
  topic: string;
  /** The number of the entry that set it; undefined when that was before we came. */
  topicSeq: number | undefined;
  /** How far the room was when we came: up to there it is replayed. */
  readonly head: number;
  /** How far we have read it in earlier runs; undefined when that is not known. */
  readonly readSeq: number | undefined;
  /** How much of it was unread when we came, until we look at it. */
  unread: number;
}

/** Names of people that are kept of a room; more are not worth completing. */
const maxNames = 1000;

export class Places {
  readonly #rooms = new Map<string, RoomFacts>();

  enter(joined: AnswerOf<"joined">): void {
    const { room, memberCount, members = [], topic, head, readSeq = 0, unread = 0 } = joined;
    const news = readSeq > 0 ? { readSeq, unread } : { readSeq: undefined, unread: 0 };
    const facts = { room, memberCount, members: new Map<string, string>(), topic, topicSeq: undefined, head };
    this.#rooms.set(nameKey(room), { ...facts, ...news });
    for (const name of members) this.meet(room, name);
  }

  /** The room is entered again after a loss. */
  comeBack({ room, memberCount, members = [], topic }: AnswerOf<"joined">): void {
    const facts = this.#of(room);
    if (facts === undefined) return;
    Object.assign(facts, { memberCount, topic, ...(topic !== facts.topic && { topicSeq: undefined }) });
    facts.members.clear();
    for (const name of members) this.meet(room, name);
  }

  leave(room: string): void {
    this.#rooms.delete(nameKey(room));
  }

  /** Somebody is there, as far as one can see. */
  meet(room: string, name: string): void {
    const members = this.#of(room)?.members;
    if (members !== undefined && members.size < maxNames) members.set(nameKey(name), name);
  }

  takePresence({ room, joined, left, memberCount }: AnswerOf<"presence">): void {
    const facts = this.#of(room);
    if (facts === undefined) return;
    facts.memberCount = memberCount;
    for (const name of left) facts.members.delete(nameKey(name));
    for (const name of joined) this.meet(room, name);
  }

  /** A replay tells older ones again, of which the last is what was told in `joined`. */
  setTopic({ room, seq, text = "" }: AnswerOf<"topic">): void {
    const facts = this.#of(room);
    if (facts !== undefined) Object.assign(facts, { topic: text, topicSeq: seq });
  }

  deleteTopic({ room = "", target }: AnswerOf<"delete">): void {
    const facts = this.#of(room);
    if (facts?.topicSeq === target) Object.assign(facts, { topic: "", topicSeq: undefined });
  }

  /** As `joined` says it. */
  about(room: string): JoinedFacts {
    const facts = this.#of(room);
    const { memberCount = 1, members = new Map<string, string>(), topic = "", unread = 0 } = facts ?? {};
    const isWhole = members.size === memberCount;
    return {
      room: this.nameOf(room),
      memberCount,
      topic,
      unread,
      ...(isWhole && { members: [...members.values()] }),
    };
  }

  /** What was unread there is seen by now. */
  look(room: string): void {
    const facts = this.#of(room);
    if (facts !== undefined) facts.unread = 0;
  }

  /** Empty when there is none. */
  topicOf(room: string): string {
    return this.#of(room)?.topic ?? "";
  }

  memberCountOf(room: string): number {
    return this.#of(room)?.memberCount ?? 0;
  }

  /** Names that are known of those who are there. */
  membersOf(room: string): string[] {
    return [...(this.#of(room)?.members.values() ?? [])];
  }

  /** The rooms one is in, in the order in which they were entered. */
  get rooms(): string[] {
    return Array.from(this.#rooms.values(), ({ room }) => room);
  }

  /** The one that was entered last; undefined when there is none. */
  get lastRoom(): { room: string } | undefined {
    const room = this.rooms.at(-1);
    return room === undefined ? undefined : { room };
  }

  /** As it is shown there. */
  nameOf(room: string): string {
    return this.#of(room)?.room ?? room;
  }

  has(room: string): boolean {
    return this.#rooms.has(nameKey(room));
  }

  /** Whether the entry was there before we came. */
  isOld({ room, seq }: RoomEntry): boolean {
    return seq <= (this.#of(room)?.head ?? 0);
  }

  /** Whether it is known that we have not read the entry: it came while we were not there, or comes now. */
  isUnread({ room, seq }: RoomEntry): boolean {
    const facts = this.#of(room);
    return facts === undefined || seq > (facts.readSeq ?? facts.head);
  }

  #of(room: string): RoomFacts | undefined {
    return this.#rooms.get(nameKey(room));
  }
}
