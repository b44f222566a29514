// One conversation with a server: what a terminal, a pipe and a bot all do through the same few calls. No
// keyboard and no screen. It survives its connections: what is asked while there is none waits, and what was said
// meanwhile comes when it is back (conversation.ts).

import type { AnswerOf, AnswerType } from "../../shared/answers.js";
import { RoomError } from "../../shared/errors.js";
import type { Limits } from "../../shared/limits.js";
import type { Request } from "../../shared/requests.js";
import { utf8Bytes } from "../../shared/text.js";
import type {
  Asking,
  Beginning,
  Deletion,
  FilePage,
  HistoryPage,
  HistoryRange,
  ListPage,
  Replying,
  Saying,
  SearchPage,
  SearchQuery,
  Target,
  Where,
} from "./asking.js";
import type { ConnectionState, Conversation } from "./conversation.js";
import type { Ending } from "./endings.js";
import { isOf, only, type Accept, type AnswerNamed } from "./exchanges.js";
import { isLoss } from "../failures.js";
import type { Gap } from "./gap.js";
import type { Position } from "./positions.js";

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

  /** Calls the listener when the server gives another `secret` to come back with. */
  onSecret(listener: (secret: string) => unknown): () => void {
    return this.#conversation.secrets.add(listener);
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

  /** Calls the listener with every line of the server as it came, parsed as JSON; of a direct one, when it is told. */
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
   * is said within `limits.dedupeMs`; so is all that makes an entry.
   */
  async say(text: string, room?: string, options: Replying = {}): Promise<AnswerOf<"message">> {
    this.#checkText(text);
    const [given, asking] = saidWith(options);
    const where = room !== undefined && { room };
    return this.request({ type: "message", text, ...where, ...given }, only("message"), asking);
  }

  /** Says something to one person, who is on the server; both have it in a conversation of their own. */
  async direct(to: string, text: string, options: Replying = {}): Promise<AnswerOf<"direct">> {
    this.#checkText(text);
    const [given, asking] = saidWith(options);
    return this.request({ type: "direct", to, text, ...given }, only("direct"), asking);
  }

  /** Says something else in the place of what an entry of one's own says. */
  async edit(edited: Target & { text: string }, options: Saying = {}): Promise<AnswerOf<"edit">> {
    this.#checkText(edited.text);
    const [given, asking] = saidWith(options);
    return this.request({ type: "edit", ...edited, ...given }, only("edit"), asking);
  }

  /** Takes away what an entry of one's own says, for good; an operator anybody's. */
  async delete(deletion: Deletion, options: Saying = {}): Promise<AnswerOf<"delete">> {
    const [given, asking] = saidWith(options);
    return this.request({ type: "delete", ...deletion, ...given }, only("delete"), asking);
  }

  /** Puts something, mostly an emoji, under an entry; takes it back when `on` is false. */
  async react(
    reaction: Target & { emoji: string; on?: boolean },
    options: Saying = {},
  ): Promise<AnswerOf<"react">> {
    const [given, asking] = saidWith(options);
    return this.request({ type: "react", ...reaction, ...given }, only("react"), asking);
  }

  /** Says what the room is about; an empty text says nothing. */
  async setTopic(text: string, room?: string, options: Saying = {}): Promise<AnswerOf<"topic">> {
    const [given, asking] = saidWith(options);
    const where = room !== undefined && { room };
    return this.request({ type: "topic", text, ...where, ...given }, only("topic"), asking);
  }

  /** Tells the others that something is being typed, if there is a connection. */
  async typing(where: Where = {}): Promise<void> {
    if (!this.isConnected) return;
    try {
      await this.send({ type: "typing", ...where });
    } catch (error) {
      if (!isLoss(error)) throw error;
    }
  }

  /** Says how far we have read. Resolves with that, which never goes back, and how much is unread above it. */
  async markRead(seq: number, where: Where = {}, asking: Asking = {}): Promise<AnswerOf<"read">> {
    return this.request({ type: "read", seq, ...where }, only("read"), asking);
  }

  /** The newest entries, unless the range says which. */
  async history(range: HistoryRange = {}, asking: Asking = {}): Promise<HistoryPage> {
    return this.request(
      { type: "history", ...range },
      (answer, entries, changes) => (answer.type === "history" ? { ...answer, entries, changes } : undefined),
      asking,
    );
  }

  /** Entries by their words. The next page is `before` the last one's `seq`. */
  async search(query: SearchQuery, asking: Asking = {}): Promise<SearchPage> {
    return this.request(
      { type: "search", ...query },
      (answer, entries) => (answer.type === "results" ? { ...answer, entries } : undefined),
      asking,
    );
  }

  /** Our conversations with others; the next page begins after the last one's `with`. */
  async directs(
    page: Omit<ListPage<string>, "room"> = {},
    asking: Asking = {},
  ): Promise<AnswerOf<"directs">> {
    return this.request({ type: "directs", ...page }, only("directs"), asking);
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
  async files(page: FilePage = {}, asking: Asking = {}): Promise<AnswerOf<"files">> {
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

  #checkText(text: string): void {
    const { textBytes } = this.limits;
    if (utf8Bytes(text) <= textBytes) return;
    throw new RoomError("bad-message", { message: `A text has at most ${textBytes} bytes.` });
  }
}

/** What is told to the server, and how its answer is waited for. */
function saidWith({ id, replyTo, ...asking }: Replying): [{ id?: string; replyTo?: number }, Asking] {
  return [{ ...(id !== undefined && { id }), ...(replyTo !== undefined && { replyTo }) }, asking];
}
