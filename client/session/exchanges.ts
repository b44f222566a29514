// Who waits for which answer. An exchange is a request and what the server says to it, until the asker has heard
// enough; each waits only so long, and outlives the connection that it was sent on. inbox.ts feeds it,
// conversation.ts sends it, session.ts and the transfers ask.

import { types } from "node:util";
import type { Answer, AnswerOf, AnswerType, EntryType } from "../../shared/answers.js";
import { RoomError } from "../../shared/errors.js";
import { nameKey } from "../../shared/names.js";
import type { Request } from "../../shared/requests.js";
import { ClientError, lost } from "../failures.js";

/** An entry of a room, or of a conversation of two, which has `to` and no `room`. */
export type Entry = { [T in EntryType]: AnswerOf<T> }[EntryType];

/** An entry that has its room. */
export type RoomEntry = Entry & { readonly room: string };

export type AnswerNamed<T extends AnswerType> = Extract<Answer, { type: T }>;
export type NamedRequest = Request & { readonly id: string };

/**
 * Called with every answer to a request but errors, until it gives something else than undefined. While a
 * promise of it is unsettled nothing more is read from the server. What it throws is what the asker gets.
 * `entries` are those of a page of history or of a search, and `changes` those that change them.
 */
export type Accept<T> = (
  answer: Answer,
  entries: readonly Entry[],
  changes: readonly Entry[],
) => T | undefined | Promise<T | undefined>;

/**
 * What becomes of a request that was sent when its connection breaks: it is sent again under the same `id`; it is
 * not, but what the server tells of it by itself still answers it; or it fails.
 */
export type AfterLoss = "send-again" | "wait" | "fail";

export interface AskOptions {
  /** How long the server may be silent about this, in milliseconds; time without a connection does not count. */
  readonly timeoutMs: number;
  /** Stops waiting; tells the server nothing. */
  readonly signal?: AbortSignal | undefined;
  /** What its type says when left out. */
  readonly afterLoss?: (() => AfterLoss) | undefined;
  /** Whether nobody who listens to the server's lines is shown the answer. */
  readonly isQuiet?: boolean;
}

export interface Exchange {
  /** A join that waits is given the place that is known when the connection is back. */
  request: NamedRequest;
  /** Whether it was ever sent. */
  wasSent: boolean;
  /** Whether it is not sent again, and answered by what the server tells by itself or not at all. */
  isAwaited: boolean;
  readonly isQuiet: boolean;
  /** The number that its entry has, when the server has told only that. */
  recordedSeq: number | undefined;
  /** What becomes of it now that its connection is lost. */
  afterLoss(): AfterLoss;
  take(answer: Answer, entries?: readonly Entry[], changes?: readonly Entry[]): Promise<void> | undefined;
  fail(error: Error): void;
  /** Its time begins anew. */
  refresh(): void;
}

export function isOf<T extends AnswerType>(answer: Answer, type: T): answer is AnswerNamed<T> {
  return answer.type === type;
}

/** Accepts the first answer of a type. */
export function only<T extends AnswerType>(type: T): Accept<AnswerNamed<T>> {
  return (answer) => (isOf(answer, type) ? answer : undefined);
}

/** What these are about ends with the connection. */
const diesWithConnection = new Set<Request["type"]>(["connect", "quit", "cancel", "finish"]);

export class Exchanges {
  // In the order asked, which is the order they are sent in again.
  readonly #byId = new Map<string, Exchange>();
  // `progress` and the errors of chunks name the upload and not the request that began it.
  readonly #idByUpload = new Map<string, string>();
  readonly #isPaused: (request: Request) => boolean;

  /** @param isPaused whether it is not the server that is silent: we do not read, or there is no connection */
  constructor(isPaused: (request: Request) => boolean) {
    this.#isPaused = isPaused;
  }

  /** Those without an answer, in the order asked. */
  get all(): readonly Exchange[] {
    return [...this.#byId.values()];
  }

  /** @throws RoomError what the server answered; ClientError no-answer */
  open<T>(request: NamedRequest, accept: Accept<T>, options: AskOptions): Promise<T> {
    const { timeoutMs, signal, isQuiet = false } = options;
    const { id } = request;
    return new Promise<T>((resolve, reject) => {
      // An asker that is done may still be busy with an earlier answer; what comes of that is nobody's.
      let isOpen = true;
      const close = (): boolean => {
        const wasOpen = isOpen;
        isOpen = false;
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        if (wasOpen && this.#byId.get(id) === exchange) this.#forget(id);
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
        if (this.#isPaused(request)) timer.refresh();
        else fail(new ClientError("no-answer", `The server has not answered for ${timeoutMs / 1000} s.`));
      }, timeoutMs);
      const take = taker(accept, settle, fail);
      const refresh = (): void => {
        if (isOpen) timer.refresh();
      };
      const afterLoss = options.afterLoss ?? (() => usualAfterLoss(request));
      const state = { wasSent: false, isAwaited: false, recordedSeq: undefined, isQuiet };
      const exchange: Exchange = { request, ...state, afterLoss, take, fail, refresh };
      this.#byId.set(id, exchange);
      if (signal?.aborted === true) onAbort();
      else signal?.addEventListener("abort", onAbort);
    });
  }

  get(id: string): Exchange | undefined {
    return this.#byId.get(id);
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

  /** Whether an upload of this name is under way on the connection of the moment. */
  hasUpload(upload: string): boolean {
    return this.#idByUpload.has(upload);
  }

  /** Those that name the room. */
  about(room: string): readonly Exchange[] {
    const key = nameKey(room);
    return this.all.filter(
      ({ request }) => "room" in request && typeof request.room === "string" && nameKey(request.room) === key,
    );
  }

  /** The connection is gone: what cannot outlive it fails, the rest waits for the next one. */
  loseConnection(): void {
    this.#idByUpload.clear();
    for (const exchange of this.all) {
      if (!exchange.wasSent) continue;
      const fate = exchange.afterLoss();
      if (fate === "fail") exchange.fail(lost());
      if (fate === "wait") exchange.isAwaited = true;
    }
  }

  #forget(id: string): void {
    this.#byId.delete(id);
    for (const [upload, uploader] of this.#idByUpload) {
      if (uploader === id) this.#idByUpload.delete(upload);
    }
  }
}

export function diesWithItsConnection({ type }: Request): boolean {
  return diesWithConnection.has(type);
}

function usualAfterLoss(request: Request): AfterLoss {
  // Half of a download's bytes have come.
  return diesWithItsConnection(request) || request.type === "download" ? "fail" : "send-again";
}

function taker<T>(
  accept: Accept<T>,
  settle: (value: T | undefined) => void,
  fail: (error: unknown) => void,
): Exchange["take"] {
  return (answer, entries = [], changes = []) => {
    if (answer.type === "error") {
      fail(toRoomError(answer));
      return undefined;
    }
    try {
      const accepted = accept(answer, entries, changes);
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
