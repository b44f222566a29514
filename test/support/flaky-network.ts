// A network between a client and a server that a test can spoil: frozen without a word, slow, or cut.

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { cleanUp } from "./cleanup.js";

export interface FlakyNetwork {
  /** Where clients connect to. */
  readonly port: number;
  /** How many connections have come so far. */
  readonly connections: number;
  /** Bytes that came from clients so far, and from the server. */
  readonly bytes: { readonly up: number; readonly down: number };
  /** From now on nothing passes either way, and nobody is told; connections that come are taken and hear nothing. */
  freeze(): void;
  /** Everything passes again; what came meanwhile on connections that are still there passes, too. */
  thaw(): void;
  /** Resets every connection there is, on both sides. */
  cut(): void;
  /** Each piece comes so much later, in milliseconds. */
  delay(ms: number): void;
}

/** A network in front of a server on this machine. It ends with the test. */
export async function startFlakyNetwork(serverPort: number): Promise<FlakyNetwork> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let connections = 0;
  let isFrozen = false;
  let delayMs = 0;
  const passed = { up: 0, down: 0 };
  const pass = (from: Socket, to: Socket, way: "up" | "down"): void => {
    from.on("data", (bytes) => {
      passed[way] += bytes.length;
      setTimeout(() => to.write(bytes), delayMs);
    });
    from.on("end", () => void setTimeout(() => to.end(), delayMs));
    from.on("error", () => undefined);
  };
  const server = createServer({ allowHalfOpen: true }, (near) => {
    connections += 1;
    const far = connect({ port: serverPort, host: "127.0.0.1", allowHalfOpen: true });
    const pair = [near, far] as const;
    pairs.add(pair);
    pass(near, far, "up");
    pass(far, near, "down");
    if (isFrozen) for (const socket of pair) socket.pause();
    for (const [socket, other] of [pair, [far, near] as const]) {
      socket.on("close", () => {
        pairs.delete(pair);
        // A frozen network tells nobody that one end is gone.
        if (!isFrozen) other.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the network has no port");
  const sockets = (): Socket[] => [...pairs].flat();
  cleanUp(async () => {
    for (const socket of sockets()) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    port: address.port,
    bytes: passed,
    get connections() {
      return connections;
    },
    freeze() {
      isFrozen = true;
      for (const socket of sockets()) socket.pause();
    },
    thaw() {
      isFrozen = false;
      for (const socket of sockets()) socket.resume();
    },
    cut() {
      for (const socket of sockets()) socket.resetAndDestroy();
    },
    delay(ms) {
      delayMs = ms;
    },
  };
}
