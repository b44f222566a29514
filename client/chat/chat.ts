// One person in a conversation: shows what the rooms say, and does what a line says that was typed. The
// terminal and the pipe differ in where lines come from and go to; this is what they share.

import { setMaxListeners } from "node:events";
import { entryTypes, type AnswerOf } from "../../shared/answers.js";
import type { Entry } from "../session/exchanges.js";
import { ClientError, isForeseen, isLoss } from "../failures.js";
import { Pace } from "../transfer/pace.js";
import { isOfRoom } from "../session/pages.js";
import { entryLines, gapLine, joinedLine, presenceLines, progressLine, type Place } from "./render.js";
import type { Asking, Beginning } from "../session/asking.js";
import type { Session } from "../session/session.js";
import { Topics } from "./topics.js";
import type { Progress, TransferOptions } from "../transfer/transfer.js";
import { readTyped } from "../commands/typed.js";
import { visibleLine } from "./visible.js";

/** Where lines go. */
export interface Voice {
  /** What a room says, or a list that was asked for. */
  show(line: string): void;
  /** What the client itself has to say. */
  tell(line: string): void;
}

export interface ChatOptions {
  readonly voice: Voice;
  /** Where downloads are saved. */
  readonly folder: string;
  /** What `~` stands for in a path. */
  readonly home: string;
  /** Stops whatever is under way. */
  readonly signal: AbortSignal;
  /** Where a room is entered. */
  readonly beginning: Beginning;
}

const progressEveryMs = 3_000;

export class Chat {
  readonly session: Session;
  readonly options: ChatOptions;
  readonly voice: Voice;
  /** The room that messages go to. */
  room: string | undefined;
  /** Whether the person has said that they are done. */
  isOver = false;
  /** Whether everything that was typed went well so far. */
  isWell = true;
  /** Why something that was typed was stopped before it was done. */
  stopped: ClientError | undefined;
  /** How much of what was typed was not done, or not answered, when the conversation ended. */
  undoneCount = 0;
  /** What was typed and is not done. */
  readonly underWay = new Set<Promise<void>>();
  readonly topics = new Topics();
  /** How far each room was when we came: up to there it is replayed. */
  readonly #heads = new Map<string, number>();
  readonly #transfers = new Set<Promise<unknown>>();
  readonly #cancelled = new WeakSet<object>();
  /** How many transfers were stopped that can be gone on with. */
  #suspendedCount = 0;
  #cancelling = new AbortController();
  readonly #leaving = new AbortController();

  constructor(session: Session, options: ChatOptions) {
    this.session = session;
    this.options = options;
    this.voice = options.voice;
    // As many wait for it as lines are under way, which is no leak.
    setMaxListeners(0, options.signal);
    this.#listen();
  }

  /** How the chat asks: until it is stopped. */
  get asking(): Asking {
    return { signal: this.options.signal };
  }

  place(): Place {
    return { room: this.room, me: this.session.name, now: new Date() };
  }

  /** Makes a room that was joined the one that messages go to, and says who is there. */
  enter(joined: AnswerOf<"joined">): void {
    this.room = joined.room;
    this.topics.enter(joined);
    this.#heads.set(joined.room, joined.head);
    this.voice.tell(joinedLine(joined, this.session.name));
  }

  /** Does what a typed line says, and says what went wrong. */
  run(line: string): Promise<void> {
    const done = this.#do(line).finally(() => this.underWay.delete(done));
    this.underWay.add(done);
    return done;
  }

  /** Stops the transfers and nothing else; false when there are none that have not been told to stop. */
  cancelTransfers(): boolean {
    if ([...this.#transfers].every((transfer) => this.#cancelled.has(transfer))) return false;
    for (const transfer of this.#transfers) this.#cancelled.add(transfer);
    this.#cancelling.abort(
      new ClientError("cancelled", "The transfer was cancelled; nothing of it is kept."),
    );
    this.#cancelling = new AbortController();
    return true;
  }

  /** Stops the transfers, says goodbye, and resolves when nothing is under way any more. */
  async leave(): Promise<void> {
    this.#leaving.abort(new ClientError("interrupted", "A transfer was stopped."));
    // The server hears of their end before it hears `quit`.
    await Promise.allSettled(this.#transfers);
    if (this.#suspendedCount > 0)
      this.voice.tell(
        "* a transfer was stopped; what is there of it is kept, and the same again goes on from there",
      );
    await this.session.close();
    await Promise.allSettled(this.underWay);
  }

  /** @throws ClientError bad-input when there is none */
  currentRoom(): string {
    if (this.room === undefined) throw new ClientError("bad-input", "You are in no room; /join one first.");
    return this.room;
  }

  /** Runs a transfer in the current room, and tells now and then how far it is. */
  async transfer<T>(run: (options: TransferOptions) => Promise<T>): Promise<T> {
    const pace = new Pace();
    let toldAt = performance.now();
    const onProgress = (progress: Progress): void => {
      const speed = pace.speed(progress.bytes, progress.size);
      if (performance.now() - toldAt < progressEveryMs) return;
      toldAt = performance.now();
      this.voice.tell(`* ${progressLine(progress, speed)}`);
    };
    const { signal } = this.#cancelling;
    const suspend = AbortSignal.any([this.options.signal, this.#leaving.signal]);
    const transfer = run({ room: this.currentRoom(), signal, suspend, onProgress });
    this.#transfers.add(transfer);
    try {
      return await transfer;
    } catch (error) {
      if (suspend.aborted && error === suspend.reason) this.#suspendedCount += 1;
      throw error;
    } finally {
      this.#transfers.delete(transfer);
    }
  }

  async #do(line: string): Promise<void> {
    try {
      const typed = readTyped(line);
      if (typed.kind === "message") await this.session.say(typed.text, this.currentRoom(), this.asking);
      if (typed.kind === "command") await typed.command.run(this, typed.argument);
    } catch (error) {
      if (!isForeseen(error)) throw error;
      this.isWell = false;
      if (error.code === "interrupted") this.stopped ??= error;
      // What ends the chat is told once, by whoever started it.
      else if (isLoss(error) && this.session.isOver) this.undoneCount += 1;
      else this.voice.tell(`! ${visibleLine(error.message)}`);
    }
  }

  // Numbers are for what somebody looks back at.
  #show(entry: Entry): void {
    if (entry.type === "topic") this.topics.set(entry);
    if (entry.type === "delete") this.topics.delete(entry);
    const isNumbered = isOfRoom(entry) && entry.seq <= (this.#heads.get(entry.room) ?? 0);
    this.voice.show(entryLines(entry, this.place(), { isNumbered }));
  }

  #listen(): void {
    const { session, voice } = this;
    for (const type of entryTypes) {
      session.on(type, (entry) => {
        this.#show(entry);
      });
    }
    session.on("presence", (presence) => {
      for (const line of presenceLines(presence, this.place())) voice.show(line);
    });
    session.on("error", (error) => {
      voice.tell(`! ${visibleLine(error.message)}`);
    });
    session.onGap((gap) => {
      voice.tell(gapLine(gap));
    });
    session.onState((change) => {
      if (change.state === "connected") voice.tell("* back again");
      else if (change.triesAgain) voice.tell("* the connection is lost; trying again…");
    });
  }
}
