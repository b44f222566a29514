// How far each room has been seen, so that coming back asks for exactly the rest and nothing is shown twice.
// inbox.ts moves it on with every line; conversation.ts reads it to join again.

import type { AnswerOf } from "../shared/answers.js";
import type { Request } from "../shared/requests.js";
import type { Entry } from "./exchanges.js";

/** How far a session has seen a room's log. */
export interface Position {
  readonly epoch: string;
  readonly seq: number;
}

export class Positions {
  readonly #byRoom: Map<string, Position>;
  // A replay names the request that it answers: the last one that entered the room.
  readonly #joinIds = new Map<string, string>();

  constructor(known: ReadonlyMap<string, Position> = new Map()) {
    this.#byRoom = new Map(known);
  }

  get all(): ReadonlyMap<string, Position> {
    return this.#byRoom;
  }

  /** The room is entered, at the place that the request asked for; at its head when that is not known. */
  enter({ room, epoch, head, id }: AnswerOf<"joined">, request: Request | undefined): void {
    if (request?.type === "join" && request.room !== room) this.leave(request.room);
    this.#byRoom.set(room, { epoch, seq: startOf(request, { epoch, head }) });
    if (id !== undefined) this.#joinIds.set(room, id);
  }

  leave(room: string): void {
    this.#byRoom.delete(room);
    this.#joinIds.delete(room);
  }

  /** Moves on to the entry, and says whether it was not seen before. */
  isNew({ room, seq }: Entry): boolean {
    const position = this.#byRoom.get(room);
    if (position === undefined) return true;
    this.reach(room, seq);
    return seq > position.seq;
  }

  /** Nothing up to this number will come any more. Never moves back. */
  reach(room: string, seq: number): void {
    const position = this.#byRoom.get(room);
    if (position !== undefined && seq > position.seq) this.#byRoom.set(room, { ...position, seq });
  }

  /** Whether a `history` line begins a part of a replay rather than a page that somebody asked for. */
  isReplay({ room, id }: AnswerOf<"history">): boolean {
    return id === undefined || this.#joinIds.get(room) === id;
  }
}

function startOf(request: Request | undefined, { epoch, head }: { epoch: string; head: number }): number {
  if (request?.type !== "join" && request?.type !== "connect") return head;
  if (request.last !== undefined) return Math.max(0, head - request.last);
  const { since } = request;
  // Otherwise it is another log, and nothing of it is replayed.
  const isSameLog = since !== undefined && since <= head && (request.epoch ?? epoch) === epoch;
  return isSameLog ? since : head;
}
