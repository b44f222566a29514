// A server that says exactly what a test tells it to, over a real socket: for what a good server never does,
// and for orders of lines that a real one gives only now and then.

import { createServer, type Server, type Socket } from "node:net";
import { defaultLimits, type Limits } from "../../shared/limits.js";
import { cleanUp } from "../support/cleanup.js";

export type Line = Record<string, unknown> & { readonly type: string };

/** One connection of a client, as the server sees it. */
export class FakePeer {
  readonly socket: Socket;
  readonly received: Line[] = [];
  readonly ended: Promise<void>;
  #unread = 0;
  #wake: () => void = () => undefined;
  #partial = "";

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("utf8").on("data", (text: string) => {
      const lines = (this.#partial + text).split("\n");
      this.#partial = lines.pop() ?? "";
      for (const line of lines) this.received.push(JSON.parse(line) as Line);
      this.#wake();
    });
    socket.on("error", () => undefined);
    this.ended = new Promise((resolve) =>
      socket.once("close", () => {
        resolve();
      }),
    );
  }

  /** The next request of a type; those before it are passed over. */
  async next(type: string): Promise<Line & { id: string }> {
    for (;;) {
      const line = this.received[this.#unread];
      if (line === undefined) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      this.#unread += 1;
      if (line.type === type) return { ...line, id: String(line.id) };
    }
  }

  /** Lines in one packet; text goes as it is. */
  say(...lines: (object | string)[]): void {
    this.socket.write(
      lines.map((line) => (typeof line === "string" ? line : `${JSON.stringify(line)}\n`)).join(""),
    );
  }

  /** Answers `connect` as a server does; what follows goes in the same packet. */
  async greet(
    name: string,
    facts: { head?: number; limits?: Partial<Limits>; resumed?: boolean; following?: object[] } = {},
  ): Promise<Line> {
    const request = await this.next("connect");
    const { id, room } = request;
    const { head = 0, limits = {}, resumed = false, following = [] } = facts;
    const shownRoom = typeof room === "string" ? room : "lobby";
    const entered = room === null ? [] : [joined(id, shownRoom, { name, head })];
    this.say({ ...connected(id, name, limits), resumed }, ...entered, ...following);
    return request;
  }

  /** Answers the `join` that comes next, with a replay when entries are given. Resolves with the request. */
  async letIn(facts: { name: string; head?: number; replay?: object[] }): Promise<Line> {
    const request = await this.next("join");
    const { id } = request;
    const room = String(request.room);
    const { replay, head = Number(request.since ?? 0) + (replay?.length ?? 0) } = facts;
    this.say(joined(id, room, { ...facts, head }));
    if (replay !== undefined) this.say(...replayOf({ id, room, head }, replay));
    return request;
  }

  /** Answers `quit` and ends. */
  async sayBye(): Promise<void> {
    const { id } = await this.next("quit");
    this.say({ type: "bye", id, retry: false });
    this.socket.end();
  }
}

export interface FakeServer {
  readonly port: number;
  /** The next connection that comes. */
  accept(): Promise<FakePeer>;
  close(): Promise<void>;
}

export async function startFakeServer(port = 0): Promise<FakeServer> {
  const waiting: FakePeer[] = [];
  let wake: () => void = () => undefined;
  const server = createServer((socket) => {
    waiting.push(new FakePeer(socket));
    wake();
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  const listening = await listen(server, port);
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  cleanUp(close);
  return {
    port: listening,
    close,
    async accept() {
      for (;;) {
        const peer = waiting.shift();
        if (peer !== undefined) return peer;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the fake server has no port");
  return address.port;
}

function connected(id: string, name: string, limits: Partial<Limits>): object {
  const about = { session: "a-secret", resumed: false, server: "roomline/fake", protocol: 1, features: [] };
  return { type: "connected", id, name, ...about, time, limits: { ...defaultLimits, ...limits } };
}

/** The lines of a replay of these entries, up to the head. */
export function replayOf(
  { id, room, head }: { id: string; room: string; head: number },
  entries: object[],
): object[] {
  const live = { type: "live", id, room, head };
  const [from, count] = [head - entries.length + 1, entries.length];
  const header = { type: "history", id, room, from, to: head, count, more: false };
  return entries.length === 0 ? [live] : [header, ...entries, live];
}

const time = "2026-11-21T10:00:03.120Z";

export function joined(id: string, room: string, facts: { name: string; head?: number }): object {
  const { name, head = 0 } = facts;
  return { type: "joined", id, room, epoch: "e1", head, memberCount: 1, members: [name], topic: "" };
}

export function message(
  seq: number,
  from: string,
  facts: { id?: string; text?: string; room?: string; time?: string } = {},
): object {
  return { type: "message", room: "lab", seq, time, from, text: `text ${seq}`, ...facts };
}
