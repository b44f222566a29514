// What the terminal, the pipe and the commands do alike at the start: two questions, a server that may not be up yet,
// and the session of an earlier run.

import { RoomError } from "../shared/errors.js";
import { openSession } from "./session/connect.js";
import { keepSession, takeSession, type KeptSession } from "./kept-sessions.js";
import type { ClientOptions } from "./options.js";
import type { Beginning } from "./session/asking.js";
import type { Session } from "./session/session.js";
import { visibleLine } from "./chat/visible.js";

export const nameQuestion = "Your name (empty for a guest's name): ";
export const roomQuestion = "Room (empty for the lobby): ";

interface Opening extends Pick<ClientOptions, "host" | "port" | "token" | "waitMs">, Beginning {
  readonly name: string;
  /** Empty for the lobby; null for none. */
  readonly room: string | null;
  readonly reconnectForMs: number;
}

export interface OpeningTo {
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
  /** The folder that sessions are kept in. */
  readonly sessions: string;
}

/** @throws ClientError cannot-connect; RoomError what the server refused */
export async function openFor(options: Opening, { tell, signal, sessions }: OpeningTo): Promise<Session> {
  const { host, port, name, room, token, waitMs, last, since, epoch, reconnectForMs } = options;
  const kept = await takeSession(sessions, { host, port, name });
  let isWaiting = false;
  const open = (as: KeptSession | undefined): Promise<Session> =>
    openSession({
      host,
      port,
      name: as?.name ?? name,
      session: as?.secret,
      token,
      ...(room !== "" && { room }),
      last,
      since,
      epoch,
      retryForMs: waitMs,
      reconnectForMs,
      signal,
      onRetry(failure) {
        if (!isWaiting) tell(`* ${failure.message} Trying for ${waitMs / 1000} s.`);
        isWaiting = true;
      },
    });
  const session = await open(kept).catch((error: unknown) => {
    // A guest whose name is another's by now is given a new one.
    const isGuest = kept !== undefined && name === "";
    if (isGuest && error instanceof RoomError && error.code === "name-taken") return open(undefined);
    throw error;
  });
  keepSession(sessions, { host, port, name }, session);
  return session;
}

export function connectedLine(session: Session, { host, port }: Pick<Opening, "host" | "port">): string {
  return `* connected to ${host}:${port} as ${visibleLine(session.name)}; /help lists commands`;
}
