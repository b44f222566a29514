// The wire of JSON lines over a TCP socket. It frames, paces and ends; what the lines say is not its matter.
// Made by listener.ts, once the first bytes have shown what the peer speaks.

import type { Socket } from "node:net";
import { LineSplitter, type Line } from "../../shared/lines.js";
import type { Wire } from "./wire.js";

export interface TcpWireOptions {
  readonly maxLineBytes: number;
  /** A peer that takes no byte for this long while some wait has stalled. */
  readonly stallMs: number;
  /** What was read of the socket already. */
  readonly firstBytes: Uint8Array;
}

/** How long a peer may take to end its half after we ended ours. */
const lingerMs = 2000;

/** How long a peer may take no byte of what is pending when we end. */
const closingStallMs = 30_000;

export class TcpWire implements Wire {
  readonly remote: string;
  readonly closed: Promise<void>;
  readonly stalled: Promise<void>;
  readonly #socket: Socket;
  readonly #splitter: LineSplitter;
  #stallMs: number;
  // Cut into lines only when they are asked for, since they are valid no longer than until the next cut.
  #unread: Uint8Array[] = [];
  #hasEnded = false;
  #wasCutOff = false;
  #isDiscarding = false;
  #wakeReader: (() => void) | undefined;
  #drain: { promise: Promise<void>; resolve: () => void } | undefined;
  #stallTimer: NodeJS.Timeout | undefined;
  #tellStalled: () => void = () => undefined;

  constructor(socket: Socket, options: TcpWireOptions) {
    this.#socket = socket;
    this.#splitter = new LineSplitter(options.maxLineBytes, (bytes) => Buffer.allocUnsafeSlow(bytes));
    this.#stallMs = options.stallMs;
    this.stalled = new Promise((resolve) => (this.#tellStalled = resolve));
    this.remote = `${socket.remoteAddress ?? "unknown"}:${socket.remotePort ?? 0}`;
    socket.on("data", (bytes: Buffer) => {
      this.#take(bytes);
    });
    socket.on("end", () => {
      this.#endOfLines();
    });
    socket.on("drain", () => {
      this.#settleDrain();
    });
    // Reset, broken pipe, timed out: all the same to a wire. `close` follows.
    socket.on("error", () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.#endOfLines();
        this.#settleDrain();
        clearTimeout(this.#stallTimer);
        resolve();
      });
    });
    this.#take(options.firstBytes);
    if (socket.readableEnded) this.#endOfLines();
  }

  get lines(): AsyncIterable<readonly Line[]> {
    return this.#read();
  }

  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  get isOpen(): boolean {
    return this.#socket.writable;
  }

  send(lines: Uint8Array | string, onTaken?: () => void): void {
    if (!this.#socket.writable) {
      onTaken?.();
      return;
    }
    this.#socket.write(lines, onTaken);
    if (this.#socket.writableLength > 0) this.#watchForStall();
  }

  ready(): Promise<void> {
    if (!this.#socket.writable || !this.#socket.writableNeedDrain) return Promise.resolve();
    if (this.#drain === undefined) {
      let resolve: () => void = () => undefined;
      const promise = new Promise<void>((settle) => (resolve = settle));
      this.#drain = { promise, resolve };
    }
    return this.#drain.promise;
  }

  close(): void {
    // What still comes is read and thrown away: closing with unread bytes would reset the connection, and the
    // peer could lose what it has not read yet.
    this.#isDiscarding = true;
    this.#socket.resume();
    this.#stallMs = Math.min(this.#stallMs, closingStallMs);
    clearTimeout(this.#stallTimer);
    this.#stallTimer = undefined;
    if (this.#socket.writableLength > 0) this.#watchForStall();
    // Nobody can send any more, and a socket that has ended tells nobody that it has drained.
    this.#settleDrain();
    this.#socket.end(() => {
      if (this.#socket.destroyed) return;
      const timer = setTimeout(() => this.#socket.destroy(), lingerMs);
      this.#socket.once("close", () => {
        clearTimeout(timer);
      });
    });
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async *#read(): AsyncGenerator<readonly Line[]> {
    for (;;) {
      const bytes = this.#unread.shift();
      if (bytes !== undefined) {
        const lines = this.#splitter.push(bytes);
        if (lines.length > 0) yield lines;
      } else if (this.#hasEnded) {
        if (!this.#wasCutOff) yield this.#splitter.end();
        return;
      } else {
        this.#socket.resume();
        await new Promise<void>((resolve) => (this.#wakeReader = resolve));
      }
    }
  }

  #take(bytes: Uint8Array): void {
    if (this.#isDiscarding) return;
    this.#unread.push(bytes);
    if (this.#wakeReader === undefined) this.#socket.pause();
    else this.#wake();
  }

  #endOfLines(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#wasCutOff = this.#socket.destroyed;
    this.#wake();
  }

  #wake(): void {
    this.#wakeReader?.();
    this.#wakeReader = undefined;
  }

  #settleDrain(): void {
    this.#drain?.resolve();
    this.#drain = undefined;
  }

  // The system takes bytes in large pieces, of a slow peer perhaps a megabyte at a time: who is that slow needs all
  // of a long deadline.
  #watchForStall(): void {
    if (this.#stallTimer !== undefined) return;
    const takenBytes = this.#takenBytes();
    this.#stallTimer = setTimeout(() => {
      this.#stallTimer = undefined;
      if (this.#socket.writableLength === 0) return;
      if (this.#takenBytes() !== takenBytes) this.#watchForStall();
      else if (this.#isDiscarding) this.destroy();
      else this.#tellStalled();
    }, this.#stallMs);
    this.#stallTimer.unref();
  }

  #takenBytes(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength;
  }
}
