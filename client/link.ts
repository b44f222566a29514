// One connection to a server: requests out as lines, answers in through `ndjson`, each handed to whoever waits
// for it and entries also to everybody who listens. It knows no names of verbs beyond that; session.ts does.

import type { Socket } from "node:net";
import { setImmediate as immediate } from "node:timers/promises";
import ndjson from "ndjson";
import type { Answer, AnswerOf } from "../shared/answers.js";
import { defaultLimits } from "../shared/limits.js";
import { encode, parseAnswer } from "../shared/protocol.js";
import { RoomError } from "../shared/errors.js";
import type { Request } from "../shared/requests.js";
import { utf8Bytes } from "../shared/text.js";
import { endingError, type Ending } from "./endings.js";
import { Exchanges, only, type Accept, type AskOptions } from "./exchanges.js";
import { ClientError } from "./failures.js";
import { isEntry, Pages } from "./pages.js";

/** Longer than any line of a server, in characters; a peer that sends one is no server. */
const longestLine = 1024 * 1024;
const goodbyeTimeoutMs = 5_000;

export class Link {
  readonly closed: Promise<Ending>;
  readonly #socket: Socket;
  readonly #exchanges = new Exchanges(() => this.#isPaused);
  readonly #pages = new Pages();
  readonly #answerListeners = new Set<(answer: Answer) => void>();
  readonly #lineListeners = new Set<(line: unknown) => void>();
  #name = "";
  #lineBytes = defaultLimits.lineBytes;
  #hold: Promise<unknown> | undefined;
  #isPaused = false;
  #isQuitting = false;
  #bye: AnswerOf<"bye"> | undefined;
  #listenerFailure: Ending | undefined;
  #failure: unknown;
  #isClosed = false;
  #hasGivenUp = false;
  #resume: () => void = () => undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.closed = this.#run();
  }

  /** Every entry, and every answer that nobody waits for. Returns the way to stop listening. */
  listen(listener: (answer: Answer) => void): () => void {
    this.#answerListeners.add(listener);
    return () => this.#answerListeners.delete(listener);
  }

  /** Every line of the server as it came, parsed as JSON. */
  listenToLines(listener: (line: unknown) => void): () => void {
    this.#lineListeners.add(listener);
    return () => this.#lineListeners.delete(listener);
  }

  /** Reads nothing more until the promise is settled: backpressure for a screen or a disk. */
  hold(promise: Promise<unknown>): void {
    this.#hold = Promise.allSettled([this.#hold, promise]);
  }

  /** Sends a request that is answered by its `id`. */
  async ask<T>(request: Request & { id: string }, accept: Accept<T>, options: AskOptions): Promise<T> {
    this.#checkOpen();
    options.signal?.throwIfAborted();
    const line = encode(request);
    // The server answers such a line, but cannot say to which request.
    if (utf8Bytes(line) - 1 > this.#lineBytes) throw new RoomError("line-too-long");
    const answered = this.#exchanges.open(request.id, accept, options);
    this.#socket.write(line);
    return answered;
  }

  /** Sends a request without waiting. Resolves when there is room for the next. */
  async send(request: Request): Promise<void> {
    this.#checkOpen();
    if (this.#socket.write(encode(request))) return;
    await drainOrClose(this.#socket);
    this.#checkOpen();
  }

  /** Says `quit`, waits for `bye`, and ends; ends anyway when that takes too long. */
  async quit(id: string): Promise<void> {
    if (this.#isClosed) return;
    this.#isQuitting = true;
    const timer = setTimeout(() => {
      this.destroy();
    }, goodbyeTimeoutMs);
    await this.ask({ type: "quit", id }, only("bye"), { timeoutMs: goodbyeTimeoutMs }).catch(forgiveEnd);
    this.#socket.end();
    await this.closed;
    clearTimeout(timer);
  }

  /** Ends at once, without a word. */
  destroy(): void {
    this.#hasGivenUp = true;
    this.#resume();
    this.#socket.destroy();
  }

  /** Ends at once because what we do with the answers went wrong. */
  fail(cause: unknown): void {
    this.#listenerFailure ??= { kind: "failed", cause };
    this.destroy();
  }

  async #run(): Promise<Ending> {
    let isBroken = false;
    try {
      await this.#read();
    } catch (error) {
      // Half a line at the end of a lost connection is no offence.
      isBroken = !this.#socket.readableEnded && !this.#socket.destroyed;
      this.#failure ??= error;
    }
    this.#isClosed = true;
    this.#socket.destroySoon();
    const ending = this.#ending(isBroken);
    this.#exchanges.failAll(endingError(ending));
    return ending;
  }

  async #read(): Promise<void> {
    // The parser is not to read ahead: while a chunk of a file is written, its followers wait in the socket.
    const options = { strict: true, maxLength: longestLine, readableHighWaterMark: 1 };
    const parser = ndjson.parse(options);
    this.#socket.on("error", (error) => (this.#failure ??= error));
    this.#socket.once("close", () => parser.end());
    this.#socket.pipe(parser);
    const lines: AsyncIterable<unknown> = parser;
    for await (const line of lines) {
      const taken = this.#take(line);
      if (taken !== undefined) this.hold(taken);
      if (this.#hold !== undefined) await this.#pause();
      if (this.#hasGivenUp) return;
    }
  }

  // Until nothing holds us any more; `destroy` ends even the wait for a screen or disk that never comes back.
  async #pause(): Promise<void> {
    this.#isPaused = true;
    while (this.#hold !== undefined && !this.#hasGivenUp) {
      const hold = this.#hold;
      this.#hold = undefined;
      await new Promise<void>((resolve) => {
        this.#resume = resolve;
        void hold.then(() => {
          resolve();
        });
      });
    }
    this.#isPaused = false;
  }

  /** @throws RoomError bad-message when the line is none that a server may send */
  #take(line: unknown): Promise<void> | undefined {
    for (const listener of this.#lineListeners) listener(line);
    const answer = parseAnswer(line);
    const page = this.#pages.find(line);
    if (page !== undefined) {
      const isFull = this.#pages.add(page, answer);
      return isFull ? this.#exchanges.find(page.header)?.take(page.header, page.entries) : undefined;
    }
    if (answer === undefined) return undefined;
    if (answer.type === "connected") {
      this.#name = answer.name;
      this.#lineBytes = answer.limits.lineBytes;
    }
    if (answer.type === "history" && answer.count > 0 && this.#exchanges.find(answer) !== undefined) {
      this.#pages.open(answer);
      return undefined;
    }
    return this.#deliver(answer);
  }

  #deliver(answer: Answer): Promise<void> | undefined {
    if (answer.type === "bye") this.#bye = answer;
    // Others may use an `id` of mine, so an entry answers me only when it is from me.
    const isForeign = isEntry(answer) && answer.from !== this.#name;
    const exchange = isForeign ? undefined : this.#exchanges.find(answer);
    // What the server says to chunks that were under way when an upload had failed was said already.
    const isLate = answer.type === "error" && answer.upload !== undefined;
    if (isEntry(answer) || (exchange === undefined && !isLate)) {
      for (const listener of this.#answerListeners) listener(answer);
    }
    const taken = exchange?.take(answer, []);
    // Whoever awaits `joined` gets its turn to listen before the room's next line.
    return answer.type === "joined" || answer.type === "connected" ? immediate() : taken;
  }

  #ending(isBroken: boolean): Ending {
    if (this.#listenerFailure !== undefined) return this.#listenerFailure;
    if (isBroken) return { kind: "broken", cause: this.#failure };
    if (this.#bye === undefined) return { kind: "lost", cause: this.#failure };
    return this.#isQuitting ? { kind: "quit" } : { kind: "bye", bye: this.#bye };
  }

  #checkOpen(): void {
    if (this.#isClosed) throw endingError(this.#ending(false));
  }
}

async function drainOrClose(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    if (socket.destroyed) resolve();
    else socket.on("drain", done).on("close", done);
  });
}

// The server may be gone before it has said goodbye; that is an end, too.
function forgiveEnd(error: unknown): void {
  if (!(error instanceof ClientError) && !(error instanceof RoomError)) throw error;
}
