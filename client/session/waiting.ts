// How much may be unanswered: so many requests, and so many bytes of them. Past that whoever asks waits for a turn
// while there is a connection, and fails while there is none: what is typed into a void must not fill the memory.

import { types } from "node:util";
import { ClientError } from "../failures.js";

export const maxWaitingRequests = 1_000;
export const maxWaitingBytes = 4 * 1024 * 1024;

/** Somebody who wants to ask, and is behind those who wanted to before. */
interface Turn {
  take(): void;
  fail(error: unknown): void;
}

export class Waiting {
  #requests = 0;
  #bytes = 0;
  readonly #turns = new Set<Turn>();

  /** Whether the next one to ask has to wait for a turn. */
  get isFull(): boolean {
    return this.#turns.size > 0 || !this.#hasRoom;
  }

  /** @throws ClientError not-sent when this would be too much */
  check(bytes: number): void {
    if (this.#requests >= maxWaitingRequests || this.#bytes + bytes > maxWaitingBytes) throw notSent();
  }

  /** Counts a request until the promise of its answer is settled. */
  add(bytes: number, answered: Promise<unknown>): void {
    this.#requests += 1;
    this.#bytes += bytes;
    const release = (): void => {
      this.#requests -= 1;
      this.#bytes -= bytes;
      this.#giveTurns();
    };
    answered.then(release, release);
  }

  /** Asks when there is room, in the order of the calls. */
  inTurn<T>(ask: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const close = (): void => {
        this.#turns.delete(turn);
        signal?.removeEventListener("abort", onAbort);
      };
      const turn = {
        take: () => {
          close();
          resolve(ask());
        },
        fail: (error: unknown) => {
          close();
          reject(types.isNativeError(error) ? error : new Error(String(error)));
        },
      };
      const onAbort = (): void => {
        turn.fail(signal?.reason);
      };
      signal?.addEventListener("abort", onAbort);
      this.#turns.add(turn);
    });
  }

  /** The connection is gone: nobody gets a turn any more. */
  refuseTurns(error: Error = notSent()): void {
    for (const turn of [...this.#turns]) turn.fail(error);
  }

  get #hasRoom(): boolean {
    return this.#requests < maxWaitingRequests && this.#bytes < maxWaitingBytes;
  }

  // At once and not a moment later, or whoever asks in that moment would be first.
  #giveTurns(): void {
    for (const turn of this.#turns) {
      if (!this.#hasRoom) return;
      turn.take();
    }
  }
}

function notSent(): ClientError {
  return new ClientError("not-sent", "This was not sent: too much waits for the connection already.");
}
