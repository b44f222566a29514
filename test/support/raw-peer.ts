// The least of a client: a socket, and every line as it came and as what it means. It knows no request and waits
// for nothing; talker.ts and crash-follower.ts are built on it.

import { connect, type Socket } from "node:net";
import type { Answer } from "./peer.js";

export interface RawPeerOptions {
  readonly port: number;
  /** Said right away, in this order. */
  readonly firstWords: readonly object[];
  /** Called with every line, in order, until the peer is let go. */
  readonly onLine: (answer: Answer, raw: string) => void;
}

export class RawPeer {
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #onLine: RawPeerOptions["onLine"];
  #partial = "";
  #isLetGo = false;

  constructor({ port, firstWords, onLine }: RawPeerOptions) {
    this.#onLine = onLine;
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.setEncoding("utf8");
    this.#socket.on("error", () => undefined);
    this.closed = new Promise((resolve) =>
      this.#socket.on("close", () => {
        resolve();
      }),
    );
    this.#socket.on("data", (text: string) => {
      this.#take(text);
    });
    for (const words of firstWords) this.send(words);
  }

  send(request: object): void {
    this.#socket.write(`${JSON.stringify(request)}\n`);
  }

  /** Cuts the connection, with a reset, and hears no more of it. */
  cut(): void {
    this.#isLetGo = true;
    this.#socket.resetAndDestroy();
  }

  /** Leaves the connection open and hears no more of it, as one who has moved on to another network. */
  letGo(): void {
    this.#isLetGo = true;
  }

  #take(text: string): void {
    const lines = (this.#partial + text).split("\n");
    this.#partial = lines.pop() ?? "";
    for (const line of lines) {
      if (this.#isLetGo) return;
      this.#onLine(JSON.parse(line) as Answer, line);
    }
  }
}
