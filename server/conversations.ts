// The conversations of one connection: with whom, and its membership in each. A conversation of two is a log outside
// the room namespace, named by the two senders; one is opened when something is first asked of it, and left when the
// connection ends.
//
//   alice: direct to bob -> open -> both are members -> recorded -> delivered to both, like any entry

import { RoomError, type ErrorCode } from "../shared/errors.js";
import { parsePersonName, type Name } from "../shared/names.js";
import type { Connection, Membership } from "./connection.js";
import type { Conversation, Party } from "./engine.js";

/** Past so many the one that was used longest ago is left; it is entered again when somebody uses it. */
const maxConversations = 1000;

export class Conversations {
  readonly #connection: Connection;
  /** By the key of their log; those used last come last. */
  readonly #open = new Map<string, Membership>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get all(): Iterable<Membership> {
    return this.#open.values();
  }

  /**
   * The newest conversation with somebody of that name, as `directs` lists it, else one with who is here; who is here
   * hears what becomes of it.
   * @throws RoomError bad-name, no-such-user
   */
  async with(person: string): Promise<Membership> {
    const name = parsePersonName(person);
    const known = (await this.#past(name)) ?? this.#present(name);
    if (known === undefined) throw new RoomError("no-such-user");
    const membership = await this.enter(known);
    // It may be a newer connection than the one that was spoken with.
    await this.#letHear(name, known.log).catch(forgive("no-such-user"));
    return membership;
  }

  /**
   * The conversation with somebody who is here and hears what is said in it, and who the two are. What was recorded
   * under the id before may be repeated to somebody who is not here any more.
   * @throws RoomError bad-name, no-such-user
   */
  async between(person: string, id: string | undefined): Promise<Talk> {
    const name = parsePersonName(person);
    const present = this.#present(name);
    const known = present ?? (await this.#repeated(name, id));
    if (known === undefined) throw new RoomError("no-such-user");
    const membership = await this.enter(known);
    if (present !== undefined) await this.#letHear(name, present.log);
    return { membership, between: [partyOf(this.#connection), known.other] };
  }

  /** Makes who is here under a name a member of the log of the two. @throws RoomError no-such-user */
  async #letHear(name: Name, log: Name): Promise<void> {
    const other = this.#connection.premises.people.find(name);
    if (other === this.#connection) return;
    if (other === undefined || logOf(this.#connection.sender, other.sender).key !== log.key)
      throw new RoomError("no-such-user");
    await other.conversations.enter({ log, other: partyOf(this.#connection) });
  }

  /** Makes the connection a member of a conversation, if it is none yet. @throws RoomError no-such-user */
  async enter({ log, other }: Conversation): Promise<Membership> {
    const { rooms } = this.#connection.premises;
    const known = this.#used(log);
    if (known !== undefined) return known;
    const room = await rooms.enter(log);
    // Both may have asked for it at once, and either may be gone meanwhile.
    const meanwhile = this.#used(log);
    if (meanwhile !== undefined || !this.#connection.isHere) {
      rooms.exit(room);
      if (meanwhile !== undefined) return meanwhile;
      throw new RoomError("no-such-user");
    }
    const member = room.join(this.#connection, { with: other.name.shown });
    const membership = { room, member };
    this.#open.set(log.key, membership);
    this.#leaveOldest(membership);
    return membership;
  }

  leaveAll(): void {
    for (const membership of this.#open.values()) this.#leave(membership);
    this.#open.clear();
  }

  #used(log: Name): Membership | undefined {
    const membership = this.#open.get(log.key);
    if (membership === undefined) return undefined;
    this.#open.delete(log.key);
    this.#open.set(log.key, membership);
    return membership;
  }

  // Rather one in which the peer is not behind, since it will not hear what it lacks.
  #leaveOldest(newest: Membership): void {
    if (this.#open.size <= maxConversations) return;
    const others = [...this.#open].filter(([, membership]) => membership !== newest);
    const [key, oldest] = others.find(([, { member }]) => member.isCaughtUp) ?? others[0] ?? [];
    if (key === undefined || oldest === undefined) return;
    this.#open.delete(key);
    this.#leave(oldest);
  }

  #leave({ room, member }: Membership): void {
    room.leave(member, true);
    this.#connection.premises.rooms.exit(room);
  }

  #present(name: Name): Conversation | undefined {
    const other = this.#connection.premises.people.find(name);
    if (other === undefined) return undefined;
    return { log: logOf(this.#connection.sender, other.sender), other: partyOf(other) };
  }

  async #repeated(name: Name, id: string | undefined): Promise<Conversation | undefined> {
    const past = id === undefined ? undefined : await this.#past(name);
    if (past === undefined || id === undefined) return undefined;
    const { log } = this.#connection.premises.engine;
    const recorded = await log.find(past.log, this.#connection.sender, id);
    return recorded === undefined ? undefined : past;
  }

  #past(name: Name): Promise<Conversation | undefined> {
    return this.#connection.premises.engine.catalog.conversation(this.#connection.sender, name);
  }
}

/** A conversation, and who the two are. */
interface Talk {
  readonly membership: Membership;
  readonly between: readonly [Party, Party];
}

// A slash is in no name that a peer can choose, so this is no room's.
function logOf(one: string, other: string): Name {
  const [first, second] = one < other ? [one, other] : [other, one];
  return { key: `/${first}/${second}`, shown: "" };
}

function forgive(code: ErrorCode): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof RoomError && error.code === code)) throw error;
  };
}

function partyOf(connection: Connection): Party {
  return { sender: connection.sender, name: parsePersonName(connection.name) };
}
