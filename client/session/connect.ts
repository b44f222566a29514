// How a session begins: dial, say `connect`, hear that the room is joined.

import { randomBytes } from "node:crypto";
import { Conversation } from "./conversation.js";
import { dial, type DialOptions } from "./dial.js";
import { connectRequest } from "./greeting.js";
import { Positions, type Position } from "./positions.js";
import type { Beginning } from "./asking.js";
import { Session } from "./session.js";
import type { Patience } from "./silence.js";
import { usualWaits, type Waits } from "./waits.js";

export interface SessionOptions
  extends Pick<DialOptions, "signal" | "onRetry">, Partial<Patience>, Beginning {
  /** 127.0.0.1 when left out. */
  readonly host?: string | undefined;
  /** 4040 when left out. */
  readonly port?: number | undefined;
  /** How long to keep trying while the server is not up, in milliseconds; once when left out. */
  readonly retryForMs?: number | undefined;
  /** How long to try to come back when the connection is lost, in milliseconds; for ever when left out, 0: never. */
  readonly reconnectForMs?: number | undefined;
  /** The operator's secret, of the file `operator.token` in the server's data folder: who has it may delete anything. */
  readonly token?: string | undefined;
  /** Empty or left out: the server gives a guest's name. */
  readonly name?: string | undefined;
  /** The `secret` of an earlier session of that name: whoever presents it goes on as the same sender. */
  readonly session?: string | undefined;
  /** Left out: the lobby, or none besides those of `positions`; null: none yet. `since` and `last` are for this one. */
  readonly room?: string | null | undefined;
  /** Where an earlier session was in each of its rooms: they are entered again, and what came since is told. */
  readonly positions?: ReadonlyMap<string, Position> | undefined;
  /** How long the server may be silent about a request, in milliseconds. */
  readonly answerTimeoutMs?: number | undefined;
  /** The waits between attempts to come back. */
  readonly waits?: Partial<Waits> | undefined;
}

const defaultAnswerTimeoutMs = 60_000;
const usualPatience: Patience = { pingAfterMs: 20_000, pingTimeoutMs: 10_000 };

/**
 * Dials, says `connect`, and resolves when the room is joined. Listeners attached right after `await` miss nothing.
 * @throws ClientError cannot-connect, no-answer; RoomError what the server refused
 */
export async function openSession(options: SessionOptions = {}): Promise<Session> {
  const { host = "127.0.0.1", port = 4040, retryForMs = 0, signal, onRetry, positions } = options;
  const ids = newIds();
  const conversation = new Conversation({
    dial: (stop) => dial({ host, port, retryForMs: 0, signal: stop }),
    ids,
    timeoutMs: options.answerTimeoutMs ?? defaultAnswerTimeoutMs,
    reconnectForMs: options.reconnectForMs ?? Infinity,
    waits: { ...usualWaits, ...options.waits },
    pingAfterMs: options.pingAfterMs ?? usualPatience.pingAfterMs,
    pingTimeoutMs: options.pingTimeoutMs ?? usualPatience.pingTimeoutMs,
    positions,
    token: options.token,
  });
  const socket = await dial({ host, port, retryForMs, signal, onRetry });
  const connect = connectRequest(ids(), { ...options, ...placeOf(options) });
  const { joined } = await conversation.open(socket, connect, signal);
  return new Session(conversation, joined, ids);
}

/** The room to begin with, and where in it. */
function placeOf({
  room,
  since,
  epoch,
  last,
  positions,
}: SessionOptions): Beginning & { room?: string | null } {
  if (room === undefined && positions !== undefined && positions.size > 0) return { room: null };
  const known =
    typeof room === "string" && since === undefined ? new Positions(positions).get(room) : undefined;
  if (known !== undefined && last === undefined) return { since: known.seq, epoch: known.epoch };
  return { since, epoch, last };
}

// The start is random because an `id` also tells repeats from new entries, for a day and across sessions.
function newIds(): () => string {
  const start = randomBytes(9).toString("base64url");
  let count = 0;
  return () => `${start}-${++count}`;
}
