// One conversation with a server: what a terminal, a pipe and a bot all do through the same few calls. No
// keyboard and no screen. It survives its connections: what is asked while there is none waits, and what was said
// meanwhile comes when it is back (conversation.ts).

import type { AnswerOf, AnswerType } from "../shared/answers.js";
import { RoomError } from "../shared/errors.js";
import type { Limits } from "../shared/limits.js";
import type { Request } from "../shared/requests.js";
import { utf8Bytes } from "../shared/text.js";
import type { ConnectionState, Conversation } from "./conversation.js";
import type { Ending } from "./endings.js";
import { isOf, only, type Accept, type AnswerNamed, type AskOptions, type Entry } from "./exchanges.js";
import type { Gap } from "./inbox.js";
import type { Position } from "./positions.js";

/** A page of history, its entries ascending; `more` says whether the log goes on in that direction. */
export type HistoryPage = AnswerOf<"history"> & { readonly entries: readonly Entry[] };

export interface HistoryRange {
  readonly room?: string;
  /** Entries above this number. */
  readonly after?: number;
  /** The newest entries below this number. */
  readonly before?: number;
  readonly limit?: number;
}

/** Which page of a list: the items behind the one with this key. */
export interface ListPage<Key> {
  readonly room?: string;
  readonly after?: Key;
  readonly limit?: number;
}

/** How long a request waits, and what stops the waiting; the session's own deadline when left out. */
export type Asking = Partial<AskOptions>;

/** Where to begin in a room: after a number that is known, of the log of that epoch, or so many entries ago. */
export interface Beginning {
  readonly since?: number | undefined;
  readonly epoch?: string | undefined;
  readonly last?: number | undefined;
}

export class Session {
  /** What was said to the first `connect`; undefined when it asked for no room. */
  readonly joined: AnswerOf<"joined"> | undefined;
  /** Resolves when the conversation is over, however it ended; not while it tries to come back. */
  readonly closed: Promise<Ending>;
  readonly #conversation: Conversation;
  readonly #ids: () => string;

  constructor(conversation: Conversation, joined: AnswerOf<"joined"> | undefined, ids: () => string) {
    this.#conversation = conversation;
    this.#ids = ids;
    this.closed = conversation.closed;
    this.joined = joined;
  }

  /** As the server gave it. */
  get name(): string {
    return this.#conversation.words.name;
  }

  get limits(): Limits {
    return this.#conversation.words.limits;
  }

  /** Name and version of the server's program. */
  get server(): string {
    return this.#conversation.words.server;
  }

  /** What is worth presenting when coming back, also after one's own restart; keep it to yourself. */
  get secret(): string {
    return this.#conversation.words.session;
  }

  /** Whether the server knew the secret that it was last given: we are the sender that we were. */
  get isResumed(): boolean {
    return this.#conversation.words.resumed;
  }

  /** The rooms this session is in, each with how far it has been seen. */
  get positions(): ReadonlyMap<string, Position> {
    return this.#conversation.positions.all;
  }

  /** Whether there is a connection on which the server knows us. */
  get isConnected(): boolean {
    return this.#conversation.outbox.isConnected;
  }

  get isOver(): boolean {
    return this.#conversation.isOver;
  }

  /** How many requests wait for the connection to come back. */
  get waitingCount(): number {
    return this.#conversation.outbox.waitingCount;
  }

  /**
   * Calls the listener when the connection is lost, when there is another, and when it has given up. Returns the
   * way to stop listening.
   */
  onState(listener: (state: ConnectionState) => unknown): () => void {
    return this.#conversation.states.add(listener);
  }

  /** Calls the listener when entries will never come: the log has lost them, or is another than before. */
  onGap(listener: (gap: Gap) => unknown): () => void {
    return this.#conversation.inbox.gaps.add(listener);
  }

  /**
   * Calls the listener with every line of a type: each entry once, live or replayed, one's own included, and what
   * answers no request of ours. A listener that fails ends the session. Returns the way to stop listening.
   */
  on<T extends AnswerType>(type: T, listener: (line: AnswerNamed<T>) => unknown): () => void {
    return this.#conversation.inbox.answers.add((answer) =>
      isOf(answer, type) ? listener(answer) : undefined,
    );
  }

  /** Calls the listener with every line of the server as it came, parsed as JSON. */
  onLine(listener: (line: unknown) => unknown): () => void {
    return this.#conversation.inbox.lines.add(listener);
  }

  /** Reads nothing more until the promise is settled: backpressure for a slow screen or disk. */
  hold(promise: Promise<unknown>): void {
    this.#conversation.hold(promise);
  }

  /** Without a beginning what comes live is all that comes. Joining again moves the position. */
  async join(
    room: string,
    { since, epoch, last, ...asking }: Asking & Beginning = {},
  ): Promise<AnswerOf<"joined">> {
    const beginning = {
      ...(since !== undefined && { since }),
      ...(since !== undefined && epoch !== undefined && { epoch }),
      ...(last !== undefined && { last }),
    };
    return this.request({ type: "join", room, ...beginning }, only("joined"), asking);
  }

  async leave(room?: string, asking: Asking = {}): Promise<AnswerOf<"left">> {
    return this.request({ type: "leave", ...(room !== undefined && { room }) }, only("left"), asking);
  }

  /**
   * Resolves with the entry, when it is recorded for good. With the same `id` it is recorded once, however often it
   * is said within `limits.dedupeMs`.
   */
  async say(
    text: string,
    room?: string,
    { id, ...asking }: Asking & { readonly id?: string } = {},
  ): Promise<AnswerOf<"message">> {
    if (utf8Bytes(text) > this.limits.textBytes) {
      throw new RoomError("bad-message", { message: `A text has at most ${this.limits.textBytes} bytes.` });
    }
    const given = { ...(room !== undefined && { room }), ...(id !== undefined && { id }) };
    return this.request({ type: "message", text, ...given }, only("message"), asking);
  }

  /** The newest entries, unless the range says which. */
  async history(range: HistoryRange = {}, asking: Asking = {}): Promise<HistoryPage> {
    return this.request(
      { type: "history", ...range },
      (answer, entries) => (answer.type === "history" ? { ...answer, entries } : undefined),
      asking,
    );
  }

  /** Who is in a room; the next page begins after the last name. */
  async users(page: ListPage<string> = {}, asking: Asking = {}): Promise<AnswerOf<"users">> {
    return this.request({ type: "users", ...page }, only("users"), asking);
  }

  /** The server's rooms; the next page begins after the last room's name. */
  async rooms(page: Omit<ListPage<string>, "room"> = {}, asking: Asking = {}): Promise<AnswerOf<"rooms">> {
    return this.request({ type: "rooms", ...page }, only("rooms"), asking);
  }

  /** The files of a room, newest first; the next page begins after the last one's `seq`. */
  async files(page: ListPage<number> = {}, asking: Asking = {}): Promise<AnswerOf<"files">> {
    return this.request({ type: "files", ...page }, only("files"), asking);
  }

  async ping(asking: Asking = {}): Promise<AnswerOf<"pong">> {
    return this.request({ type: "ping" }, only("pong"), asking);
  }

  /**
   * Says `quit` and waits for the server's `bye`. Everything sent before takes effect. Without a connection it ends
   * at once, and what waits is rejected as connection-lost. May be called twice.
   */
  async close(): Promise<void> {
    await this.#conversation.quit();
  }

  /** An `id` that no other request has. */
  newId(): string {
    return this.#ids();
  }

  /**
   * Any request, for as many answers as `accept` wants to see. Without an `id` it gets one. While there is no
   * connection it waits for one, and behind a thousand unanswered ones for its turn.
   * @throws RoomError what the server answered; ClientError no-answer, connection-lost, not-sent, bad-input
   */
  async request<T>(request: Request, accept: Accept<T>, asking: Asking = {}): Promise<T> {
    const named = { ...request, id: request.id ?? this.newId() };
    return this.#conversation.ask(named, accept, asking);
  }

  /**
   * Sends a request that has no answer of its own, such as a chunk. Resolves when there is room for more.
   * @throws ClientError connection-lost
   */
  async send(request: Request): Promise<void> {
    await this.#conversation.send(request);
  }
}
