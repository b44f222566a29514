// For a person at a terminal: asks for a name and a room, then shows the room and takes what is typed. One can
// talk while a file is sent; every command but a transfer is done before the next line is looked at.

import { Chat } from "../chat/chat.js";
import { commands } from "../commands/commands.js";
import { endingError } from "../session/endings.js";
import { exitCodeOf, exitCodes } from "../exit-codes.js";
import { isForeseen } from "../failures.js";
import { connectedLine, nameQuestion, openFor, roomQuestion } from "../opening.js";
import type { ClientOptions } from "../options.js";
import type { Surroundings } from "../scripts/pipe.js";
import { Screen, type ScreenStreams } from "./screen.js";
import { count } from "../chat/render.js";
import type { Session } from "../session/session.js";
import { isGoodbye, isMessage, runsBeside } from "../commands/typed.js";
import { visibleLine } from "../chat/visible.js";
import { RoomError } from "../../shared/errors.js";

/** The newest entries of a room are shown when it is entered. */
const beginning = { last: 10 };

/** Resolves with the exit code. */
export async function runTerminal(
  streams: ScreenStreams,
  options: ClientOptions,
  surroundings: Surroundings,
): Promise<number> {
  const screen = new Screen(streams, completions);
  const signal = AbortSignal.any([surroundings.signal, screen.interrupted]);
  signal.addEventListener("abort", () => {
    screen.close();
  });
  try {
    const session = await openAsked(screen, options, { ...surroundings, signal });
    if (session === undefined) return exitCodes.ok.code;
    return await converse(screen, session, { ...surroundings, options, signal });
  } catch (error) {
    if (!isForeseen(error)) throw error;
    screen.print(`! ${visibleLine(error.message)}`);
    return exitCodeOf(error);
  } finally {
    screen.close();
  }
}

/** Asks until the server takes the name; undefined when the keyboard is closed before. */
async function openAsked(
  screen: Screen,
  options: ClientOptions,
  { sessions, signal }: Surroundings,
): Promise<Session | undefined> {
  let { name, room } = options;
  const tell = (line: string): void => {
    screen.print(line);
  };
  for (;;) {
    name ??= (await screen.next(nameQuestion))?.trim();
    if (name === undefined) break;
    room ??= (await screen.next(roomQuestion))?.trim();
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

interface Conversation extends Surroundings {
  readonly options: ClientOptions;
}

/** Resolves with the exit code when the person leaves and nothing had to be stopped for that. */
async function converse(
  screen: Screen,
  session: Session,
  { options, home, signal }: Conversation,
): Promise<number> {
  const print = (line: string): void => {
    screen.print(line);
  };
  const chat = new Chat(session, {
    voice: { show: print, tell: print },
    folder: options.downloads,
    home,
    signal,
    beginning,
  });
  screen.onInterrupt(() => chat.cancelTransfers());
  const typed = runTyped(screen, chat);
  try {
    const ending = await Promise.race([typed, session.closed]);
    if (ending !== undefined) throw endingError(ending);
  } finally {
    screen.close();
    await chat.leave();
    await typed;
  }
  if (chat.stopped !== undefined) throw chat.stopped;
  if (chat.undoneCount === 0) return exitCodes.ok.code;
  print(`! ${count(chat.undoneCount, "line was", "lines were")} not sent.`);
  return exitCodes.lost.code;
}

/** Starts what each line says, until the person is done. */
async function runTyped(screen: Screen, chat: Chat): Promise<void> {
  const { session } = chat;
  if (session.joined !== undefined) chat.enter(session.joined);
  while (!chat.isOver) {
    // What was said comes back with its time when it is recorded; what waits for that stays to be seen.
    const isErased = (line: string): boolean => session.isConnected && isMessage(line);
    const line = await screen.next(`${visibleLine(chat.room ?? "")}> `, isErased);
    if (line === undefined) break;
    const done = chat.run(line);
    const { waitingCount } = session;
    if (waitingCount > 0) chat.voice.tell(`* ${count(waitingCount, "line waits", "lines wait")} to be sent`);
    // It may change the room that the next line goes to, or end it all.
    if (runsBeside(line)) continue;
    await Promise.race([done, givesUpAhead(screen, session)]);
    if (chat.underWay.has(done)) break;
  }
}

/** Resolves when the person wants to leave while there is no connection to answer what was typed before. */
async function givesUpAhead(screen: Screen, session: Session): Promise<void> {
  await screen.ahead(isGoodbye);
  while (session.isConnected) {
    await new Promise<void>((resolve) => {
      const stop = session.onState(() => {
        stop();
        resolve();
      });
    });
  }
}

function completions(line: string): string[] {
  const names = commands.flatMap((command) => command.names);
  return line === "" ? [] : names.filter((name) => name.startsWith(line.toLowerCase()));
}
