// Opens the TCP connection, and keeps trying for a while when the server is not up yet. Knows no lines.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { ClientError, systemCode } from "./failures.js";

export interface DialOptions {
  readonly host: string;
  readonly port: number;
  /** How long to keep trying, in milliseconds; 0 tries once. */
  readonly retryForMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Called before each wait. */
  readonly onRetry?: ((failure: ClientError) => void) | undefined;
}

const attemptTimeoutMs = 10_000;
const firstWaitMs = 100;
const longestWaitMs = 5_000;

// A server that starts, a network that comes up. A wrong host name or a forbidden port does not heal.
const transient = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "ETIMEDOUT",
  "EAI_AGAIN",
]);

/** @throws ClientError cannot-connect; what the signal was aborted with */
export async function dial(options: DialOptions): Promise<Socket> {
  const endsAt = performance.now() + options.retryForMs;
  for (let attempt = 0; ; attempt++) {
    try {
      return await dialOnce(options);
    } catch (error) {
      options.signal?.throwIfAborted();
      const leftMs = endsAt - performance.now();
      const failure = describe(error, options);
      if (leftMs <= 0 || !isTransient(error)) throw failure;
      options.onRetry?.(failure);
      await pause(Math.min(waitMs(attempt), leftMs), options.signal);
    }
  }
}

async function dialOnce(options: DialOptions): Promise<Socket> {
  const { host, port, signal } = options;
  const deadline = AbortSignal.timeout(attemptTimeoutMs);
  const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 });
  try {
    await once(socket, "connect", { signal: signal ? AbortSignal.any([signal, deadline]) : deadline });
    return socket;
  } catch (error) {
    // Nobody listens any more, and an error of a socket without a listener ends the process.
    socket.on("error", () => undefined);
    socket.destroy();
    throw error;
  }
}

// Growing, and between half and whole of it at random, so that many clients do not come back all at once.
function waitMs(attempt: number): number {
  return Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2);
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await wait(ms, undefined, signal && { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

function isTransient(error: unknown): boolean {
  const code = systemCode(error);
  // Without a code it was our own deadline.
  return code === undefined || transient.has(code);
}

function describe(error: unknown, { host, port }: DialOptions): ClientError {
  const code = systemCode(error) ?? "no answer";
  const why = code === "ENOTFOUND" ? "there is no such host" : code;
  return new ClientError("cannot-connect", `No server answers at ${host}:${port} (${why}).`, {
    cause: error,
  });
}
