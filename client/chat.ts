// One person in a conversation: shows what the rooms say, and does what a line says that was typed. The
// terminal and the pipe differ in where lines come from and go to; this is what they share.

import type { AnswerOf } from "../shared/answers.js";
import { ClientError, isForeseen } from "./failures.js";
import { entryLines, joinedLine, presenceLines, progressLine, type Place } from "./render.js";
import type { Session } from "./session.js";
import type { Progress, TransferOptions } from "./transfer.js";
import { readTyped } from "./typed.js";
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
  /** Stops transfers that are under way. */
  readonly signal: AbortSignal;
  /** How many earlier entries are shown on joining a room. */
  readonly recentCount: number;
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
  /** Transfers that are under way. */
  transferCount = 0;

  constructor(session: Session, options: ChatOptions) {
    this.session = session;
    this.options = options;
    this.voice = options.voice;
    session.on("message", (entry) => {
      this.voice.show(entryLines(entry, this.place()));
    });
    session.on("file", (entry) => {
      this.voice.show(entryLines(entry, this.place()));
    });
    session.on("presence", (presence) => {
      const place = { ...this.place(), me: session.name };
      for (const line of presenceLines(presence, place)) this.voice.show(line);
    });
    session.on("error", (error) => {
      this.voice.tell(`! ${visibleLine(error.message)}`);
    });
  }

  place(): Place {
    return { room: this.room, now: new Date() };
  }

  /** Makes a room that was joined the one that messages go to, and shows who and what is there. */
  async enter(joined: AnswerOf<"joined">): Promise<void> {
    this.room = joined.room;
    this.voice.tell(joinedLine(joined, this.session.name));
    const limit = this.options.recentCount;
    if (limit === 0 || joined.head === 0) return;
    // Below what comes live, so that nothing is shown twice.
    const page = await this.session.history({ room: joined.room, before: joined.head + 1, limit });
    for (const entry of page.entries) this.voice.show(entryLines(entry, this.place()));
  }

  /** Does what a typed line says, and says what went wrong. Resolves with whether it went well. */
  async run(line: string): Promise<boolean> {
    try {
      const typed = readTyped(line);
      if (typed.kind === "message") await this.session.say(typed.text, this.currentRoom());
      if (typed.kind === "command") await typed.command.run(this, typed.argument);
      return true;
    } catch (error) {
      if (!isForeseen(error)) throw error;
      // A lost server is told once, by whoever started the chat.
      if (error.code !== "connection-lost") this.voice.tell(`! ${visibleLine(error.message)}`);
      return false;
    }
  }

  /** @throws ClientError bad-input when there is none */
  currentRoom(): string {
    if (this.room === undefined) throw new ClientError("bad-input", "You are in no room; /join one first.");
    return this.room;
  }

  /** Runs a transfer in the current room, and tells now and then how far it is. */
  async transfer<T>(run: (options: TransferOptions) => Promise<T>): Promise<T> {
    let toldAt = performance.now();
    const onProgress = (progress: Progress): void => {
      if (performance.now() - toldAt < progressEveryMs) return;
      toldAt = performance.now();
      this.voice.tell(progressLine(progress));
    };
    this.transferCount += 1;
    try {
      return await run({ room: this.currentRoom(), signal: this.options.signal, onProgress });
    } finally {
      this.transferCount -= 1;
    }
  }
}
