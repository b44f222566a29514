// The requests of one connection that are not answered yet: how many there are, in which order what they record
// goes to the log, and what waits for them. Requests need not wait for each other; effects keep their order.

import { maxUnanswered } from "../shared/limits.js";
import type { Answer } from "../shared/answers.js";
import type { Backlog } from "./backlog.js";
import type { Membership } from "./connection.js";
import type { Draft } from "./engine.js";
import type { Place } from "./member.js";
import type { Plan } from "./plan.js";
import type { Outcome, Room } from "./room.js";

/** What is needed of the connection. */
export interface Answerer {
  readonly isOpen: boolean;
  /** What all connections have on its way to the log. */
  readonly backlog: Backlog;
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  answer(id: string | undefined, answer: Answer): void;
  /** Answers what went wrong. */
  refuse(id: string | undefined, error: unknown): void;
}

interface Recording {
  readonly id: string | undefined;
  readonly room: Room;
  /** What its answers say of where it is. */
  readonly place: Place;
  /** What waits in memory until it is recorded. */
  readonly bytes: number;
}

/** A draft that is made when something else is known; meanwhile so many bytes of it wait in memory. */
export interface LaterDraft {
  readonly later: Promise<Draft>;
  readonly bytes: number;
}

/** Of entries on their way to the log; past so many the next request waits, as past `maxUnanswered`. */
const maxRecordingBytes = 1024 * 1024;

export class Unanswered {
  readonly #answerer: Answerer;
  readonly #all = new Set<Promise<void>>();
  /** Those that make an entry. */
  readonly #recording = new Set<Promise<void>>();
  #recordingBytes = 0;
  /** Settles when every entry so far was handed to its log; undefined when all were. */
  #drafting: Promise<void> | undefined;
  #onAnswered: (() => void) | undefined;

  constructor(answerer: Answerer) {
    this.#answerer = answerer;
  }

  /** Counts work until it is done, and answers for it when it fails. */
  add(id: string | undefined, work: Promise<unknown>): void {
    const answered: Promise<void> = work
      .catch((error: unknown) => {
        this.#answerer.refuse(id, error);
      })
      .then(() => {
        this.#all.delete(answered);
        this.#onAnswered?.();
      });
    this.#all.add(answered);
  }

  /** Adds work whose answer is large: it is given in turn. It sees what was recorded. */
  addInTurn(id: string | undefined, work: () => Promise<void>): void {
    const recorded = this.recorded();
    const answered = this.#answerer.inTurn(async () => {
      await recorded;
      if (this.#answerer.isOpen) await work();
    });
    this.add(id, answered);
  }

  /**
   * Makes an entry. What one connection sends is recorded in the order sent: behind a file whose bytes are on
   * their way to disk, everything waits.
   */
  record(id: string | undefined, { room, member }: Membership, draft: Draft | LaterDraft): void {
    const bytes = "later" in draft ? draft.bytes : draft.body.length;
    const drafted = "later" in draft ? draft.later : draft;
    this.#record({ id, room, place: member.place, bytes }, drafted);
  }

  /** Makes the entry of a file, when it is on disk. @param bytes of it that wait in memory until then */
  recordFile({ id, room }: Plan, draft: Promise<Draft>, bytes: number): void {
    this.#record({ id, room, place: { room: room.name.shown }, bytes }, draft);
  }

  /** Resolves when all that was sent to rooms until now is recorded, or refused. */
  async recorded(): Promise<void> {
    await Promise.all(this.#recording);
  }

  /** Resolves when every request is answered. */
  async settled(): Promise<void> {
    while (this.#all.size > 0) await Promise.all(this.#all);
  }

  /** Whether so much waits, of this connection or of all, that the next request should not be read. */
  get isFull(): boolean {
    return this.#hasTooMuch || (this.#recordingBytes > 0 && this.#answerer.backlog.isFull);
  }

  // Not Promise.race over all: it leaves something behind in every promise that loses.
  /** Resolves when there may be room for the next request. */
  async hasRoom(): Promise<void> {
    if (!this.#hasTooMuch) return this.#answerer.backlog.hasRoom();
    await new Promise<void>((resolve) => (this.#onAnswered = resolve));
    this.#onAnswered = undefined;
  }

  get #hasTooMuch(): boolean {
    return this.#all.size >= maxUnanswered || this.#recordingBytes > maxRecordingBytes;
  }

  #record(recording: Recording, draft: Draft | Promise<Draft>): void {
    const { id, room, bytes } = recording;
    const earlier = this.#drafting;
    if (earlier === undefined && !("then" in draft)) {
      this.#addRecord(id, this.#answered(recording, room.record(draft)), bytes);
      return;
    }
    // Wrapped, because what is handed over is not waited for by the next.
    const handed = Promise.all([draft, earlier]).then(([ready]) => ({ recorded: room.record(ready) }));
    const settled: Promise<void> = Promise.allSettled([handed, earlier]).then(() => {
      if (this.#drafting === settled) this.#drafting = undefined;
    });
    this.#drafting = settled;
    const work = handed.then(({ recorded }) => this.#answered(recording, recorded));
    this.#addRecord(id, work, bytes);
  }

  /** An entry is its own answer; who repeats one is told which. */
  async #answered({ id, place }: Recording, recorded: Promise<Outcome>): Promise<void> {
    const { seq, isRepeat } = await recorded;
    if (isRepeat && id !== undefined) {
      this.#answerer.answer(undefined, { type: "recorded", id, ...place, seq });
    }
  }

  #addRecord(id: string | undefined, work: Promise<unknown>, bytes: number): void {
    const done = () => {
      this.#recording.delete(recorded);
      this.#recordingBytes -= bytes;
      this.#answerer.backlog.remove(bytes);
    };
    const recorded: Promise<void> = work.then(done, done);
    this.#recording.add(recorded);
    this.#recordingBytes += bytes;
    this.#answerer.backlog.add(bytes);
    this.add(id, work);
  }
}
