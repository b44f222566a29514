// Coming back after a loss: when to try, and when that is no use any more. What an attempt is, conversation.ts knows.

import type { Ending } from "./endings.js";
import { isForeseen } from "../failures.js";
import { isRefusal } from "./greeting.js";
import { pause, tryUntil, waitMs, type Trying } from "./waits.js";

const longestRetryAfterMs = 10 * 60_000;

/**
 * Waits as long as the server asked for, and tries.
 * @throws what the last attempt threw, or what the signal was aborted with
 */
export async function comeBack<T>(
  attempt: () => Promise<T>,
  loss: Ending,
  trying: Trying & { failures: number },
): Promise<T> {
  const { failures, waits, signal } = trying;
  await pause(Math.max(retryAfterMs(loss), waitMs(failures, waits)), signal);
  return tryUntil(attempt, { ...trying, failures: failures + 1 });
}

/** Whether no attempt will do better: the server refuses us, or the mistake is ours. */
export function isHopeless(error: unknown): boolean {
  return isRefusal(error) || !isForeseen(error);
}

/** How a conversation ends that could not come back. */
export function endingAfter(error: unknown): Ending {
  if (isRefusal(error)) return { kind: "refused", cause: error };
  return isForeseen(error) ? { kind: "lost", cause: error } : { kind: "failed", cause: error };
}

function retryAfterMs(loss: Ending): number {
  return loss.kind === "bye" ? Math.min(loss.bye.retryAfterMs ?? 0, longestRetryAfterMs) : 0;
}
