// For scripts: lines in, lines out. What the room says goes to the output, what the client says to the talk
// stream. Effects come in the order of the lines; it ends when the input does and everything was answered.

import { once } from "node:events";
import type { Writable } from "node:stream";
import type { AnswerOf } from "../../shared/answers.js";
import { Chat, type Voice } from "../chat/chat.js";
import { entryLines, joinedLine, presenceLines } from "../chat/render.js";
import { endingError } from "../session/endings.js";
import { exitCodeOf, exitCodes } from "../exit-codes.js";
import { ClientError, isForeseen } from "../failures.js";
import { inputLines } from "./input-lines.js";
import { connectedLine, nameQuestion, openFor, roomQuestion, type OpeningTo } from "../opening.js";
import type { ClientOptions } from "../options.js";
import { isOfRoom } from "../session/pages.js";
import type { Session } from "../session/session.js";
import { lossOf, rejected } from "./stops.js";
import { isMessage } from "../commands/typed.js";
import { visibleJson, visibleLine } from "../chat/visible.js";

export interface PipeStreams {
  readonly input: AsyncIterable<unknown>;
  readonly output: Writable;
  readonly talk: Writable;
}

export interface Surroundings {
  /** What `~` stands for. */
  readonly home: string;
  /** The folder that sessions are kept in between runs. */
  readonly sessions: string;
  /** Ends everything. */
  readonly signal: AbortSignal;
}

type Lines = AsyncGenerator<string, void>;
type Tell = (line: string) => void;

/** Messages that may be on their way at once. */
const maxUnderWay = 64;

/** Resolves with the exit code. */
export async function runPipe(
  streams: PipeStreams,
  options: ClientOptions,
  { home, sessions, signal }: Surroundings,
): Promise<number> {
  const tell: Tell = (line) => streams.talk.write(`${line}\n`);
  // Whoever reads us may have had enough, as with `| head`.
  const unread = new AbortController();
  streams.output.on("error", () => {
    unread.abort(new ClientError("interrupted", "Nobody reads the output."));
  });
  const stop = AbortSignal.any([signal, unread.signal]);
  try {
    const lines = inputLines(streams.input);
    const session = await openFromLines(lines, options, { tell, sessions, signal: stop });
    const voice = voiceOf(session, { output: streams.output, tell, isJson: options.isJson });
    const chat = new Chat(session, { voice, folder: options.downloads, home, signal: stop, beginning: {} });
    if (session.joined !== undefined) {
      chat.enter(session.joined);
      chat.goTo({ room: session.joined.room });
    }
    return await converse(chat, lines);
  } catch (error) {
    if (unread.signal.aborted) return exitCodes.ok.code;
    if (!isForeseen(error)) throw error;
    tell(`! ${visibleLine(error.message)}`);
    return exitCodeOf(error);
  }
}

async function openFromLines(lines: Lines, options: ClientOptions, to: OpeningTo): Promise<Session> {
  const ask = async (question: string): Promise<string> => {
    to.tell(question);
    const answer = await Promise.race([lines.next(), rejected(to.signal)]);
    return answer.done === true ? "" : answer.value.trim();
  };
  const name = options.name ?? (await ask(nameQuestion));
  const room = options.room ?? (await ask(roomQuestion));
  const session = await openFor({ ...options, name, room, reconnectForMs: options.waitMs }, to);
  to.tell(connectedLine(session, options));
  return session;
}

/** Runs the lines until they end, somebody quits, the server goes or the signal stops it. */
async function converse(chat: Chat, lines: Lines): Promise<number> {
  const { session } = chat;
  const { signal } = chat.options;
  try {
    await Promise.race([runLines(chat, lines), lossOf(session), rejected(signal)]);
    // Lines that were stopped are over, too, and perhaps sooner.
    signal.throwIfAborted();
  } finally {
    await chat.leave();
  }
  const ending = await session.closed;
  // When all was answered, a goodbye that was cut short is no loss.
  if (!chat.isWell && ending.kind !== "quit") throw endingError(ending);
  return chat.isWell ? exitCodes.ok.code : exitCodes.partial.code;
}

/** Resolves when everything was answered. */
async function runLines(chat: Chat, lines: Lines): Promise<void> {
  for await (const line of lines) {
    const canRunAhead = isMessage(line);
    if (!canRunAhead) await Promise.all(chat.underWay.keys());
    const done = chat.run(line);
    if (!canRunAhead) await done;
    if (chat.underWay.size >= maxUnderWay) await Promise.race(chat.underWay.keys());
    if (chat.isOver) break;
  }
  await Promise.all(chat.underWay.keys());
}

interface VoiceOptions {
  readonly output: Writable;
  readonly tell: Tell;
  readonly isJson: boolean;
}

function voiceOf(session: Session, { output, tell, isJson }: VoiceOptions): Voice {
  let drained: Promise<unknown> | undefined;
  const write = (line: string): void => {
    // A destroyed stream is never drained; its error has stopped us already.
    if (output.destroyed || output.write(`${line}\n`)) return;
    drained ??= once(output, "drain").finally(() => (drained = undefined));
    session.hold(drained);
  };
  const entered = (joined: AnswerOf<"joined">): void => {
    tell(joinedLine(joined, session.name));
  };
  const nothing = (): void => undefined;
  if (!isJson)
    return {
      show: write,
      tell,
      entered,
      // Numbers are for what somebody looks back at.
      entry(entry, chat) {
        const isNumbered = isOfRoom(entry) && chat.places.isOld(entry);
        write(entryLines(entry, chat.look(), { isNumbered }));
      },
      presence(presence, chat) {
        for (const line of presenceLines(presence, chat.look())) write(line);
      },
      wentTo: nothing,
      list(items) {
        for (const item of items) write(item);
      },
      unread: [],
      look: {},
    };
  if (session.joined !== undefined) write(visibleJson(session.joined));
  session.onLine((line) => {
    if (!isUnprinted(line)) write(visibleJson(line));
  });
  return {
    show: nothing,
    tell,
    entered,
    entry: nothing,
    presence: nothing,
    wentTo: nothing,
    list: nothing,
    unread: [],
    look: {},
  };
}

function isUnprinted(line: unknown): boolean {
  return typeof line === "object" && line !== null && "type" in line && unprinted.has(line.type);
}

/** The bytes of transfers and the signs of life, which are no news; and what has our secret in it. */
const unprinted = new Set<unknown>(["chunk", "progress", "pong", "connected"]);
