// One person in a conversation: shows what the rooms say, and does what a line says that was typed. The
// terminal and the pipe differ in where lines come from and go to; this is what they share.

import { setMaxListeners } from "node:events";
import { entryTypes, type AnswerOf } from "../../shared/answers.js";
import { nameKey } from "../../shared/names.js";
import type { Entry } from "../session/exchanges.js";
import { ClientError, isForeseen, isLoss } from "../failures.js";
import { gapLine, type Look } from "./render.js";
import type { Asking, Beginning } from "../session/asking.js";
import type { Session } from "../session/session.js";
import { isOfRoom } from "../session/pages.js";
import { placeOfEntry, type Place } from "./place.js";
import { Places } from "./places.js";
import { Typing } from "./typing.js";
import type { UnreadOf } from "./unread.js";
import { partsOf } from "./text-parts.js";
import { Timeline } from "./timeline.js";
import { Transfers } from "./transfers.js";
import { readTyped } from "../commands/typed.js";
import { visibleLine } from "./visible.js";

/** Where things go: to a screen, or to a script. */
export interface Voice {
  /** A list, or what else was asked for. */
  show(line: string): void;
  /** Things of one kind that were asked for, such as names. */
  list(items: readonly string[]): void;
  /** What the client itself has to say. */
  tell(line: string): void;
  /** An entry that came, live or replayed. */
  entry(entry: Entry, chat: Chat): void;
  presence(presence: AnswerOf<"presence">, chat: Chat): void;
  /** A room was joined. */
  entered(joined: AnswerOf<"joined">, chat: Chat): void;
  /** One is in another place. */
  wentTo(place: Place | undefined, chat: Chat): void;
  /** Places with something new that was not shown. */
  readonly unread: readonly UnreadOf[];
  /** How things are shown there. */
  readonly look: Pick<Look, "styles" | "clock">;
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

export class Chat {
  readonly session: Session;
  readonly options: ChatOptions;
  readonly voice: Voice;
  /** Where messages go. */
  here: Place | undefined;
  /** Who wrote to us alone, the last of them. */
  lastCorrespondent: string | undefined;
  /** Whether the person has said that they are done. */
  isOver = false;
  /** Whether everything that was typed went well so far. */
  isWell = true;
  /** Whether to ring when somebody speaks of us, or to us alone. */
  rings = true;
  /** Why something that was typed was stopped before it was done. */
  stopped: ClientError | undefined;
  /** How much of what was typed was not done, or not answered, when the conversation ended. */
  undoneCount = 0;
  /** What was typed and is not done, each with its line. */
  readonly underWay = new Map<Promise<void>, string>();
  readonly places = new Places();
  readonly timeline = new Timeline();
  readonly typing = new Typing();
  readonly transfers: Transfers;

  constructor(session: Session, options: ChatOptions) {
    this.session = session;
    this.options = options;
    this.voice = options.voice;
    const tell = (line: string): void => {
      options.voice.tell(line);
    };
    this.transfers = new Transfers({ signal: options.signal, tell });
    // As many wait for it as lines are under way, which is no leak.
    setMaxListeners(0, options.signal);
    this.#listen();
  }

  /** How the chat asks: until it is stopped. */
  get asking(): Asking {
    return { signal: this.options.signal };
  }

  look(): Look {
    const { here } = this;
    const room = here !== undefined && "room" in here ? here.room : undefined;
    return { room, me: this.session.name, now: new Date(), ...this.voice.look };
  }

  /** A room was joined. */
  enter(joined: AnswerOf<"joined">): void {
    this.places.enter(joined);
    this.voice.entered(joined, this);
  }

  /** From now on messages go there. */
  goTo(place: Place | undefined): void {
    this.here = place;
    this.voice.wentTo(place, this);
  }

  /** Does what a typed line says, and says what went wrong. */
  run(line: string): Promise<void> {
    const done = this.#do(line).finally(() => this.underWay.delete(done));
    this.underWay.set(done, line);
    return done;
  }

  /** Stops the transfers, says goodbye, and resolves when nothing is under way any more. */
  async leave(): Promise<void> {
    // The server hears of their end before it hears `quit`.
    await this.transfers.leave();
    await this.session.close();
    await Promise.allSettled(this.underWay.keys());
  }

  /** Says a text where one is, in several messages when it is too long for one. */
  async say(text: string, replyTo?: number): Promise<void> {
    const options = { ...this.asking, ...(replyTo !== undefined && { replyTo }) };
    const where = this.where();
    const say = (part: string): Promise<unknown> =>
      "room" in where
        ? this.session.say(part, where.room, options)
        : this.session.direct(where.with, part, options);
    await Promise.all(partsOf(text, this.session.limits.textBytes).map(say));
  }

  /** @throws ClientError bad-input when one is nowhere */
  where(): Place {
    if (this.here === undefined) throw new ClientError("bad-input", "You are in no room; /join one first.");
    return this.here;
  }

  /** @throws ClientError bad-input when one is in no room */
  currentRoom(): string {
    const where = this.where();
    if ("room" in where) return where.room;
    throw new ClientError(
      "bad-input",
      "That is for rooms; you are in a talk with one person. /room goes back.",
    );
  }

  async #do(line: string): Promise<void> {
    try {
      const typed = readTyped(line);
      if (typed.kind === "message") await this.say(typed.text);
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

  #take(entry: Entry): void {
    const { places, session, timeline } = this;
    const { name: me } = session;
    if (entry.type === "topic") places.setTopic(entry);
    if (entry.type === "delete") places.deleteTopic(entry);
    if (isOfRoom(entry)) places.meet(entry.room, entry.from);
    if (entry.type === "direct" && entry.from !== me) this.lastCorrespondent = entry.from;
    this.typing.end(placeOfEntry(entry, me), entry.from);
    // What it is about is shown as it was before.
    this.voice.entry(entry, this);
    timeline.add(entry, me);
  }

  /** Rooms that the server did not let us come back to are told as an error, and we are in them no more. */
  #leaveLostRooms(): void {
    const there = new Set(Array.from(this.session.positions.keys(), nameKey));
    const lost = this.places.rooms.filter((room) => !there.has(nameKey(room)));
    for (const room of lost) this.places.leave(room);
    const { here } = this;
    if (here !== undefined && "room" in here && lost.includes(here.room)) this.goTo(this.places.lastRoom);
  }

  #listen(): void {
    const { session, voice, places } = this;
    for (const type of entryTypes) {
      session.on(type, (entry) => {
        this.#take(entry);
      });
    }
    session.on("typing", ({ from, ...place }) => {
      if (place.room !== undefined) this.typing.note({ room: place.room }, from);
      else if (place.with !== undefined) this.typing.note({ with: place.with }, from);
    });
    session.on("presence", (presence) => {
      places.takePresence(presence);
      voice.presence(presence, this);
    });
    session.on("joined", (joined) => {
      places.comeBack(joined);
    });
    session.on("error", (error) => {
      voice.tell(`! ${visibleLine(error.message)}`);
      this.#leaveLostRooms();
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
