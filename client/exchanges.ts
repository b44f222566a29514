// Who waits for which answer. An exchange is a request and what the server says to it, until the asker has
// heard enough; each waits only so long. link.ts feeds it, session.ts and the transfers ask.

import { types } from "node:util";
import type { Answer, AnswerOf, AnswerType } from "../shared/answers.js";
import { RoomError } from "../shared/errors.js";
import { ClientError } from "./failures.js";

export type Entry = AnswerOf<"message"> | AnswerOf<"file">;
export type AnswerNamed<T extends AnswerType> = Extract<Answer, { type: T }>;

/**
 * Called with every answer to a request but errors, until it gives something else than undefined. While a
 * promise of it is unsettled nothing more is read from the server. What it throws is what the asker gets.
 * `entries` are those of a page of history.
 */
export type Accept<T> = (answer: Answer, entries: readonly Entry[]) => T | undefined | Promise<T | undefined>;

export interface AskOptions {
  /** How long the server may be silent about this, in milliseconds. */
  readonly timeoutMs: number;
  /** Stops waiting; tells the server nothing. */
  readonly signal?: AbortSignal | undefined;
}

interface Exchange {
  take(answer: Answer, entries: readonly Entry[]): Promise<void> | undefined;
  fail(error: Error): void;
}

export function isOf<T extends AnswerType>(answer: Answer, type: T): answer is AnswerNamed<T> {
  return answer.type === type;
}

/** Accepts the first answer of a type. */
export function only<T extends AnswerType>(type: T): Accept<AnswerNamed<T>> {
  return (answer) => (isOf(answer, type) ? answer : undefined);
}

export class Exchanges {
  readonly #byId = new Map<string, Exchange>();
  // `progress` and the errors of chunks name the upload and not the request that began it.
  readonly #idByUpload = new Map<string, string>();
  readonly #isPaused: () => boolean;

  /** @param isPaused whether it is us who do not read, so that the server's silence means nothing */
  constructor(isPaused: () => boolean) {
    this.#isPaused = isPaused;
  }

  /** @throws RoomError what the server answered; ClientError no-answer */
  open<T>(id: string, accept: Accept<T>, { timeoutMs, signal }: AskOptions): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      // An asker that is done may still be busy with an earlier answer; what comes of that is nobody's.
      let isOpen = true;
      const close = (): boolean => {
        const wasOpen = isOpen;
        isOpen = false;
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        if (wasOpen) this.#forget(id);
        return wasOpen;
      };
      const fail = (error: unknown): void => {
        if (close()) reject(types.isNativeError(error) ? error : new Error(String(error)));
      };
      const settle = (value: T | undefined): void => {
        if (value !== undefined && close()) resolve(value);
        else if (isOpen) timer.refresh();
      };
      const onAbort = (): void => {
        fail(signal?.reason);
      };
      const timer = setTimeout(() => {
        if (this.#isPaused()) timer.refresh();
        else fail(new ClientError("no-answer", `The server has not answered for ${timeoutMs / 1000} s.`));
      }, timeoutMs);
      this.#byId.set(id, { take: taker(accept, settle, fail), fail });
      if (signal?.aborted === true) onAbort();
      else signal?.addEventListener("abort", onAbort);
    });
  }

  /** The exchange that an answer belongs to, if anybody waits for it. */
  find(answer: Answer): Exchange | undefined {
    const id = "id" in answer ? answer.id : undefined;
    if (id !== undefined) {
      if (answer.type === "uploading" && this.#byId.has(id)) this.#idByUpload.set(answer.upload, id);
      return this.#byId.get(id);
    }
    const upload = "upload" in answer ? answer.upload : undefined;
    const uploader = upload === undefined ? undefined : this.#idByUpload.get(upload);
    return uploader === undefined ? undefined : this.#byId.get(uploader);
  }

  failAll(error: Error): void {
    for (const exchange of [...this.#byId.values()]) exchange.fail(error);
  }

  #forget(id: string): void {
    this.#byId.delete(id);
    for (const [upload, uploader] of this.#idByUpload) {
      if (uploader === id) this.#idByUpload.delete(upload);
    }
  }
}

function taker<T>(
  accept: Accept<T>,
  settle: (value: T | undefined) => void,
  fail: (error: unknown) => void,
): Exchange["take"] {
  return (answer, entries) => {
    if (answer.type === "error") {
      fail(toRoomError(answer));
      return undefined;
    }
    try {
      const accepted = accept(answer, entries);
      if (accepted instanceof Promise) return accepted.then(settle, fail);
      settle(accepted);
    } catch (error) {
      fail(error);
    }
    return undefined;
  };
}

function toRoomError({ code, message, offset, upload, retryAfterMs }: AnswerOf<"error">): RoomError {
  return new RoomError(code, {
    message,
    ...(offset !== undefined && { offset }),
    ...(upload !== undefined && { upload }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}
