// One connection to a server: bytes out, lines in through `ndjson`, one after the other and no faster than they
// are taken. What the lines mean is for inbox.ts; what comes after its end for conversation.ts.

import type { Socket } from "node:net";
import ndjson from "ndjson";

/** Longer than any line of a server, in characters; a peer that sends one is no server. */
const longestLine = 1024 * 1024;

/**
 * Takes one line of the server, parsed as JSON. While its promise is unsettled nothing more is read.
 * What it throws says that this is no line of a server.
 */
export type TakeLine = (line: unknown) => Promise<unknown> | undefined;

/** Whether what came was not our language, and what the system said, if anything. */
export interface LinkEnd {
  readonly isBroken: boolean;
  readonly cause: unknown;
}

export class Link {
  readonly closed: Promise<LinkEnd>;
  readonly #socket: Socket;
  readonly #take: TakeLine;
  #heardAt = performance.now();
  #hold: Promise<unknown> | undefined;
  #isPaused = false;
  #hasGivenUp = false;
  #failure: unknown;
  #resume: () => void = () => undefined;

  constructor(socket: Socket, take: TakeLine) {
    this.#socket = socket;
    this.#take = take;
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

  /** Says whether there is room for more. */
  write(line: string): boolean {
    return this.#socket.write(line);
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
    this.#hold = Promise.allSettled([this.#hold, promise]);
  }

  /** Says nothing more; what the server still says is read. */
  end(): void {
    this.#socket.end();
  }

  /** Ends at once, without a word. Nothing is taken any more. */
  destroy(): void {
    this.#hasGivenUp = true;
    this.#resume();
    this.#socket.destroy();
  }

  async #run(): Promise<LinkEnd> {
    let isBroken = false;
    try {
      await this.#read();
    } catch (error) {
      // Half a line at the end of a lost connection is no offence.
      isBroken = !this.#socket.readableEnded && !this.#socket.destroyed;
      this.#failure ??= error;
    }
    this.#socket.destroySoon();
    return { isBroken, cause: this.#failure };
  }

  async #read(): Promise<void> {
    // The parser is not to read ahead: while a chunk of a file is written, its followers wait in the socket.
    const options = { strict: true, maxLength: longestLine, readableHighWaterMark: 1 };
    const parser = ndjson.parse(options);
    this.#socket.on("error", (error) => (this.#failure ??= error));
    this.#socket.once("close", () => parser.end());
    this.#socket.on("data", () => (this.#heardAt = performance.now()));
    this.#socket.pipe(parser);
    const lines: AsyncIterable<unknown> = parser;
    for await (const line of lines) {
      if (this.#hasGivenUp) return;
      const taken = this.#take(line);
      if (taken !== undefined) this.hold(taken);
      if (this.#hold !== undefined) await this.#pause();
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
}
