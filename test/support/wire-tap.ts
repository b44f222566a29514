// A network between a client and a server that shows every line that passes, and can stop in the middle of one. The
// server behind it may change: while there is none, connections wait.

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { cleanUp } from "./cleanup.js";
import type { Answer } from "./peer.js";

export interface WireLine {
  readonly from: "client" | "server";
  readonly line: Answer;
}

/** What passes of a line. After all but "all" nothing more passes on its connection. */
export type Passage = "all" | "all, as the last" | "half" | "nothing";

export interface WireTap {
  /** Where clients connect to. */
  readonly port: number;
  /** Asked for every line before it passes. */
  onLine: (seen: WireLine) => Passage;
  /** The server for connections from now on, and those that wait; undefined while there is none. */
  serve(serverPort: number | undefined): void;
}

/** It ends with the test. */
export async function startWireTap(onLine: WireTap["onLine"]): Promise<WireTap> {
  const sockets = new Set<Socket>();
  let serverPort: number | undefined;
  let waiting: Socket[] = [];
  const tap = { port: 0, onLine, serve };
  const server = createServer((near) => {
    keep(near);
    if (serverPort === undefined) waiting.push(near);
    else join(near, serverPort);
  });

  function keep(socket: Socket): void {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  }
  function join(near: Socket, port: number): void {
    const far = connect({ port, host: "127.0.0.1" });
    keep(far);
    const link = { isStopped: false, ask: (seen: WireLine) => tap.onLine(seen) };
    pass({ socket: near, other: far, from: "client" }, link);
    pass({ socket: far, other: near, from: "server" }, link);
  }
  function serve(port: number | undefined): void {
    serverPort = port;
    if (port === undefined) return;
    for (const near of waiting) if (!near.destroyed) join(near, port);
    waiting = [];
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the tap has no port");
  tap.port = address.port;
  cleanUp(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return tap;
}

interface Way {
  readonly socket: Socket;
  readonly other: Socket;
  readonly from: WireLine["from"];
}

interface Link {
  isStopped: boolean;
  ask(seen: WireLine): Passage;
}

const newline = 10;

function pass({ socket, other, from }: Way, link: Link): void {
  let rest = Buffer.alloc(0);
  socket.on("data", (bytes) => {
    let left = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    for (let end = left.indexOf(newline); end >= 0 && !link.isStopped; end = left.indexOf(newline)) {
      const line = left.subarray(0, end + 1);
      left = left.subarray(end + 1);
      const passage = link.ask({ from, line: JSON.parse(line.toString()) as Answer });
      if (passage !== "nothing") other.write(passage === "half" ? line.subarray(0, line.length / 2) : line);
      link.isStopped ||= passage !== "all";
    }
    rest = link.isStopped ? Buffer.alloc(0) : left;
    if (other.writableNeedDrain) {
      socket.pause();
      other.once("drain", () => void socket.resume());
    }
  });
  socket.on("close", () => {
    other.destroySoon();
  });
}
