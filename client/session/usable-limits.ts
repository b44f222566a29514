// The limits that a server states, made fit to count with: a client cannot know what server it talks to.

import type { Limits } from "../../shared/limits.js";
import { ClientError } from "../failures.js";

/** Without one of these nothing could ever be said, sent or looked up. */
const needed = ["lineBytes", "chunkBytes", "windowBytes", "historyCount"] as const;
/** A chunk is held in memory, whatever the server would take. */
const maxChunkBytes = 1024 * 1024;

/** @throws ClientError cannot-connect */
export function usableLimits(limits: Limits): Limits {
  const missing = needed.find((name) => limits[name] < 1);
  if (missing !== undefined) {
    throw new ClientError("cannot-connect", `The server cannot be used: it says that its ${missing} is 0.`);
  }
  // The server would never grant a chunk that is larger than the window.
  return { ...limits, chunkBytes: Math.min(limits.chunkBytes, limits.windowBytes, maxChunkBytes) };
}
