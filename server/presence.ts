// Who came and who went, told to a room at most once per interval however many do. A change and its opposite
// within one interval are never told. Whoever vanishes without a word is given a while to come back.
//
//   joined --> told at once after a quiet time, else with the next line
//   left   --> told with the next line
//   lost   --> [ away ] --> left, when the grace is over; never told when the same sender joins before

import { nameKey } from "../shared/names.js";
import { encode } from "../shared/protocol.js";

export const presenceIntervalMs = 250;
export const leaveGraceMs = 5_000;

/** A line to each of very many takes a while, so that it comes less often to them: by so much for each. */
const intervalMsPerMember = 0.25;

export interface PresenceOptions {
  readonly room: string;
  /** Names told at most in each list; the count tells the rest. */
  readonly maxNames: number;
  /** How long one who vanished may be away before that is told. */
  readonly graceMs: number;
  readonly countMembers: () => number;
  /** Sends to every member but the one of that name. */
  readonly tell: (line: Uint8Array, except?: string) => void;
}

/** Who a member is: the name as shown, and the sender behind it. */
export interface Person {
  readonly name: string;
  readonly sender: string;
}

/** Who has a name: the person that was told last, and the one that is to be told. */
interface Change {
  readonly before: Person | undefined;
  after: Person | undefined;
}

export class Presence {
  readonly #options: PresenceOptions;
  /** By the key of the name. */
  readonly #changes = new Map<string, Change>();
  readonly #away = new Map<string, { person: Person; timer: NodeJS.Timeout }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  joined(person: Person): void {
    const before = this.#endAway(person);
    if (before?.sender === person.sender) return;
    this.#changeOf(person, before).after = person;
    // After a quiet time a coming is told at once, so that nobody speaks before their coming is told; a going
    // waits, because who comes right back was never away.
    if (this.#timer !== undefined) return;
    this.#tellChanges(person.name);
    this.#rest();
  }

  left(person: Person): void {
    this.#changeOf(person, person).after = undefined;
    if (this.#timer === undefined) this.#rest();
  }

  /** Left without a word. */
  lost(person: Person): void {
    this.#endAway(person);
    const timer = setTimeout(() => {
      this.#endAway(person);
      this.left(person);
    }, this.#options.graceMs);
    this.#away.set(nameKey(person.name), { person, timer });
  }

  /** A line that tells the count alone, for one who missed changes. */
  now(): Uint8Array {
    return this.#line([], []);
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const { timer } of this.#away.values()) clearTimeout(timer);
    this.#away.clear();
  }

  /** The person who was away under that name, if any. */
  #endAway({ name }: Person): Person | undefined {
    const key = nameKey(name);
    const away = this.#away.get(key);
    clearTimeout(away?.timer);
    this.#away.delete(key);
    return away?.person;
  }

  #changeOf({ name }: Person, before: Person | undefined): Change {
    const key = nameKey(name);
    const change = this.#changes.get(key) ?? { before, after: undefined };
    this.#changes.set(key, change);
    return change;
  }

  #rest(): void {
    const { countMembers } = this.#options;
    const intervalMs = Math.max(presenceIntervalMs, countMembers() * intervalMsPerMember);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#changes.size === 0) return;
      this.#tellChanges();
      this.#rest();
    }, intervalMs);
  }

  #tellChanges(except?: string): void {
    const changes = Array.from(this.#changes.values()).filter(
      ({ before, after }) => before?.sender !== after?.sender,
    );
    this.#changes.clear();
    if (changes.length === 0) return;
    const { maxNames, tell } = this.#options;
    const names = (people: (Person | undefined)[]) =>
      people.flatMap((person) => (person === undefined ? [] : [person.name])).slice(0, maxNames);
    const joined = names(changes.map(({ after }) => after));
    const left = names(changes.map(({ before }) => before));
    tell(this.#line(joined, left), except);
  }

  #line(joined: string[], left: string[]): Uint8Array {
    const { room, countMembers } = this.#options;
    return Buffer.from(encode({ type: "presence", room, joined, left, memberCount: countMembers() }));
  }
}
