// Opens the TCP connection, and keeps trying for a while when the server is not up yet. Knows no lines.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { ClientError, systemCode } from "../failures.js";
import { tryUntil, usualWaits } from "./waits.js";

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface DialOptions extends Address {
  /** How long to keep trying, in milliseconds; 0 tries once. */
  readonly retryForMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Called before each wait. */
  readonly onRetry?: ((failure: ClientError) => void) | undefined;
}

const attemptTimeoutMs = 10_000;

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
  const { retryForMs, signal, onRetry } = options;
  const attempt = async (): Promise<Socket> => dialOnce(options, signal);
  try {
    return await tryUntil(attempt, {
      forMs: retryForMs,
      waits: usualWaits,
      signal,
      isHopeless: (error) => !isTransient(error),
      onRetry: (error) => onRetry?.(describe(error, options)),
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw describe(error, options);
  }
}

/** One attempt. @throws what the system says, or what the signal was aborted with */
export async function dialOnce({ host, port }: Address, signal?: AbortSignal): Promise<Socket> {
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

function isTransient(error: unknown): boolean {
  const code = systemCode(error);
  // Without a code it was our own deadline.
  return code === undefined || transient.has(code);
}

function describe(error: unknown, { host, port }: Address): ClientError {
  const code = systemCode(error) ?? "no answer";
  const why = code === "ENOTFOUND" ? "there is no such host" : code;
  return new ClientError("cannot-connect", `No server answers at ${host}:${port} (${why}).`, {
    cause: error,
  });
}
