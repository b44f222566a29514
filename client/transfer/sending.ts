// One upload through all its attempts: declares it, sends it chunk by chunk at most a window ahead of what the server
// has taken, its hash with the last one, and goes on where the server says when the connection was lost and is back.
// Whatever is asked again is asked under the same id, so that nothing can be in the room twice.
//
//   upload -> uploading(offset) -> chunk* <-> progress* -> the last chunk, or finish -> file
//                ^-- the connection is back, or another offset is the right one --|

import { setTimeout as wait } from "node:timers/promises";
import { types } from "node:util";
import type { AnswerOf } from "../../shared/answers.js";
import { RoomError } from "../../shared/errors.js";
import { Credit } from "./credit.js";
import { only, type Accept, type AfterLoss } from "../session/exchanges.js";
import { ClientError, isLoss, lost } from "../failures.js";
import { Outgoing, type Attempt } from "./outgoing.js";
import type { Session } from "../session/session.js";
import type { Source } from "./source.js";
import { cancelTimeoutMs, finishTimeoutMs } from "./transfer.js";
import type { UploadOptions } from "./upload.js";

/** How often in a row the server may name another offset. */
const maxBadOffsets = 3;
/** Nobody knows when the next bytes come from a pipe; a server that is gone is noticed otherwise. */
const longestTimeoutMs = 2 ** 31 - 1;

export class Sending {
  readonly #session: Session;
  readonly #source: Source;
  readonly #options: UploadOptions;
  readonly #id: string;
  readonly #name: string;
  readonly #declaredSize: number | undefined;
  readonly #outgoing: Outgoing;
  /** Ends the waiting for the server's answers. */
  #failure = new AbortController();
  #credit: Credit | undefined;
  /** What the server calls it on the connection of the moment. */
  #upload: string | undefined;
  #sending: Promise<void> = Promise.resolve();
  #isResumed = false;
  #hasBegunAnew = false;
  #badOffsets = 0;
  #stopped: { readonly reason: unknown } | undefined;

  constructor(session: Session, source: Source, options: UploadOptions) {
    this.#session = session;
    this.#source = source;
    this.#options = options;
    this.#id = session.newId();
    this.#name = options.name ?? source.name;
    this.#declaredSize = source.isRereadable ? source.size : undefined;
    this.#outgoing = new Outgoing(session, source);
  }

  /** Resolves with the entry, whose bytes are ours. */
  async run(): Promise<AnswerOf<"file">> {
    const { signal, suspend } = this.#options;
    const stop = (): void => {
      this.#stop(signal?.reason);
    };
    const leave = (): void => {
      // Nobody could go on with what came from a pipe.
      if (!this.#source.isRereadable) {
        this.#stop(suspend?.reason);
        return;
      }
      this.#stopped = { reason: suspend?.reason };
      this.#failure.abort(suspend?.reason);
    };
    signal?.throwIfAborted();
    suspend?.throwIfAborted();
    signal?.addEventListener("abort", stop);
    suspend?.addEventListener("abort", leave);
    try {
      return await this.#untilSent();
    } finally {
      signal?.removeEventListener("abort", stop);
      suspend?.removeEventListener("abort", leave);
    }
  }

  async #untilSent(): Promise<AnswerOf<"file">> {
    for (;;) {
      try {
        const entry = await this.#answered();
        await this.#compare(entry);
        return entry;
      } catch (error) {
        if (!(await this.#goesOn(error))) throw this.#explained(error);
      }
    }
  }

  async #answered(): Promise<AnswerOf<"file">> {
    const size = this.#declaredSize;
    const { room } = this.#options;
    const { sha256, hasSentAll } = this.#outgoing;
    const request = { type: "upload", id: this.#id, name: this.#name } as const;
    this.#failure = new AbortController();
    try {
      return await this.#session.request(
        {
          ...request,
          ...(size !== undefined && { size }),
          ...(room !== undefined && { room }),
          ...(sha256 !== undefined && hasSentAll && { sha256 }),
        },
        this.#accept,
        {
          signal: this.#failure.signal,
          timeoutMs: size === undefined ? longestTimeoutMs : finishTimeoutMs,
          afterLoss: () => this.#afterLoss(),
        },
      );
    } catch (error) {
      // A server that is only slow keeps what it has.
      const isSlow = error instanceof ClientError && error.code === "no-answer";
      const isKept = this.#options.suspend?.aborted === true && this.#source.isRereadable;
      const isUnwanted = !isKept && !isLoss(error) && !isSlow;
      this.#credit?.stop(asError(error));
      if (isUnwanted && !(error instanceof RoomError)) await this.#cancel();
      throw error;
    } finally {
      this.#credit?.stop(lost());
      await this.#sending;
      this.#upload = undefined;
    }
  }

  readonly #accept: Accept<AnswerOf<"file">> = (answer) => {
    if (answer.type === "uploading") this.#begin(answer);
    if (answer.type === "progress") this.#tell(answer);
    if (answer.type === "cancelled")
      throw new ClientError("cancelled", `The upload of ${this.#name} was stopped: its room was left.`);
    return answer.type === "file" ? answer : undefined;
  };

  // Only an upload whose name the server has told can be cancelled: until then we go on listening for it, unless
  // there is no server to listen to.
  #stop(reason: unknown): void {
    this.#stopped = { reason };
    this.#credit?.stop(asError(reason));
    if (this.#upload !== undefined || !this.#session.isConnected) this.#failure.abort(reason);
    else
      void wait(cancelTimeoutMs, undefined, { ref: false }).then(() => {
        this.#failure.abort(reason);
      });
  }

  #afterLoss(): AfterLoss {
    this.#credit?.stop(lost());
    this.#upload = undefined;
    if (this.#stopped !== undefined) this.#failure.abort(this.#stopped.reason);
    // After its last byte the entry may come by itself; if it does not, we ask again.
    return this.#outgoing.hasSentAll ? "wait" : "send-again";
  }

  /** @throws what ends the upload */
  #begin({ upload, offset }: AnswerOf<"uploading">): void {
    const { size, isRereadable } = this.#source;
    const { sentBytes } = this.#outgoing;
    this.#credit?.stop(lost());
    this.#upload = upload;
    if (this.#stopped !== undefined) throw this.#stopped.reason;
    if (offset > (size ?? sentBytes) && isRereadable)
      throw this.#damaged("the server has more of it than there is");
    // Bytes that we have never sent are those of another pipe.
    if (offset > sentBytes && !isRereadable) throw new OfAnother();
    this.#isResumed ||= offset > 0;
    this.#outgoing.moveTo(offset);
    const credit = new Credit(this.#session.limits.windowBytes, offset);
    this.#credit = credit;
    this.#sending = this.#sending.then(() => this.#send({ upload, offset, credit }));
  }

  #tell({ received, offset }: AnswerOf<"progress">): void {
    this.#credit?.grant(received);
    this.#source.release(offset);
    this.#badOffsets = 0;
    this.#options.onProgress?.({
      direction: "upload",
      name: this.#name,
      bytes: received,
      size: this.#source.size,
    });
  }

  async #send(attempt: Attempt): Promise<void> {
    try {
      await this.#outgoing.send(attempt);
    } catch (error) {
      // When it is the connection that is lost, the server tells where to go on.
      if (this.#credit === attempt.credit && !isLoss(error)) this.#failure.abort(error);
    }
  }

  /** @throws ClientError damaged */
  async #compare({ sha256, deleted = false }: AnswerOf<"file">): Promise<void> {
    if (deleted || sha256 === (await this.#outgoing.hashAll())) return;
    throw new ClientError(
      "damaged",
      `${this.#name} is in the room, but its SHA-256 differs from the file's.`,
    );
  }

  /** Whether there is another attempt to make after this, and prepares it. */
  async #goesOn(error: unknown): Promise<boolean> {
    if (this.#stopped !== undefined) return false;
    // Whoever is another sender by now would make a second version.
    if (isLoss(error)) return this.#outgoing.hasSentAll && !this.#session.isOver && this.#session.isResumed;
    if (error instanceof OfAnother) return true;
    if (!(error instanceof RoomError)) return false;
    if (error.code === "bad-offset") return ++this.#badOffsets <= maxBadOffsets;
    const isWorthAnother = error.code === "hash-mismatch" && this.#isResumed && !this.#hasBegunAnew;
    if (!isWorthAnother || !this.#source.isRereadable) return false;
    // What was there was of another file of that name and size.
    this.#hasBegunAnew = true;
    this.#outgoing.beginAnew();
    await this.#source.check();
    return true;
  }

  #explained(error: unknown): unknown {
    if (error instanceof RoomError && error.code === "upload-not-found")
      return new ClientError(
        "cancelled",
        `${this.#name} is sent by a newer upload of yours; this one has ended.`,
      );
    if (error instanceof RoomError && error.code === "hash-mismatch")
      return this.#damaged("its SHA-256 differs there");
    const isOut = error instanceof RoomError && error.code === "not-in-room" && this.#outgoing.hasSentAll;
    if (!isLoss(error) && !isOut) return error;
    const kept = this.#source.isRereadable
      ? " yet. What arrived is kept: sent again, it goes on from there"
      : "";
    const where = this.#outgoing.hasSentAll
      ? "it may or may not be in the room"
      : `it is not in the room${kept}`;
    const sentence = `The connection was lost before ${this.#name} was acknowledged; ${where}.`;
    return new ClientError("connection-lost", sentence, { cause: error });
  }

  #damaged(why: string): ClientError {
    return new ClientError("damaged", `${this.#name} did not arrive whole: ${why}. It is not uploaded.`);
  }

  async #cancel(): Promise<void> {
    const upload = this.#upload;
    if (upload === undefined) return;
    try {
      await this.#session.request({ type: "cancel", upload }, only("cancelled"), {
        timeoutMs: cancelTimeoutMs,
      });
    } catch (error) {
      // It may have ended meanwhile, or the connection has.
      if (!(error instanceof RoomError) && !(error instanceof ClientError)) throw error;
    }
  }
}

/** The server has an unfinished upload of that name from us, of which we know nothing. */
class OfAnother extends Error {}

function asError(error: unknown): Error {
  return types.isNativeError(error) ? error : new Error(String(error));
}
