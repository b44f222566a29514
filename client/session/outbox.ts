// What is asked of the server, in the order asked: sent when there is a connection, kept while there is none, and sent
// again under the same `id` when an answer was lost with its connection. conversation.ts says which connection.

import { setMaxListeners } from "node:events";
import type { AnswerOf } from "../../shared/answers.js";
import { RoomError } from "../../shared/errors.js";
import { defaultLimits } from "../../shared/limits.js";
import { encode } from "../../shared/protocol.js";
import type { Request } from "../../shared/requests.js";
import { utf8Bytes } from "../../shared/text.js";
import { endingError, type Ending } from "./endings.js";
import { diesWithItsConnection, Exchanges, only } from "./exchanges.js";
import type { Accept, AskOptions, Entry, Exchange, NamedRequest } from "./exchanges.js";
import { ClientError, isForeseen, lost, unsure } from "../failures.js";
import { isRefusal } from "./greeting.js";
import type { Whereabouts } from "./gap.js";
import type { Link } from "./link.js";
import type { Position, Positions } from "./positions.js";
import { mayLeaveRoomOut } from "./room-left-out.js";
import { Waiting } from "./waiting.js";
import { tryUntil, type Waits } from "./waits.js";

export interface OutboxOptions {
  readonly positions: Positions;
  readonly ids: () => string;
  readonly timeoutMs: number;
  readonly waits: Waits;
  /** The server does not let us back into a room, and never will. */
  readonly onRoomLost: (room: string, error: RoomError) => void;
  /** A room was entered again after a loss. */
  readonly onRoomBack: (joined: AnswerOf<"joined">) => void;
}

/** A connection that knows who we are. */
export interface Resumed {
  readonly link: Link;
  /** Whether we are the same sender as before. */
  readonly isSameSender: boolean;
  readonly lineBytes: number;
  /** The room that `connect` has entered. */
  readonly room: string | undefined;
}

/** What ends or watches over the others does not wait for its turn behind them. */
const urgent = new Set<Request["type"]>(["cancel", "finish", "ping"]);

/** Repeated by another sender, these would make a second entry. */
const makesEntry = new Set<Request["type"]>([
  "message",
  "upload",
  "direct",
  "edit",
  "delete",
  "react",
  "topic",
]);

export class Outbox {
  readonly exchanges: Exchanges;
  readonly #options: OutboxOptions;
  readonly #waiting = new Waiting();
  // Ends the attempts to get back into rooms on the connection of the moment.
  #stay = new AbortController();
  // Joins whose beginning is from us, and may be another one at the next connection.
  readonly #joinsBack = new WeakSet<Exchange>();
  #link: Link | undefined;
  #lineBytes = defaultLimits.lineBytes;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.exchanges = new Exchanges(
      ({ type }) => type !== "connect" && (this.#link === undefined || this.#link.isPaused),
    );
  }

  get isConnected(): boolean {
    return this.#link !== undefined;
  }

  /** How many requests wait for the connection to come back. */
  get waitingCount(): number {
    if (this.isConnected) return 0;
    return this.exchanges.all.filter(({ request }) => request.type !== "connect").length;
  }

  /**
   * While too much is unanswered, whatever is asked on a connection waits for its turn.
   * @throws RoomError what the server answered; ClientError no-answer, connection-lost, not-sent, bad-input
   */
  async ask<T>(asked: NamedRequest, accept: Accept<T>, options: AskOptions): Promise<T> {
    const { signal } = options;
    signal?.throwIfAborted();
    const ask = (): Promise<T> => this.#askNow(asked, accept, options);
    const hasToWait = this.isConnected && this.#waiting.isFull && !urgent.has(asked.type);
    return hasToWait ? this.#waiting.inTurn(ask, signal) : ask();
  }

  /** Asks for ourselves, on the connection of the moment and on no other. */
  async askHere<T>(request: Request, accept: Accept<T>, isQuiet = false): Promise<T> {
    if (this.#link === undefined) throw lost();
    const { ids, timeoutMs } = this.#options;
    const named = { ...request, id: ids() };
    return this.#askNow(named, accept, { timeoutMs, afterLoss: () => "fail", isQuiet });
  }

  async #askNow<T>(asked: NamedRequest, accept: Accept<T>, options: AskOptions): Promise<T> {
    if (this.exchanges.get(asked.id) !== undefined) {
      throw new ClientError("bad-input", "An answer to this id is still awaited.");
    }
    const request = this.#withRoom(asked);
    const bytes = utf8Bytes(encode(request));
    // The server answers such a line, but cannot say to which request.
    if (bytes - 1 > this.#lineBytes) throw new RoomError("line-too-long");
    if (this.#link === undefined) {
      if (diesWithItsConnection(request)) throw lost();
      this.#waiting.check(bytes);
    }
    const answered = this.exchanges.open(request, accept, options);
    this.#waiting.add(bytes, answered);
    this.#write(this.exchanges.get(request.id));
    return answered;
  }

  /**
   * Sends a request that has no answer of its own, now or never. Resolves when there is room for the next.
   * @throws ClientError connection-lost
   */
  async send(request: Request): Promise<void> {
    const link = this.#link;
    // A chunk belongs to the connection that its upload began on.
    const isStray = request.type === "chunk" && !this.exchanges.hasUpload(request.upload);
    if (link === undefined || isStray) throw lost();
    if (link.send(request)) return;
    await link.drained();
    if (link !== this.#link) throw lost();
  }

  /** The connection is gone: what cannot outlive it fails, and all else waits. */
  disconnect(): void {
    this.#link = undefined;
    this.#stay.abort(lost());
    this.#waiting.refuseTurns();
    this.exchanges.loseConnection();
  }

  /** Goes back to every room, and sends what waits in the order it was asked, without awaiting any of it. */
  connect({ link, isSameSender, lineBytes, room }: Resumed): void {
    const waiting = new Set(this.exchanges.all);
    this.#link = link;
    this.#stay = new AbortController();
    // One for each room.
    setMaxListeners(0, this.#stay.signal);
    this.#lineBytes = lineBytes;
    for (const entered of this.#options.positions.all.keys()) {
      if (entered === room) continue;
      const join = this.#joinBack(entered);
      if (join === undefined) {
        void this.#rejoin(entered, link);
      } else {
        this.#write(join);
        waiting.delete(join);
      }
    }
    for (const exchange of waiting) {
      if (isSameSender || !mayBeRecorded(exchange)) this.#write(exchange);
      else exchange.fail(unsure());
    }
  }

  /** It is all over. */
  failAll(ending: Ending): void {
    this.#link = undefined;
    this.#stay.abort(lost());
    this.#waiting.refuseTurns(ending.kind === "quit" ? notSent() : endingError(ending));
    for (const exchange of this.exchanges.all) {
      const isUnsent = ending.kind === "quit" && !exchange.wasSent;
      exchange.fail(isUnsent ? notSent() : endingError(ending));
    }
  }

  /** Answers an exchange with an entry whose number is all that the server has told. */
  async lookUp(exchange: Exchange, place: Whereabouts, seq: number): Promise<void> {
    const { ids, timeoutMs } = this.#options;
    const request = { type: "history", id: ids(), ...place, after: seq - 1, limit: 1 } as const;
    const accept: Accept<readonly Entry[]> = (answer, page) => (answer.type === "history" ? page : undefined);
    try {
      const page = await this.#askNow(request, accept, { timeoutMs });
      const entry = page.find((found) => found.seq === seq);
      if (entry !== undefined) await exchange.take(entry);
      else exchange.fail(new ClientError("no-answer", `It is number ${seq}, which cannot be read.`));
    } catch (error) {
      if (!isForeseen(error)) throw error;
      exchange.fail(error);
    }
  }

  #write(exchange: Exchange | undefined): void {
    if (exchange === undefined || this.#link === undefined || exchange.isAwaited) return;
    exchange.wasSent = true;
    exchange.refresh();
    this.#link.send(exchange.request);
  }

  // What heals is tried again here, so that one room's trouble is not that of the others.
  async #rejoin(room: string, link: Link): Promise<void> {
    const { positions, waits, onRoomLost } = this.#options;
    const { signal } = this.#stay;
    const entrance = positions.joinId(room);
    const attempt = async (): Promise<void> => {
      const position = positions.get(room);
      // Somebody has left it, or entered it, meanwhile.
      if (position === undefined || positions.joinId(room) !== entrance) return;
      await this.#enter(room, position);
    };
    const isHopeless = (error: unknown): boolean => isRefusal(error) || !(error instanceof RoomError);
    try {
      await tryUntil(attempt, { forMs: Infinity, waits, signal, isHopeless });
    } catch (error) {
      if (error instanceof RoomError) onRoomLost(room, error);
      else if (!(error instanceof ClientError)) throw error;
      // Whoever is connected and in no room hears nothing: the next connection tries again.
      else if (link === this.#link) link.destroy();
    }
  }

  async #enter(room: string, { epoch, seq }: Position): Promise<void> {
    const joined = await this.askHere({ type: "join", room, since: seq, epoch }, only("joined"));
    this.#options.onRoomBack(joined);
  }

  // A join that waits and says no beginning goes back to the place that is known: behind a join of our own it would
  // cut off the replay. Unless the room is left before.
  #joinBack(room: string): Exchange | undefined {
    const position = this.#options.positions.get(room);
    const about = this.exchanges.about(room);
    if (position === undefined || about.some(({ request: { type } }) => type === "leave")) return undefined;
    for (const exchange of about) {
      const { request } = exchange;
      if (request.type !== "join") continue;
      const hasBeginning = request.since !== undefined || request.last !== undefined;
      if (hasBeginning && !this.#joinsBack.has(exchange)) continue;
      this.#joinsBack.add(exchange);
      exchange.request = { ...request, since: position.seq, epoch: position.epoch };
      return exchange;
    }
    return undefined;
  }

  // Which room is meant must not depend on how many the next connection is in.
  #withRoom(request: NamedRequest): NamedRequest {
    if (!mayLeaveRoomOut(request) || request.room !== undefined) return request;
    const [room, ...others] = this.#options.positions.all.keys();
    const isMoving = this.exchanges.all.some(({ request: { type } }) => type === "join" || type === "leave");
    return room === undefined || others.length > 0 || isMoving ? request : { ...request, room };
  }
}

function mayBeRecorded({ request, wasSent }: Exchange): boolean {
  return wasSent && makesEntry.has(request.type);
}

function notSent(): ClientError {
  return new ClientError("connection-lost", "The conversation was ended before this was sent.");
}
