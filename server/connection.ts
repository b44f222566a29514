// One peer from its first line to its goodbye: who it is, the rooms it is in, what it is answered, and how it goes.
// Its requests are read in intake.ts; what they mean is in handlers/.

import { setTimeout as sleep } from "node:timers/promises";
import type { Answer } from "../shared/answers.js";
import { RoomError, type ErrorCode } from "../shared/errors.js";
import type { Limits } from "../shared/limits.js";
import { parseRoomName } from "../shared/names.js";
import type { Backlog } from "./backlog.js";
import { Conversations } from "./conversations.js";
import { Downloads } from "./downloads.js";
import type { Claim, Engine } from "./engine.js";
import { Intake } from "./intake.js";
import type { Log } from "./log.js";
import type { Member, Peer } from "./member.js";
import { Outbox, type Outboxes } from "./outbox.js";
import type { Room } from "./room.js";
import type { People } from "./people.js";
import type { Rooms } from "./rooms.js";
import type { Turns } from "./turns.js";
import { Unanswered } from "./unanswered.js";
import type { Unwritten } from "./unwritten.js";
import { Uploads } from "./uploads.js";
import type { Wire } from "./wires/wire.js";

/** What all connections of a server share. */
export interface Premises {
  readonly rooms: Rooms;
  readonly people: People;
  readonly engine: Engine;
  readonly limits: Limits;
  readonly outboxes: Outboxes;
  readonly turns: Turns;
  readonly backlog: Backlog;
  readonly unwritten: Unwritten;
  /** As in `connected.server`: "roomline/1.0.0". */
  readonly serverName: string;
  /** A peer that has not said a good `connect` and is silent for this long is sent away. */
  readonly silenceMs: number;
  /** How long a peer may acknowledge nothing of a download while something waits for that. */
  readonly stallMs: number;
  readonly log: Log;
}

export interface Membership {
  readonly room: Room;
  readonly member: Member;
}

export interface Goodbye {
  readonly id?: string | undefined;
  readonly code?: ErrorCode;
  readonly message?: string;
  readonly retry: boolean;
}

export class Connection implements Peer {
  readonly premises: Premises;
  readonly unanswered: Unanswered;
  readonly uploads: Uploads;
  readonly downloads: Downloads;
  readonly conversations: Conversations;
  /** Rooms this connection is in, by the room's key, in the order they were joined. */
  readonly memberships = new Map<string, Membership>();
  claim: Claim | undefined;
  /** When the peer was last told its session, in ms since 1970. */
  sessionGivenMs = 0;

  readonly #wire: Wire;
  readonly #outbox: Outbox;
  readonly #intake: Intake;
  #goodbye: Goodbye = { retry: false };
  #isLeaving = false;
  /** Whether the peer has said itself that it goes. */
  #hasQuit = false;
  #hasLetGo = false;
  #silenceTimer: NodeJS.Timeout | undefined;

  constructor(wire: Wire, premises: Premises) {
    this.#wire = wire;
    this.premises = premises;
    this.#outbox = new Outbox(wire, premises.outboxes, premises.limits.outboxBytes);
    this.#intake = new Intake(this, this.#outbox);
    this.unanswered = new Unanswered(this);
    this.uploads = new Uploads(this);
    this.downloads = new Downloads(this);
    this.conversations = new Conversations(this);
  }

  get name(): string {
    return this.#held.name.shown;
  }

  /** Who this is across connections: recorded, never shown. */
  get sender(): string {
    return this.#held.sender;
  }

  /** Whether it may change what others recorded. */
  get isOperator(): boolean {
    return this.#held.isOperator;
  }

  /** What all connections have on its way to the log. */
  get backlog(): Backlog {
    return this.premises.backlog;
  }

  get isOpen(): boolean {
    return this.#wire.isOpen;
  }

  /** Whether no further request is to be read. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** False once its name and its rooms are given back. */
  get isHere(): boolean {
    return !this.#hasLetGo;
  }

  /** Whether the peer should first take what waits for it. */
  get isCrowded(): boolean {
    return this.#outbox.isCrowded;
  }

  /** Bytes of entries that may wait for the peer. */
  get shareBytes(): number {
    return this.#outbox.shareBytes;
  }

  /** Sends what has a bound of its own: entries, notices, parts of a transfer. */
  send(lines: Uint8Array | string, onTaken?: () => void): void {
    this.#outbox.send(lines, onTaken);
  }

  ready(): Promise<void> {
    return this.#outbox.ready();
  }

  /** Sends what is large, one after the other, each when the peer has taken what went before. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#outbox.inTurn(work);
  }

  /** Serves the peer until it has no more to say, is told to go, or is gone. Never throws. */
  async run(): Promise<void> {
    this.#expectWords();
    void this.#wire.stalled.then(() => {
      this.expel({ code: "stalled", message: "You took no byte for too long.", retry: true });
    });
    try {
      for await (const lines of this.#wire.lines) {
        if (this.claim === undefined) this.#expectWords();
        await this.#intake.take(lines);
        if (this.#isLeaving) break;
      }
      this.downloads.liftWindows();
      // Ten thousand may go at once.
      await this.premises.turns.next();
      await this.settled();
    } catch (error) {
      this.abandon(error);
    }
    // Only here is a peer gone that closed behind its last line: what it said before takes effect all the same.
    this.expel(this.#goodbye);
    await this.#wire.closed;
  }

  /** Sends an answer, under the request's `id` if it has one. */
  answer(id: string | undefined, answer: Answer): void {
    this.#outbox.answer(id, answer);
  }

  /** Answers what went wrong with a request: the one place where errors become lines. */
  refuse(id: string | undefined, error: unknown): void {
    const known = error instanceof RoomError ? error : new RoomError("internal", {}, { cause: error });
    if (known.code === "internal" || known.code === "storage-full") {
      this.premises.log.error({ err: known.cause ?? known, remote: this.#wire.remote }, "a request failed");
    }
    const { message: _told, ...detail } = known.detail;
    this.answer(id, { type: "error", code: known.code, message: known.message, ...detail });
  }

  /** Resolves when every request so far is answered and every room has given what it had. */
  async settled(): Promise<void> {
    await this.unanswered.settled();
    await this.downloads.finished();
    const memberships = [...this.memberships.values(), ...this.conversations.all];
    await Promise.all(memberships.map(({ member }) => member.caughtUp()));
  }

  /**
   * The room that a request means: the one it names, or the only one.
   * @throws RoomError not-in-room, bad-name, bad-message when it names none and there are several
   */
  membership(room: string | undefined): Membership {
    const [only, ...others] = room === undefined ? this.memberships.values() : [];
    if (room !== undefined) {
      const named = this.memberships.get(parseRoomName(room).key);
      if (named !== undefined) return named;
    } else if (others.length > 0) {
      throw new RoomError("bad-message", {
        message: "Bad message: room is missing, and you are in several.",
      });
    } else if (only !== undefined) {
      return only;
    }
    throw new RoomError("not-in-room");
  }

  /**
   * The room of a request that cannot mean a conversation, so that what is for one person is not said to a room.
   * @throws RoomError as `membership`
   */
  roomOf({ room, with: person }: { room?: string; with?: string }): Membership {
    if (person !== undefined) {
      throw new RoomError("bad-message", { message: "Bad message: with is for direct; this is for rooms." });
    }
    return this.membership(room);
  }

  /**
   * Does a work where a request means: in a room, or with `with` in the conversation with that person. What is
   * returned is for the next request to wait for.
   * @throws RoomError as `membership`, and no-such-user
   */
  inPlace(
    { room, with: person }: { room?: string; with?: string },
    work: (membership: Membership) => void,
  ): Promise<void> | undefined {
    if (person !== undefined && room !== undefined) {
      throw new RoomError("bad-message", { message: "Bad message: room and with exclude each other." });
    }
    if (person !== undefined) return this.conversations.with(person).then(work);
    work(this.membership(room));
    return undefined;
  }

  /** Reads no further request; what was received is answered, then comes the goodbye. */
  dismiss(goodbye: Goodbye): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.#goodbye = goodbye;
    this.downloads.liftWindows();
  }

  /** The peer has said that it goes. */
  quit(id: string | undefined): void {
    this.#hasQuit = true;
    this.dismiss({ id, retry: false });
  }

  /** Says goodbye at once, whatever is unanswered. What was said before stays said. */
  expel(goodbye: Goodbye): void {
    this.dismiss(goodbye);
    this.#letGo();
    const { id, ...bye } = goodbye;
    this.answer(id, { type: "bye", ...bye });
    this.#wire.close();
  }

  /**
   * Dismisses, and expels when everything is answered. Resolves when the peer has taken its goodbye; both
   * together take no longer than `graceMs`.
   */
  async retire(goodbye: Goodbye, graceMs: number): Promise<void> {
    this.dismiss(goodbye);
    const timeout = new AbortController();
    const timedOut = sleep(graceMs, undefined, { signal: timeout.signal, ref: false });
    await Promise.race([this.settled(), timedOut]);
    this.expel(goodbye);
    await Promise.race([this.#wire.closed, timedOut]);
    timeout.abort();
    this.#wire.destroy();
    await this.downloads.finished();
  }

  abandon(error: unknown): void {
    this.premises.log.error({ err: error, remote: this.#wire.remote }, "a connection failed");
    this.expel({ code: "internal", retry: true });
  }

  /** Called when `connect` succeeded. */
  welcome(claim: Claim): void {
    this.claim = claim;
    this.sessionGivenMs = Date.now();
    clearTimeout(this.#silenceTimer);
    this.premises.people.add(claim.name, this);
    this.premises.log.info({ name: claim.name.shown, remote: this.#wire.remote }, "connected");
  }

  get #held(): Claim {
    if (this.claim === undefined) throw new RoomError("not-connected");
    return this.claim;
  }

  #expectWords(): void {
    clearTimeout(this.#silenceTimer);
    if (this.#hasLetGo) return;
    this.#silenceTimer = setTimeout(() => {
      this.expel({ code: "stalled", message: "You said nothing for too long.", retry: true });
    }, this.premises.silenceMs);
  }

  // Leaves rooms, ends transfers and gives the name back.
  #letGo(): void {
    if (this.#hasLetGo) return;
    this.#hasLetGo = true;
    clearTimeout(this.#silenceTimer);
    for (const { room, member } of this.memberships.values()) {
      room.leave(member, this.#hasQuit);
      this.premises.rooms.exit(room);
    }
    this.memberships.clear();
    this.conversations.leaveAll();
    if (this.claim !== undefined) this.premises.people.remove(this.claim.name, this);
    this.uploads.pauseAll();
    this.downloads.stopAll();
    if (this.claim !== undefined)
      this.premises.log.info({ name: this.name, remote: this.#wire.remote }, "gone");
    this.claim?.release();
  }
}
