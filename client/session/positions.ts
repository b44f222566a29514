// How far each room has been seen, so that coming back asks for exactly the rest and nothing is shown twice.
// inbox.ts moves it on with every line; conversation.ts reads it to join again.

import type { AnswerOf } from "../../shared/answers.js";
import { nameKey } from "../../shared/names.js";
import type { Request } from "../../shared/requests.js";
import type { RoomEntry } from "./exchanges.js";

/** How far a session has seen a room's log. */
export interface Position {
  readonly epoch: string;
  readonly seq: number;
}

/** Where a room is entered, and what it turns into when the server has said that it is another log. */
interface Place {
  readonly position: Position;
  readonly afterReset: Position | undefined;
}

export class Positions {
  // By the room's name as it was shown last.
  readonly #byRoom = new Map<string, Position>();
  // The same rooms by the key of their name: whoever saved `Lab` may come back to `lab`.
  readonly #shownByKey = new Map<string, string>();
  // A replay names the request that it answers: the last one that entered the room.
  readonly #joinIds = new Map<string, string>();
  // Until the gap is told, the old place is what a lost connection has to begin at again.
  readonly #afterReset = new Map<string, Position>();

  constructor(known: ReadonlyMap<string, Position> = new Map()) {
    for (const [room, position] of known) this.#set(room, position);
  }

  get all(): ReadonlyMap<string, Position> {
    return this.#byRoom;
  }

  get(room: string): Position | undefined {
    return this.#byRoom.get(this.#shown(room));
  }

  /** The request that entered the room last. */
  joinId(room: string): string | undefined {
    return this.#joinIds.get(this.#shown(room));
  }

  /** The room is entered, at the place that the request asked for; at its head when that is not known. */
  enter(joined: AnswerOf<"joined">, request: Request | undefined): void {
    const { room, id } = joined;
    const { position, afterReset } = placeOf(joined, request, this.get(room));
    if (request?.type === "join") this.leave(request.room);
    this.leave(room);
    this.#set(room, position);
    if (afterReset !== undefined) this.#afterReset.set(room, afterReset);
    if (id !== undefined) this.#joinIds.set(room, id);
  }

  leave(room: string): void {
    const shown = this.#shown(room);
    this.#byRoom.delete(shown);
    this.#joinIds.delete(shown);
    this.#afterReset.delete(shown);
    this.#shownByKey.delete(nameKey(room));
  }

  /** The server goes on in the room. Says whether that is in another log than the one that was seen. */
  reset(room: string): boolean {
    const shown = this.#shown(room);
    const position = this.#afterReset.get(shown);
    if (position === undefined) return false;
    this.#afterReset.delete(shown);
    this.#byRoom.set(shown, position);
    return true;
  }

  /** Moves on to the entry, and says whether it was not seen before. */
  isNew({ room, seq }: RoomEntry): boolean {
    const position = this.get(room);
    if (position === undefined) return true;
    this.reach(room, seq);
    return seq > position.seq;
  }

  /** Nothing up to this number will come any more. Never moves back. */
  reach(room: string, seq: number): void {
    const position = this.get(room);
    if (position !== undefined && seq > position.seq)
      this.#byRoom.set(this.#shown(room), { ...position, seq });
  }

  /** Whether a `history` line begins a part of a replay rather than a page that somebody asked for. */
  isReplay({ room, id }: AnswerOf<"history">): boolean {
    return room !== undefined && (id === undefined || this.joinId(room) === id);
  }

  #set(room: string, position: Position): void {
    const shown = this.#shown(room);
    this.#byRoom.set(shown, position);
    this.#shownByKey.set(nameKey(shown), shown);
  }

  #shown(room: string): string {
    return this.#byRoom.has(room) ? room : (this.#shownByKey.get(nameKey(room)) ?? room);
  }
}

function placeOf(
  { epoch, head }: AnswerOf<"joined">,
  request: Request | undefined,
  known: Position | undefined,
): Place {
  const at = (seq: number): Place => ({ position: { epoch, seq }, afterReset: undefined });
  // Nobody waits for the answer any more, and the place that was asked for was the known one.
  if (request?.type !== "join" && request?.type !== "connect") {
    return at(known?.epoch === epoch ? Math.min(known.seq, head) : head);
  }
  const { since, last } = request;
  if (last !== undefined) return at(Math.max(0, head - last));
  if (since === undefined) return at(head);
  const asked = { epoch: request.epoch ?? epoch, seq: since };
  // Whoever has seen nothing is given everything, of whatever log.
  if (since === 0 || (since <= head && asked.epoch === epoch)) return at(since);
  return { position: asked, afterReset: { epoch, seq: head } };
}
