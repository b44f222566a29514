// One connection to a server: bytes out, lines in, one after the other and no faster than they are taken. Every line goes
// through `ndjson` but the chunks of downloads, which chunks.ts reads faster. What the lines mean is for inbox.ts; what
// comes after the end for conversation.ts.

import type { Socket } from "node:net";
import ndjson from "ndjson";
import type { AnswerOf } from "../../shared/answers.js";
import { readChunkAnswer } from "../../shared/chunks.js";
import { LineSplitter, tooLong, type Line } from "../../shared/lines.js";
import { encode } from "../../shared/protocol.js";
import type { Request } from "../../shared/requests.js";
import { chunkCodec } from "../transfer/base64.js";
import { ChunkLines } from "./chunk-lines.js";

/** Longer than any line of a server, in bytes; a peer that sends one is no server. */
const longestLine = 1024 * 1024;

/**
 * Takes the lines of the server. While a promise that it gives is unsettled nothing more is read. What it throws says
 * that this is no line of a server.
 */
export interface Taker {
  /** One line, parsed as JSON. */
  take(line: unknown): Promise<unknown> | undefined;
  /** A line of a download, its data as bytes that are valid until the next line is taken. */
  takeChunk(chunk: AnswerOf<"chunk">): Promise<unknown> | undefined;
}

/** Whether what came was not our language, and what the system said, if anything. */
export interface LinkEnd {
  readonly isBroken: boolean;
  readonly cause: unknown;
}

export class Link {
  readonly closed: Promise<LinkEnd>;
  readonly #socket: Socket;
  readonly #taker: Taker;
  readonly #codec = chunkCodec();
  readonly #chunkLines = new ChunkLines();
  readonly #parser = ndjson.parse({ strict: true });
  readonly #splitter = new LineSplitter(longestLine, (bytes) => Buffer.allocUnsafeSlow(bytes));
  #unread: Buffer[] = [];
  #hasEnded = false;
  #heardAt = performance.now();
  #hold: Promise<unknown> | undefined;
  #isPaused = false;
  #hasGivenUp = false;
  #failure: unknown;
  #parseFailure: Error | undefined;
  #wake: (() => void) | undefined;
  #resume: () => void = () => undefined;

  constructor(socket: Socket, taker: Taker) {
    this.#socket = socket;
    this.#taker = taker;
    this.#parser.on("error", (error: Error) => (this.#parseFailure = error));
    this.closed = this.#run();
  }

  /** Whether it is us who do not read, so that the server's silence means nothing. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** How long the server has said nothing, in milliseconds. */
  get silentMs(): number {
    return performance.now() - this.#heardAt;
  }

  /** Says whether there is room for more. The bytes of a chunk may be changed afterwards. */
  send(request: Request): boolean {
    if (request.type !== "chunk" || typeof request.data === "string")
      return this.#socket.write(encode(request));
    const { line, release } = this.#chunkLines.write(request, request.data);
    return this.#socket.write(line, release);
  }

  /** Resolves when there is room for more, or the connection has ended. */
  async drained(): Promise<void> {
    const socket = this.#socket;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        socket.off("drain", done).off("close", done);
        resolve();
      };
      if (socket.destroyed || !socket.writableNeedDrain) resolve();
      else socket.on("drain", done).on("close", done);
    });
  }

  /** Reads nothing more until the promise is settled: backpressure for a screen or a disk. */
  hold(promise: Promise<unknown>): void {
    this.#hold = this.#hold === undefined ? promise : Promise.allSettled([this.#hold, promise]);
  }

  /** Says nothing more; what the server still says is read. */
  end(): void {
    this.#socket.end();
  }

  /** Ends at once, without a word. Nothing is taken any more. */
  destroy(): void {
    this.#hasGivenUp = true;
    this.#wake?.();
    this.#resume();
    this.#socket.destroy();
  }

  async #run(): Promise<LinkEnd> {
    let isBroken = false;
    try {
      this.#listen();
      await this.#read();
    } catch (error) {
      // Half a line at the end of a lost connection is no offence.
      isBroken = !this.#socket.readableEnded && !this.#socket.destroyed;
      this.#failure ??= error;
    }
    this.#socket.destroySoon();
    return { isBroken, cause: this.#failure };
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on("error", (error) => (this.#failure ??= error));
    socket.once("close", () => {
      this.#hasEnded = true;
      this.#wake?.();
    });
    socket.on("data", (bytes: Buffer) => {
      this.#heardAt = performance.now();
      this.#unread.push(bytes);
      // One read ahead of what is taken, and no more: while a chunk is written, its followers wait in the socket.
      if (this.#wake === undefined) socket.pause();
      else this.#wake();
    });
  }

  async #read(): Promise<void> {
    while (!this.#hasGivenUp) {
      const bytes = this.#unread.shift();
      if (bytes !== undefined) {
        await this.#takeAll(this.#splitter.push(bytes));
      } else if (this.#hasEnded) {
        return this.#takeAll(this.#splitter.end());
      } else {
        this.#socket.resume();
        await this.#woken();
      }
    }
  }

  async #takeAll(lines: readonly Line[]): Promise<void> {
    for (const line of lines) {
      if (this.#hasGivenUp) return;
      this.#take(line);
      if (this.#hold !== undefined) await this.#pause();
    }
  }

  #take(line: Line): void {
    if (line === tooLong) throw new Error("a line that is too long");
    const chunk = readChunkAnswer(line, this.#codec);
    const taken = chunk ? this.#taker.takeChunk(chunk) : this.#taker.take(this.#parse(line));
    if (taken !== undefined) this.hold(taken);
  }

  // The parser gives what a line is at once, or nothing for `null`, which then is what the line is.
  #parse(line: Uint8Array): unknown {
    this.#parser.write(line);
    this.#parser.write("\n");
    const value: unknown = this.#parser.read();
    if (this.#parseFailure !== undefined) throw this.#parseFailure;
    return value;
  }

  // Until nothing holds us any more; `destroy` ends even the wait for a screen or disk that never comes back.
  async #pause(): Promise<void> {
    this.#isPaused = true;
    while (this.#hold !== undefined && !this.#hasGivenUp) {
      const hold = this.#hold;
      this.#hold = undefined;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          resolve();
        };
        this.#resume = done;
        hold.then(done, done);
      });
    }
    this.#isPaused = false;
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
