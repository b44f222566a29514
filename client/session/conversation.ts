// One conversation that outlives its connections, from the first words to the end. session.ts gives it verbs; link.ts
// is the connection of the moment, inbox.ts hears it, outbox.ts keeps what is asked meanwhile.
//
//   connected --lost, or `bye` with retry--> disconnected --connect, join, what waits--> connected
//       '--quit, `bye` for good, a failure--> over <--refused, too long, closed--'

import type { Socket } from "node:net";
import type { AnswerOf } from "../../shared/answers.js";
import type { RoomError } from "../../shared/errors.js";
import type { Request } from "../../shared/requests.js";
import { endingError, type Ending } from "./endings.js";
import { only, type Accept, type AskOptions, type NamedRequest } from "./exchanges.js";
import { isForeseen, lost } from "../failures.js";
import { connectRequest, firstWords, type Connect, type FirstWords } from "./greeting.js";
import { Inbox } from "./inbox.js";
import { Link, type LinkEnd } from "./link.js";
import { Listeners } from "./listeners.js";
import { Outbox } from "./outbox.js";
import { Positions, type Position } from "./positions.js";
import { comeBack, endingAfter, isHopeless } from "./reconnect.js";
import { watchSilence, type Patience } from "./silence.js";
import type { Waits } from "./waits.js";

export interface ConversationOptions extends Patience {
  readonly dial: (signal: AbortSignal) => Promise<Socket>;
  readonly ids: () => string;
  /** How long the server may be silent about a request, in milliseconds. */
  readonly timeoutMs: number;
  /** How long to try to come back after a loss, in milliseconds; 0: not at all. */
  readonly reconnectForMs: number;
  readonly waits: Waits;
  readonly positions?: ReadonlyMap<string, Position> | undefined;
  /** The operator's secret. */
  readonly token?: string | undefined;
}

/**
 * What has become of the connection. `resumed` says whether the server knew us; if not, we are a new sender.
 * `attempts` is how many it took, and `triesAgain` whether we try to come back.
 */
export type ConnectionState =
  | { readonly state: "connected"; readonly resumed: boolean; readonly attempts: number }
  | { readonly state: "disconnected"; readonly why: Error; readonly triesAgain: boolean };

/** A connection on which the server has taken us. */
interface There {
  readonly link: Link;
  readonly first: FirstWords;
}

const goodbyeTimeoutMs = 5_000;
const greetingTimeoutMs = 10_000;
/** A connection that lasted so long was a good one: the waits begin anew. */
const steadyMs = 10_000;

export class Conversation {
  readonly closed: Promise<Ending>;
  readonly positions: Positions;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly states: Listeners<ConnectionState>;
  readonly secrets: Listeners<string>;
  readonly #options: ConversationOptions;
  readonly #leaving = new AbortController();
  #words: FirstWords["connected"] | undefined;
  #link: Link | undefined;
  /** Attempts since a connection lasted. */
  #failures = 0;
  #isQuitting = false;
  #mistake: Ending | undefined;
  #ending: Ending | undefined;
  #resolveClosed: (ending: Ending) => void = () => undefined;

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    this.positions = new Positions(options.positions);
    const onListenerFailure = (error: unknown): void => {
      this.fail(error);
    };
    const onRoomLost = (room: string, { code, message }: RoomError): void => {
      this.inbox.loseRoom(room);
      this.inbox.answers.tell({ type: "error", code, message });
    };
    const onRoomBack = (joined: AnswerOf<"joined">): void => {
      this.inbox.answers.tell(joined);
    };
    this.outbox = new Outbox({ ...options, positions: this.positions, onRoomLost, onRoomBack });
    this.states = new Listeners(onListenerFailure);
    const me = (): string => this.#words?.name ?? "";
    const onSecret = (session: string): void => {
      if (this.#words !== undefined) this.#words = { ...this.#words, session };
      this.secrets.tell(session);
    };
    this.secrets = new Listeners(onListenerFailure);
    const { outbox, positions } = this;
    const { waits } = options;
    this.inbox = new Inbox({ outbox, positions, me, waits, onSecret, onListenerFailure });
  }

  /** What the server said to the newest `connect`. */
  get words(): FirstWords["connected"] {
    if (this.#words === undefined) throw lost();
    return this.#words;
  }

  get isOver(): boolean {
    return this.#ending !== undefined;
  }

  /** Says the first words. @throws ClientError cannot-connect, no-answer; RoomError what the server refused */
  async open(socket: Socket, connect: Connect, signal: AbortSignal | undefined): Promise<FirstWords> {
    const there = await this.#greet(socket, connect, { timeoutMs: this.#options.timeoutMs, signal });
    this.#isThere(there);
    void this.#live(there.link);
    return there.first;
  }

  /** @throws RoomError what the server answered; ClientError no-answer, connection-lost, not-sent */
  async ask<T>(request: NamedRequest, accept: Accept<T>, options: Partial<AskOptions> = {}): Promise<T> {
    this.#checkGoing();
    return this.outbox.ask(request, accept, { timeoutMs: this.#options.timeoutMs, ...options });
  }

  /** @throws ClientError connection-lost */
  async send(request: Request): Promise<void> {
    this.#checkGoing();
    await this.outbox.send(request);
  }

  /** Reads nothing more until the promise is settled. */
  hold(promise: Promise<unknown>): void {
    this.#link?.hold(promise);
  }

  /** Says `quit`, waits for `bye`, and ends; at once when there is no connection. May be called twice. */
  async quit(): Promise<void> {
    if (!this.#isQuitting && !this.isOver) {
      this.#isQuitting = true;
      if (this.outbox.isConnected) await this.#sayGoodbye();
      else this.#stop();
    }
    await this.closed;
  }

  /** Ends at once because what we do with the answers went wrong. */
  fail(cause: unknown): void {
    this.#mistake ??= { kind: "failed", cause };
    this.#stop();
  }

  // From the first connection to the end of the last.
  async #live(first: Link): Promise<void> {
    let link: Link | Ending = first;
    while (link instanceof Link) {
      const loss = await this.#lossOf(link);
      link = this.#mayComeBack(loss) ? await this.#comeBack(loss) : loss;
    }
    const ending = link;
    this.#ending = ending;
    this.inbox.directs.disconnect();
    this.outbox.failAll(ending);
    if (ending.kind !== "quit") this.#tellLoss(ending, false);
    this.#resolveClosed(ending);
  }

  async #lossOf(link: Link): Promise<Ending> {
    const ping = (): void => {
      this.#ping();
    };
    const stopWatching = watchSilence(link, { ...this.#options, ping });
    const since = performance.now();
    const end = await link.closed;
    stopWatching();
    if (performance.now() - since >= steadyMs) this.#failures = 0;
    return this.#endingOf(end);
  }

  async #comeBack(loss: Ending): Promise<Link | Ending> {
    const { reconnectForMs: forMs, waits } = this.#options;
    const { signal } = this.#leaving;
    const before = this.#failures;
    this.inbox.directs.disconnect();
    this.outbox.disconnect();
    this.#tellLoss(loss, true);
    const attempt = (): Promise<There> => {
      this.#failures += 1;
      return this.#attempt(signal);
    };
    const trying = { forMs, waits, failures: before, signal, isHopeless: this.#isHopeless };
    try {
      const there = await comeBack(attempt, loss, trying);
      this.#isThere(there);
      const { resumed } = there.first.connected;
      this.states.tell({ state: "connected", resumed, attempts: this.#failures - before });
      return there.link;
    } catch (error) {
      return this.#givenUp(error);
    }
  }

  async #attempt(signal: AbortSignal): Promise<There> {
    const { ids, dial, timeoutMs, token } = this.#options;
    const { name, session } = this.words;
    const socket = await dial(signal);
    const connect = connectRequest(ids(), { name, session, token, room: null });
    return this.#greet(socket, connect, { timeoutMs: Math.min(timeoutMs, greetingTimeoutMs), signal });
  }

  async #greet(socket: Socket, connect: Connect, options: AskOptions): Promise<There> {
    this.inbox.renew();
    const link = new Link(socket, this.inbox);
    this.#link = link;
    const { exchanges } = this.outbox;
    const answered = exchanges.open(connect, firstWords(connect), options);
    link.send(connect);
    void link.closed.then((end) => exchanges.get(connect.id)?.fail(endingError(this.#endingOf(end))));
    try {
      const first = await answered;
      this.#words = first.connected;
      this.secrets.tell(first.connected.session);
      return { link, first };
    } catch (error) {
      link.destroy();
      throw error;
    }
  }

  // The server knows us: all that waits is sent.
  #isThere({ link, first: { connected, joined } }: There): void {
    const { resumed: isSameSender, limits } = connected;
    this.outbox.connect({ link, isSameSender, lineBytes: limits.lineBytes, room: joined?.room });
    this.inbox.directs.connect(isSameSender);
  }

  #ping(): void {
    const request = { type: "ping", id: this.#options.ids() } as const;
    // Whatever is heard will do, and no answer is no error of its own.
    this.ask(request, only("pong"), { afterLoss: () => "fail" }).catch(() => undefined);
  }

  async #sayGoodbye(): Promise<void> {
    const timer = setTimeout(() => {
      this.#stop();
    }, goodbyeTimeoutMs);
    const request = { type: "quit", id: this.#options.ids() } as const;
    // The server may be gone before it has said goodbye; that is an end, too.
    await this.ask(request, only("bye"), { timeoutMs: goodbyeTimeoutMs }).catch(forgiveEnd);
    this.#link?.end();
    await this.closed;
    clearTimeout(timer);
  }

  #stop(): void {
    this.#leaving.abort(lost());
    this.#link?.destroy();
  }

  #tellLoss(loss: Ending, triesAgain: boolean): void {
    this.states.tell({ state: "disconnected", why: endingError(loss), triesAgain });
  }

  #mayComeBack(loss: Ending): boolean {
    if (this.#isQuitting || this.#options.reconnectForMs === 0) return false;
    return loss.kind === "lost" || (loss.kind === "bye" && loss.bye.retry);
  }

  #endingOf({ isBroken, cause }: LinkEnd): Ending {
    const { bye } = this.inbox;
    if (this.#mistake !== undefined) return this.#mistake;
    if (isBroken) return { kind: "broken", cause };
    if (bye === undefined) return { kind: "lost", cause };
    return this.#isQuitting ? { kind: "quit" } : { kind: "bye", bye };
  }

  readonly #isHopeless = (error: unknown): boolean => isHopeless(error) || this.inbox.bye?.retry === false;

  #givenUp(error: unknown): Ending {
    const { bye } = this.inbox;
    if (this.#mistake !== undefined) return this.#mistake;
    if (this.#isQuitting) return { kind: "quit" };
    return bye?.retry === false ? { kind: "bye", bye } : endingAfter(error);
  }

  #checkGoing(): void {
    if (this.#ending !== undefined) throw endingError(this.#ending);
  }
}

function forgiveEnd(error: unknown): void {
  if (!isForeseen(error)) throw error;
}
