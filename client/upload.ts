// Sends a file into a room: declares its size, sends it chunk by chunk at most a window ahead of what the
// server has taken, and compares the hash in the `file` entry with its own. Chat goes on meanwhile.
//
//   upload -> uploading(offset) -> chunk* <-> progress* -> file, when the last byte has come

import { createHash } from "node:crypto";
import { types } from "node:util";
import type { AnswerOf } from "../shared/answers.js";
import { RoomError } from "../shared/errors.js";
import { Credit } from "./credit.js";
import { only, type AfterLoss } from "./exchanges.js";
import { ClientError, isLoss } from "./failures.js";
import type { Session } from "./session.js";
import { openSource, type Source } from "./source.js";
import { cancelTimeoutMs, encodeBase64, finishTimeoutMs, type TransferOptions } from "./transfer.js";

/**
 * Resolves with the entry that everybody in the room sees.
 * @throws RoomError what the server refused; ClientError bad-file, damaged, or that of the session
 */
export async function upload(
  session: Session,
  path: string,
  options: TransferOptions & { name?: string } = {},
): Promise<AnswerOf<"file">> {
  const source = await openSource(path);
  const sending = new Sending(session, source, options);
  try {
    const [entry, sha256] = await sending.run();
    if (entry.sha256 === sha256) return entry;
    throw new ClientError(
      "damaged",
      `${entry.name} is in the room, but its SHA-256 differs from the file's.`,
    );
  } finally {
    await source.close();
  }
}

class Sending {
  readonly #session: Session;
  readonly #source: Source;
  readonly #options: TransferOptions & { name?: string };
  readonly #credit: Credit;
  // Ends the waiting for the server's answers.
  readonly #failure = new AbortController();
  #upload: string | undefined;
  #hasSentAll: boolean;
  #isStopped = false;

  constructor(session: Session, source: Source, options: TransferOptions & { name?: string }) {
    this.#session = session;
    this.#source = source;
    this.#options = options;
    this.#hasSentAll = source.size === 0;
    this.#credit = new Credit(session.limits.windowBytes);
  }

  /** Resolves with the entry and the hash of the bytes that were sent. */
  async run(): Promise<[AnswerOf<"file">, string]> {
    const { signal } = this.#options;
    signal?.throwIfAborted();
    const stop = (): void => {
      this.#stop(signal?.reason);
    };
    signal?.addEventListener("abort", stop);
    const answered = this.#answered();
    try {
      return await Promise.all([answered, this.#sent()]);
    } catch (error) {
      if (isLoss(error)) throw this.#brokenOff(error);
      if (!(error instanceof RoomError)) await this.#cancel(answered);
      throw error;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  // Only an upload whose name the server has told can be cancelled: until then we go on listening for it, unless
  // there is no server to listen to.
  #stop(reason: unknown): void {
    this.#isStopped = true;
    this.#credit.stop(asError(reason));
    if (this.#upload !== undefined || !this.#session.isConnected) this.#failure.abort(reason);
  }

  // Before its first byte it can be asked for again, after the last the entry may come by itself.
  #afterLoss(): AfterLoss {
    if (this.#isStopped) return "fail";
    if (this.#upload === undefined) return "send-again";
    return this.#hasSentAll ? "wait" : "fail";
  }

  #brokenOff(cause: unknown): ClientError {
    const { name } = this.#source;
    const where = this.#hasSentAll ? "it may or may not be in the room" : "it is not in the room";
    const sentence = `The connection was lost before ${name} was acknowledged; ${where}.`;
    return new ClientError("connection-lost", sentence, { cause });
  }

  async #answered(): Promise<AnswerOf<"file">> {
    const { name, size } = this.#source;
    const { room } = this.#options;
    const request = { type: "upload", name: this.#options.name ?? name, size } as const;
    try {
      return await this.#session.request(
        { ...request, ...(room !== undefined && { room }) },
        (answer) => {
          if (answer.type === "uploading") this.#begin(answer);
          if (answer.type === "progress") this.#tell(answer.received);
          if (answer.type !== "file") return undefined;
          // It was recorded before, so that no byte of it is asked for: it is only compared.
          if (this.#upload === undefined) this.#credit.start(this.#source.size);
          return answer;
        },
        { signal: this.#failure.signal, timeoutMs: finishTimeoutMs, afterLoss: () => this.#afterLoss() },
      );
    } catch (error) {
      this.#credit.stop(asError(error));
      throw error;
    }
  }

  /** @throws what the upload was stopped with */
  #begin({ upload, offset }: AnswerOf<"uploading">): void {
    this.#upload = upload;
    this.#hasSentAll = offset >= this.#source.size;
    this.#credit.start(offset);
  }

  #tell(bytes: number): void {
    this.#credit.grant(bytes);
    const { name, size } = this.#source;
    this.#options.onProgress?.({ direction: "upload", name, bytes, size });
  }

  async #sent(): Promise<string> {
    try {
      const hash = createHash("sha256");
      const start = await this.#credit.started();
      let offset = 0;
      for await (const bytes of this.#source.chunks(this.#session.limits.chunkBytes)) {
        hash.update(bytes);
        // What the server has from an earlier attempt is hashed and not sent again.
        if (offset + bytes.length > start)
          await this.#sendFrom(Math.max(start - offset, 0), { bytes, offset });
        offset += bytes.length;
      }
      return hash.digest("hex");
    } catch (error) {
      this.#stop(error);
      throw error;
    }
  }

  async #sendFrom(skipped: number, chunk: { bytes: Uint8Array; offset: number }): Promise<void> {
    const offset = chunk.offset + skipped;
    const bytes = chunk.bytes.subarray(skipped);
    await this.#credit.spend(offset + bytes.length);
    const data = encodeBase64(bytes);
    // Once it is on its way, nobody can tell whether it arrives.
    this.#hasSentAll = offset + bytes.length === this.#source.size;
    await this.#session.send({ type: "chunk", upload: this.#upload ?? "", offset, data });
  }

  async #cancel(answered: Promise<unknown>): Promise<void> {
    const timer = setTimeout(() => {
      this.#failure.abort();
    }, cancelTimeoutMs);
    await Promise.allSettled([answered]);
    clearTimeout(timer);
    if (this.#upload === undefined) return;
    const request = { type: "cancel", upload: this.#upload } as const;
    try {
      await this.#session.request(request, only("cancelled"), { timeoutMs: cancelTimeoutMs });
    } catch (error) {
      // It may have ended meanwhile, or the connection has.
      if (!(error instanceof RoomError) && !(error instanceof ClientError)) throw error;
    }
  }
}

function asError(error: unknown): Error {
  return types.isNativeError(error) ? error : new Error(String(error));
}
