// How long to wait between two attempts, and attempts that are made until one succeeds or it has been long enough.
// dial.ts and conversation.ts try; what they try is not known here.

import { setTimeout as wait } from "node:timers/promises";

/** Waits that grow from the first to the longest, in milliseconds. */
export interface Waits {
  readonly firstMs: number;
  readonly longestMs: number;
  /** From 0 to 1. */
  readonly random: () => number;
}

export const usualWaits: Waits = { firstMs: 100, longestMs: 5_000, random: Math.random };

export interface Trying {
  /** How long to keep trying, in milliseconds; 0 tries once. */
  readonly forMs: number;
  readonly waits: Waits;
  /** How many attempts failed before these. */
  readonly failures?: number;
  readonly signal?: AbortSignal | undefined;
  readonly isHopeless: (error: unknown) => boolean;
  /** Called before each wait. */
  readonly onRetry?: ((error: unknown) => void) | undefined;
}

/** @throws what the last attempt threw, or what the signal was aborted with */
export async function tryUntil<T>(attempt: () => Promise<T>, trying: Trying): Promise<T> {
  const { forMs, waits, signal } = trying;
  const endsAt = performance.now() + forMs;
  for (let failures = trying.failures ?? 0; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      const leftMs = endsAt - performance.now();
      if (leftMs <= 0 || trying.isHopeless(error)) throw error;
      trying.onRetry?.(error);
      await pause(Math.min(waitMs(failures, waits), leftMs), signal);
    }
  }
}

/** Growing, and between half and whole of it at random, so that many clients do not come back all at once. */
export function waitMs(failures: number, { firstMs, longestMs, random }: Waits): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(failures, 30)) * (0.5 + random() / 2);
}

/** @throws what the signal was aborted with */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await wait(ms, undefined, signal && { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
