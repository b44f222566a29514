// For a person at a terminal: asks for a name and a room, then shows the rooms and takes what is typed. One can talk
// while a file is sent; every command but a transfer is done before the next line is looked at.

import { Chat } from "../chat/chat.js";
import { ReadMarker } from "../chat/read-marker.js";
import { count } from "../chat/render.js";
import type { Styles } from "../chat/styles.js";
import { visibleLine } from "../chat/visible.js";
import { completeLine } from "../commands/completion.js";
import { isGoodbye, isMessage, runsBeside } from "../commands/typed.js";
import { exitCodeOf, exitCodes } from "../exit-codes.js";
import { isForeseen } from "../failures.js";
import { connectedLine, nameQuestion, openFor, roomQuestion } from "../opening.js";
import type { ClientOptions } from "../options.js";
import type { Surroundings } from "../scripts/pipe.js";
import { endingError } from "../session/endings.js";
import type { Session } from "../session/session.js";
import { RoomError } from "../../shared/errors.js";
import { Footer } from "./footer.js";
import { promptOf, RoomView } from "./room-view.js";
import type { Completion, Screen } from "./screen.js";

/** The newest entries of a room are shown when it is entered. */
const beginning = { last: 10 };

const leaveWithinMs = 2_000;

export interface TerminalSurroundings extends Surroundings {
  readonly styles: Styles;
  /** @param complete what Tab makes of a line */
  readonly openScreen: (complete: (line: string, cursor: number) => Promise<Completion>) => Screen;
}

/** Resolves with the exit code. */
export async function runTerminal(
  options: ClientOptions,
  surroundings: TerminalSurroundings,
): Promise<number> {
  let chat: Chat | undefined;
  const nothing: Completion = { from: 0, choices: [] };
  const screen = surroundings.openScreen((line, cursor) =>
    chat === undefined ? Promise.resolve(nothing) : completeLine(chat, line, cursor),
  );
  const signal = AbortSignal.any([surroundings.signal, screen.interrupted]);
  signal.addEventListener("abort", () => {
    screen.close();
  });
  try {
    const session = await openAsked(screen, options, { ...surroundings, signal });
    if (session === undefined) return exitCodes.ok.code;
    const conversation = new Conversation(screen, session, { ...surroundings, options, signal });
    chat = conversation.chat;
    return await conversation.run();
  } catch (error) {
    if (!isForeseen(error)) throw error;
    screen.print(surroundings.styles.fault(`! ${visibleLine(error.message)}`));
    return exitCodeOf(error);
  } finally {
    screen.close();
  }
}

/** Asks until the server takes the name; undefined when the keyboard is closed before. */
async function openAsked(
  screen: Screen,
  options: ClientOptions,
  { sessions, signal, styles }: TerminalSurroundings,
): Promise<Session | undefined> {
  let { name, room } = options;
  const tell = (line: string): void => {
    screen.print(line.startsWith("!") ? styles.fault(line) : styles.dim(line));
  };
  for (;;) {
    name ??= (await screen.ask(nameQuestion))?.trim();
    if (name === undefined) break;
    room ??= (await screen.ask(roomQuestion))?.trim();
    if (room === undefined) break;
    try {
      // A person waits for as long as they like.
      const given = { ...options, name, room, ...beginning, reconnectForMs: Infinity };
      const session = await openFor(given, { tell, signal, sessions });
      tell(connectedLine(session, options));
      return session;
    } catch (error) {
      if (!(error instanceof RoomError) || !askAgain.has(error.code)) throw error;
      tell(`! ${visibleLine(error.message)}`);
      name = undefined;
      // Either of the two may be the bad one.
      if (error.code === "bad-name") room = undefined;
    }
  }
  signal.throwIfAborted();
  return undefined;
}

const askAgain = new Set<string>(["name-taken", "bad-name"]);

interface ConversationOptions extends TerminalSurroundings {
  readonly options: ClientOptions;
}

/** From the first room to the last word. */
class Conversation {
  readonly chat: Chat;
  readonly #screen: Screen;
  readonly #session: Session;
  readonly #marker: ReadMarker;
  readonly #footer: Footer;
  readonly #view: RoomView;
  #interruptedAt = -Infinity;

  constructor(screen: Screen, session: Session, options: ConversationOptions) {
    const { home, signal, styles } = options;
    this.#screen = screen;
    this.#session = session;
    this.#marker = new ReadMarker(session);
    const onChange = (): void => {
      this.#footer.refresh();
    };
    this.#view = new RoomView({ screen, styles, marker: this.#marker, onChange });
    const voice = this.#view;
    this.chat = new Chat(session, { voice, folder: options.options.downloads, home, signal, beginning });
    this.chat.rings = options.options.bell ?? true;
    this.#footer = new Footer(screen, this.chat, styles);
    this.#listen();
  }

  /** Resolves with the exit code when the person leaves and nothing had to be stopped for that. */
  async run(): Promise<number> {
    const { chat } = this;
    const typed = this.#runTyped();
    try {
      const ending = await Promise.race([typed, this.#session.closed]);
      if (ending !== undefined) throw endingError(ending);
    } finally {
      this.#footer.close();
      this.#screen.close();
      await this.#marker.flush();
      await chat.leave();
      await typed;
    }
    if (chat.stopped !== undefined) throw chat.stopped;
    if (chat.undoneCount === 0) return exitCodes.ok.code;
    this.#view.tell(`! ${count(chat.undoneCount, "line was", "lines were")} not sent.`);
    return exitCodes.lost.code;
  }

  #listen(): void {
    const { chat } = this;
    this.#screen.onInterrupt(() => this.#takeInterrupt());
    this.#screen.onTyping((line) => {
      if (chat.here !== undefined && !line.startsWith("/")) void this.#session.typing(chat.here);
    });
    this.#screen.onFocus((isThere) => {
      this.#view.setAway(!isThere);
    });
    this.#session.onState(() => {
      this.#footer.refresh();
    });
  }

  /** Ctrl-C on an empty line stops what is under way; twice, it leaves. */
  #takeInterrupt(): boolean {
    if (this.chat.transfers.cancelAll()) return true;
    const now = performance.now();
    if (now - this.#interruptedAt < leaveWithinMs) return false;
    this.#interruptedAt = now;
    this.#view.tell("* Ctrl-C once more leaves");
    return true;
  }

  /** Starts what each line says, until the person is done. */
  async #runTyped(): Promise<void> {
    const { chat } = this;
    const { joined } = this.#session;
    if (joined !== undefined) chat.enter(joined);
    chat.goTo(joined && { room: joined.room });
    while (!chat.isOver) {
      const line = await this.#screen.next();
      if (line === undefined) break;
      // What was said comes back with its time when it is recorded; until then it is among what waits.
      if (!isMessage(line)) this.#screen.echo(promptOf(chat.here) + visibleLine(line));
      const done = chat.run(line);
      this.#footer.refresh();
      void done.finally(() => {
        this.#footer.refresh();
      });
      // It may change the room that the next line goes to, or end it all.
      if (runsBeside(line)) continue;
      await Promise.race([done, this.#givesUpAhead()]);
      if (chat.underWay.has(done)) break;
    }
  }

  /** Resolves when the person wants to leave while there is no connection to answer what was typed before. */
  async #givesUpAhead(): Promise<void> {
    await this.#screen.ahead(isGoodbye);
    while (this.#session.isConnected) {
      await new Promise<void>((resolve) => {
        const stop = this.#session.onState(() => {
          stop();
          resolve();
        });
      });
    }
  }
}
