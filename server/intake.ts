// Takes the lines of one peer in order and hands each request to the handler of its type. It stops taking while too
// much waits, here or in the log, and lets others have their turn.

import { RoomError } from "../shared/errors.js";
import { tooLong, type Line } from "../shared/lines.js";
import { parseRequest } from "../shared/protocol.js";
import type { Request } from "../shared/requests.js";
import { base64 } from "./base64.js";
import type { Connection } from "./connection.js";
import { handle } from "./handlers/index.js";
import type { Outbox } from "./outbox.js";

export class Intake {
  readonly #connection: Connection;
  readonly #outbox: Outbox;

  constructor(connection: Connection, outbox: Outbox) {
    this.#connection = connection;
    this.#outbox = outbox;
  }

  /** Resolves when the next lines may be read, or the connection is leaving. Never throws. */
  async take(lines: readonly Line[]): Promise<void> {
    const { turns } = this.#connection.premises;
    for (const line of lines) {
      const turn = turns.next();
      if (turn !== undefined) await turn;
      if (this.#connection.isLeaving) return;
      const work = this.#takeLine(line);
      if (work !== undefined) await work;
      if (this.#isBusy) await this.#calm();
    }
  }

  get #isBusy(): boolean {
    return this.#connection.unanswered.isFull || this.#outbox.isFull;
  }

  async #calm(): Promise<void> {
    const { unanswered } = this.#connection;
    while (unanswered.isFull && this.#connection.isOpen) await unanswered.hasRoom();
    if (this.#outbox.isFull) await this.#outbox.ready();
  }

  // Undefined when the line is dealt with or being dealt with beside the next; else the next one waits for it.
  #takeLine(line: Line): Promise<void> | undefined {
    if (line === tooLong) {
      this.#connection.refuse(undefined, new RoomError("line-too-long"));
      return undefined;
    }
    const parsed = parseRequest(line, base64);
    if (parsed.error === undefined) return this.#attempt(parsed.request);
    this.#connection.refuse(parsed.id, parsed.error);
    return undefined;
  }

  #attempt(request: Request): Promise<void> | undefined {
    const refuse = (error: unknown) => {
      this.#connection.refuse(request.id, error);
    };
    try {
      const isKnown = this.#connection.claim !== undefined;
      if (!isKnown && !isAllowedBeforeConnect(request)) throw new RoomError("not-connected");
      return handle(this.#connection, request)?.catch(refuse);
    } catch (error) {
      refuse(error);
      return undefined;
    }
  }
}

function isAllowedBeforeConnect(request: Request): boolean {
  return request.type === "connect" || request.type === "ping" || request.type === "quit";
}
