// One conversation with a server: what a terminal, a pipe and a bot all do through the same few calls. No
// keyboard and no screen. It keeps what coming back after a lost connection needs: its secret, and per room
// the last number it saw.

import type { AnswerOf, AnswerType } from "../shared/answers.js";
import { RoomError } from "../shared/errors.js";
import type { Limits } from "../shared/limits.js";
import type { Request } from "../shared/requests.js";
import { utf8Bytes } from "../shared/text.js";
import type { Ending } from "./endings.js";
import { isOf, only, type Accept, type AnswerNamed, type AskOptions, type Entry } from "./exchanges.js";
import type { Link } from "./link.js";

/** A page of history, its entries ascending; `more` says whether the log goes on in that direction. */
export type HistoryPage = AnswerOf<"history"> & { readonly entries: readonly Entry[] };

/** What the server said to `connect`. */
export interface FirstWords {
  readonly connected: AnswerOf<"connected">;
  readonly joined: AnswerOf<"joined"> | undefined;
}

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

/** How far this session has seen a room's log. */
export interface Position {
  readonly epoch: string;
  readonly seq: number;
}

export class Session {
  /** As the server gave it. */
  readonly name: string;
  readonly limits: Limits;
  /** Name and version of the server's program. */
  readonly server: string;
  /** What is worth presenting when coming back; keep it to yourself. */
  readonly secret: string;
  /** What was said to the first `connect`; undefined when it asked for no room. */
  readonly joined: AnswerOf<"joined"> | undefined;
  /** Resolves when the conversation is over, however it ended. */
  readonly closed: Promise<Ending>;
  readonly #link: Link;
  readonly #ids: () => string;
  readonly #timeoutMs: number;
  readonly #positions = new Map<string, Position>();

  constructor(link: Link, first: FirstWords, options: { ids: () => string; timeoutMs: number }) {
    this.#link = link;
    this.#ids = options.ids;
    this.#timeoutMs = options.timeoutMs;
    this.closed = link.closed;
    ({ name: this.name, limits: this.limits, server: this.server, session: this.secret } = first.connected);
    this.joined = first.joined;
    if (first.joined !== undefined) this.#enter(first.joined);
    this.on("message", (entry) => {
      this.#follow(entry);
    });
    this.on("file", (entry) => {
      this.#follow(entry);
    });
  }

  /** The rooms this session is in, each with how far it has been seen. */
  get positions(): ReadonlyMap<string, Position> {
    return this.#positions;
  }

  /**
   * Calls the listener with every line of a type: all entries live, one's own included, and what answers no
   * request of ours. A listener that fails ends the session. Returns the way to stop listening.
   */
  on<T extends AnswerType>(type: T, listener: (line: AnswerNamed<T>) => unknown): () => void {
    return this.#link.listen((answer) => {
      if (!isOf(answer, type)) return;
      void this.#run(() => listener(answer));
    });
  }

  /** Calls the listener with every line of the server as it came, parsed as JSON. */
  onLine(listener: (line: unknown) => void): () => void {
    return this.#link.listenToLines(listener);
  }

  /** Reads nothing more until the promise is settled: backpressure for a slow screen or disk. */
  hold(promise: Promise<unknown>): void {
    this.#link.hold(promise);
  }

  async join(room: string, asking: Asking = {}): Promise<AnswerOf<"joined">> {
    return this.request(
      { type: "join", room },
      (answer) => {
        if (answer.type !== "joined") return undefined;
        this.#enter(answer);
        return answer;
      },
      asking,
    );
  }

  async leave(room?: string, asking: Asking = {}): Promise<AnswerOf<"left">> {
    const left = await this.request(
      { type: "leave", ...(room !== undefined && { room }) },
      only("left"),
      asking,
    );
    this.#positions.delete(left.room);
    return left;
  }

  /** Resolves with the entry, when it is recorded for good. */
  async say(text: string, room?: string, asking: Asking = {}): Promise<AnswerOf<"message">> {
    if (utf8Bytes(text) > this.limits.textBytes) {
      throw new RoomError("bad-message", { message: `A text has at most ${this.limits.textBytes} bytes.` });
    }
    return this.request(
      { type: "message", text, ...(room !== undefined && { room }) },
      only("message"),
      asking,
    );
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

  /** Says `quit` and waits for the server's `bye`. Everything sent before takes effect. May be called twice. */
  async close(): Promise<void> {
    await this.#link.quit(this.newId());
  }

  /** An `id` that no other request has. */
  newId(): string {
    return this.#ids();
  }

  /**
   * Any request, for as many answers as `accept` wants to see. Without an `id` it gets one.
   * @throws RoomError what the server answered; ClientError no-answer, connection-lost
   */
  async request<T>(request: Request, accept: Accept<T>, asking: Asking = {}): Promise<T> {
    const named = { ...request, id: request.id ?? this.newId() };
    return this.#link.ask(named, accept, { timeoutMs: this.#timeoutMs, ...asking });
  }

  /** Sends a request that has no answer of its own, such as a chunk. Resolves when there is room for more. */
  async send(request: Request): Promise<void> {
    await this.#link.send(request);
  }

  async #run(listener: () => unknown): Promise<void> {
    try {
      await listener();
    } catch (error) {
      this.#link.fail(error);
    }
  }

  #enter({ room, epoch, head }: AnswerOf<"joined">): void {
    this.#positions.set(room, { epoch, seq: head });
  }

  #follow({ room, seq }: Entry): void {
    const position = this.#positions.get(room);
    if (position !== undefined && seq > position.seq) this.#positions.set(room, { ...position, seq });
  }
}
