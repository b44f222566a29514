// What is asked of the server, in the order asked: sent when there is a connection, kept while there is none, and sent
// again under the same `id` when an answer was lost with its connection. conversation.ts says which connection.

import { RoomError } from "../shared/errors.js";
import { defaultLimits } from "../shared/limits.js";
import { encode } from "../shared/protocol.js";
import type { Request } from "../shared/requests.js";
import { utf8Bytes } from "../shared/text.js";
import { endingError, type Ending } from "./endings.js";
import { diesWithItsConnection, Exchanges, only } from "./exchanges.js";
import type { Accept, AskOptions, Entry, Exchange, NamedRequest } from "./exchanges.js";
import { ClientError, isForeseen, lost, unsure } from "./failures.js";
import type { Link } from "./link.js";
import type { Position, Positions } from "./positions.js";
import { Waiting } from "./waiting.js";

export interface OutboxOptions {
  readonly positions: Positions;
  readonly ids: () => string;
  readonly timeoutMs: number;
  /** The server does not let us back into a room. */
  readonly onRoomLost: (room: string, error: RoomError) => void;
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

/** Repeated by another sender, these would make a second entry. */
const makesEntry = new Set<Request["type"]>(["message", "upload"]);

export class Outbox {
  readonly exchanges: Exchanges;
  readonly #options: OutboxOptions;
  readonly #waiting = new Waiting((id) => this.exchanges.get(id) !== undefined);
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

  /** @throws RoomError what the server answered; ClientError no-answer, connection-lost, not-sent */
  async ask<T>(asked: NamedRequest, accept: Accept<T>, options: AskOptions): Promise<T> {
    options.signal?.throwIfAborted();
    const request = this.#withRoom(asked);
    const bytes = utf8Bytes(encode(request));
    // The server answers such a line, but cannot say to which request.
    if (bytes - 1 > this.#lineBytes) throw new RoomError("line-too-long");
    if (this.#link === undefined) {
      if (diesWithItsConnection(request)) throw lost();
      this.#waiting.admit(request.id, bytes);
    }
    const answered = this.exchanges.open(request, accept, options);
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
    if (link.write(encode(request))) return;
    await link.drained();
    if (link !== this.#link) throw lost();
  }

  /** The connection is gone: what cannot outlive it fails, and all else waits. */
  disconnect(): void {
    this.#link = undefined;
    this.exchanges.loseConnection();
  }

  /** Goes back to every room, and sends what waits in the order it was asked, without awaiting any of it. */
  connect({ link, isSameSender, lineBytes, room }: Resumed): void {
    const waiting = this.exchanges.all;
    this.#link = link;
    this.#lineBytes = lineBytes;
    this.#waiting.clear();
    for (const [entered, position] of this.#options.positions.all) {
      if (entered !== room) void this.#rejoin(entered, position);
    }
    for (const exchange of waiting) {
      if (isSameSender || !mayBeRecorded(exchange)) this.#write(exchange);
      else exchange.fail(unsure());
    }
  }

  /** It is all over. */
  failAll(ending: Ending): void {
    this.#link = undefined;
    for (const exchange of this.exchanges.all) {
      const isUnsent = ending.kind === "quit" && !exchange.wasSent;
      exchange.fail(isUnsent ? notSent() : endingError(ending));
    }
  }

  /** Answers an exchange with an entry whose number is all that the server has told. */
  async lookUp(exchange: Exchange, { room, seq }: { room: string; seq: number }): Promise<void> {
    const { ids, timeoutMs } = this.#options;
    const request = { type: "history", id: ids(), room, after: seq - 1, limit: 1 } as const;
    const accept: Accept<readonly Entry[]> = (answer, page) => (answer.type === "history" ? page : undefined);
    try {
      const page = await this.ask(request, accept, { timeoutMs });
      const entry = page.find((found) => found.seq === seq);
      if (entry !== undefined) await exchange.take(entry, []);
      else
        exchange.fail(new ClientError("no-answer", `It is number ${seq} of ${room}, which cannot be read.`));
    } catch (error) {
      if (!isForeseen(error)) throw error;
      exchange.fail(error);
    }
  }

  #write(exchange: Exchange | undefined): void {
    if (exchange === undefined || this.#link === undefined || exchange.isAwaited) return;
    exchange.wasSent = true;
    exchange.refresh();
    this.#link.write(encode(exchange.request));
  }

  async #rejoin(room: string, { epoch, seq }: Position): Promise<void> {
    const { ids, timeoutMs, onRoomLost } = this.#options;
    const request = { type: "join", id: ids(), room, since: seq, epoch } as const;
    try {
      await this.ask(request, only("joined"), { timeoutMs, afterLoss: () => "fail" });
    } catch (error) {
      if (error instanceof RoomError) onRoomLost(room, error);
      // Lost again: the next connection tries again.
      else if (!(error instanceof ClientError)) throw error;
    }
  }

  // Which room is meant must not depend on how many the next connection is in.
  #withRoom(request: NamedRequest): NamedRequest {
    if (!mayLeaveRoomOut(request) || request.room !== undefined) return request;
    const [room, ...others] = this.#options.positions.all.keys();
    const isMoving = this.exchanges.all.some(({ request: { type } }) => type === "join" || type === "leave");
    return room === undefined || others.length > 0 || isMoving ? request : { ...request, room };
  }
}

const roomLeftOut = new Set<Request["type"]>([
  "leave",
  "message",
  "history",
  "users",
  "files",
  "upload",
  "download",
]);

type InRoom = Extract<
  NamedRequest,
  { type: "leave" | "message" | "history" | "users" | "files" | "upload" | "download" }
>;

function mayLeaveRoomOut(request: NamedRequest): request is InRoom {
  return roomLeftOut.has(request.type);
}

function mayBeRecorded({ request, wasSent }: Exchange): boolean {
  return wasSent && makesEntry.has(request.type);
}

function notSent(): ClientError {
  return new ClientError("connection-lost", "The conversation was ended before this was sent.");
}
