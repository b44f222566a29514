// What ends a script before it is done, as promises to race against.

import { once } from "node:events";
import { endingError } from "../session/endings.js";
import type { Session } from "../session/session.js";

/** Rejects when the conversation is over. */
export async function lossOf(session: Session): Promise<never> {
  throw endingError(await session.closed);
}

/** Rejects when the signal is aborted, with what it was aborted with. */
export async function rejected(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, "abort");
  signal.throwIfAborted();
  throw new Error("unreachable: the signal is aborted");
}
