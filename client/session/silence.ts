// Notices a network that is gone without a word. Whatever is heard says that the server is there; after a while of
// silence it is asked, and when nothing at all is heard after that, the connection counts as lost.

import { setImmediate as immediate } from "node:timers/promises";
import type { Link } from "./link.js";

export interface Patience {
  /** How long nothing is heard before the server is asked whether it is there, in milliseconds. */
  readonly pingAfterMs: number;
  /** How long it then has to say anything, in milliseconds. */
  readonly pingTimeoutMs: number;
}

export interface Watch extends Patience {
  /** Asks the server whether it is there. */
  readonly ping: () => void;
}

/** How often the server is asked at least: its answer brings the secret anew, which is valid for a day. */
const renewEveryMs = 2 * 3600 * 1000;

/** setTimeout takes no more. */
const longestTimerMs = 2 ** 31 - 1;

/** Ends a link that is silent for too long. Returns the way to stop. Its timers keep no process. */
export function watchSilence(link: Link, { pingAfterMs, pingTimeoutMs, ping }: Watch): () => void {
  let timer: NodeJS.Timeout;
  const after = (ms: number, look: () => unknown): void => {
    timer = setTimeout(() => void look(), Math.min(ms, longestTimerMs)).unref();
  };
  let isOver = false;
  const listen = (): void => {
    const leftMs = pingAfterMs - link.silentMs;
    if (link.isPaused) after(pingAfterMs, listen);
    else if (leftMs > 0) after(leftMs, listen);
    else ask();
  };
  const ask = (): void => {
    ping();
    const askedAt = performance.now();
    after(pingTimeoutMs, async () => {
      // A process that was kept busy first reads what came meanwhile.
      await immediate();
      if (isOver) return;
      const wasHeard = link.silentMs < performance.now() - askedAt;
      if (wasHeard || link.isPaused) listen();
      else link.destroy();
    });
  };
  after(pingAfterMs, listen);
  const renewing = setInterval(ping, renewEveryMs).unref();
  return () => {
    isOver = true;
    clearInterval(renewing);
    clearTimeout(timer);
  };
}
