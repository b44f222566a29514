// A peer as a stranger would write it: a socket, and `ndjson` as the independent reader of what the server
// says. It keeps every line, and waits for one by its type or by a condition, never by time.

import { connect, type Socket } from "node:net";
import { parse } from "ndjson";
import { cleanUp } from "./cleanup.js";

export type Answer = Record<string, unknown> & { readonly type: string };

interface Waiting {
  readonly matches: (answer: Answer) => boolean;
  readonly resolve: (answer: Answer) => void;
}

const deadlineMs = 15_000;

export class Peer {
  readonly socket: Socket;
  /** Every line so far, in order. */
  readonly received: Answer[] = [];
  /** Resolves when the server has ended the connection. */
  readonly ended: Promise<void>;
  #unread = 0;
  #fences = 0;
  #waiting: Waiting | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => undefined);
    socket.on("end", () => socket.end());
    socket.pipe(parse()).on("data", (answer: Answer) => {
      this.received.push(answer);
      this.#serve();
    });
    this.ended = new Promise((resolve) =>
      socket.on("close", () => {
        resolve();
      }),
    );
  }

  /** Sends one request, or raw text or bytes as they are. */
  send(request: object | string): this {
    const isRaw = typeof request === "string" || Buffer.isBuffer(request);
    this.socket.write(isRaw ? request : `${JSON.stringify(request)}\n`);
    return this;
  }

  /** The next line that fits, of those not waited for yet; lines before it are passed over. */
  next(wanted: string | ((answer: Answer) => boolean)): Promise<Answer> {
    const matches = typeof wanted === "string" ? (answer: Answer) => answer.type === wanted : wanted;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const last = this.received.slice(-5).map((answer) => JSON.stringify(answer).slice(0, 200));
        reject(new Error(`No line matched ${String(wanted)}. The last were:\n${last.join("\n")}`));
      }, deadlineMs);
      this.#waiting = {
        matches,
        resolve(answer) {
          clearTimeout(timer);
          resolve(answer);
        },
      };
      this.#serve();
    });
  }

  /** Sends a request and returns the answer with its `id`. */
  async ask(request: Record<string, unknown> & { id: string }): Promise<Answer> {
    this.send(request);
    return this.next((answer) => answer.id === request.id);
  }

  /**
   * Sends requests and returns what the server said until it had dealt with all of them, but for presence.
   * A `rooms` request behind them tells when that is: it waits for everything but downloads.
   */
  async answersTo(...asked: (object | string)[]): Promise<Answer[]> {
    const start = this.received.length;
    for (const request of asked) this.send(request);
    const fence = await this.ask({ type: "rooms", id: `fence-${++this.#fences}`, limit: 1 });
    return this.received.slice(start, this.received.indexOf(fence)).filter(({ type }) => type !== "presence");
  }

  /** Drops the lines kept so far: for a test that only counts what comes next. */
  forget(): void {
    this.received.length = 0;
    this.#unread = 0;
  }

  /** Lines of one type so far. */
  all(type: string): Answer[] {
    return this.received.filter((answer) => answer.type === type);
  }

  #serve(): void {
    while (this.#waiting !== undefined && this.#unread < this.received.length) {
      const answer = this.received[this.#unread++];
      if (answer === undefined || !this.#waiting.matches(answer)) continue;
      const { resolve } = this.#waiting;
      this.#waiting = undefined;
      resolve(answer);
    }
  }
}

/** A connected socket that has said nothing yet. */
export async function openPeer(port: number): Promise<Peer> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  cleanUp(async () => {
    socket.destroy();
    return Promise.resolve();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve).once("error", reject);
  });
  return new Peer(socket);
}

/** A newer connection of the same person, by the session of an older; more goes into its `connect`. */
export async function comeBack(port: number, older: Peer, more: object = {}): Promise<Peer> {
  const peer = await openPeer(port);
  const greeting = older.all("connected")[0];
  const proof = { name: greeting?.name, session: greeting?.session };
  peer.send({ type: "connect", id: "c", room: "lab", ...proof, ...more });
  await peer.next("joined");
  return peer;
}

/** A peer that is in a room, its greeting read. */
export async function joinRoom(port: number, name: string, room = "lab"): Promise<Peer> {
  const peer = await openPeer(port);
  peer.send({ type: "connect", name, room });
  await peer.next("joined");
  return peer;
}
