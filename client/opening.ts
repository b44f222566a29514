// What the terminal and the pipe do alike at the start: two questions, and a server that may not be up yet.

import { openSession } from "./connect.js";
import type { ClientOptions } from "./options.js";
import type { Beginning } from "./asking.js";
import type { Session } from "./session.js";
import { visibleLine } from "./visible.js";

export const nameQuestion = "Your name (empty for a guest's name): ";
export const roomQuestion = "Room (empty for the lobby): ";

interface Opening extends ClientOptions, Beginning {
  readonly name: string;
  readonly room: string;
  readonly reconnectForMs: number;
}

/** @throws ClientError cannot-connect; RoomError what the server refused */
export async function openFor(
  options: Opening,
  { tell, signal }: { tell: (line: string) => void; signal: AbortSignal },
): Promise<Session> {
  const { host, port, name, room, token, waitMs, last, reconnectForMs } = options;
  let isWaiting = false;
  const session = await openSession({
    host,
    port,
    name,
    token,
    ...(room !== "" && { room }),
    last,
    retryForMs: waitMs,
    reconnectForMs,
    signal,
    onRetry(failure) {
      if (!isWaiting) tell(`* ${failure.message} Trying for ${waitMs / 1000} s.`);
      isWaiting = true;
    },
  });
  tell(`* connected to ${host}:${port} as ${visibleLine(session.name)}; /help lists commands`);
  return session;
}
