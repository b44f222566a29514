// How a session begins: dial, say `connect`, hear that the room is joined.

import { randomBytes } from "node:crypto";
import type { AnswerOf } from "../shared/answers.js";
import { protocolVersion } from "../shared/protocol.js";
import { dial, type DialOptions } from "./dial.js";
import type { Accept } from "./exchanges.js";
import { Link } from "./link.js";
import { Session, type FirstWords } from "./session.js";
import { usableLimits } from "./usable-limits.js";

export interface SessionOptions extends Pick<DialOptions, "signal" | "onRetry"> {
  /** 127.0.0.1 when left out. */
  readonly host?: string | undefined;
  /** 4040 when left out. */
  readonly port?: number | undefined;
  /** How long to keep trying while the server is not up, in milliseconds; once when left out. */
  readonly retryForMs?: number | undefined;
  /** Empty or left out: the server gives a guest's name. */
  readonly name?: string | undefined;
  /** Left out: the lobby; null: none yet. */
  readonly room?: string | null | undefined;
  /** How long the server may be silent about a request, in milliseconds. */
  readonly answerTimeoutMs?: number | undefined;
}

const defaultAnswerTimeoutMs = 60_000;

/**
 * Dials, says `connect`, and resolves when the room is joined. Listeners attached right after `await` miss nothing.
 * @throws ClientError cannot-connect, no-answer; RoomError what the server refused
 */
export async function openSession(options: SessionOptions = {}): Promise<Session> {
  const { host = "127.0.0.1", port = 4040, retryForMs = 0 } = options;
  const link = new Link(await dial({ ...options, host, port, retryForMs }));
  const ids = newIds();
  const timeoutMs = options.answerTimeoutMs ?? defaultAnswerTimeoutMs;
  const { name, room, signal } = options;
  const given = { ...(name !== undefined && name !== "" && { name }), ...(room !== undefined && { room }) };
  try {
    const request = { type: "connect", id: ids(), protocol: protocolVersion, ...given } as const;
    const first = await link.ask(request, firstWords(room === null), { timeoutMs, signal });
    return new Session(link, first, { ids, timeoutMs });
  } catch (error) {
    link.destroy();
    throw error;
  }
}

function firstWords(isRoomless: boolean): Accept<FirstWords> {
  let connected: AnswerOf<"connected"> | undefined;
  return (answer) => {
    if (answer.type === "connected") connected = { ...answer, limits: usableLimits(answer.limits) };
    const joined = answer.type === "joined" ? answer : undefined;
    return connected && (joined || isRoomless) ? { connected, joined } : undefined;
  };
}

// The start is random because an `id` also tells repeats from new entries, for a day and across sessions.
function newIds(): () => string {
  const start = randomBytes(9).toString("base64url");
  let count = 0;
  return () => `${start}-${++count}`;
}
