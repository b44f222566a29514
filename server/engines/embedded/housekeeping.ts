// Takes away what is not to be kept any more, round after round, beside everything else: asks the reading thread what is
// overdue, has the writing thread take it away a little at a time, and gives the space back to the disk. Also ends
// conversations whose two are gone for good. Runs on the main thread; index.ts starts it.

import { setTimeout as sleep } from "node:timers/promises";
import type { Retention } from "../../engine.js";
import type { WorkerCalls } from "./calls.js";
import type { SilentConversation } from "./conversation-list.js";
import type { OverdueCall, OverdueLog, OverduePage } from "./overdue.js";
import type { ReaderMethods } from "./reader.js";
import { sessionLifetimeMs } from "./sessions.js";
import type { WriterMethods } from "./writer.js";

export interface HousekeepingParts {
  readonly writer: WorkerCalls<WriterMethods>;
  readonly reader: WorkerCalls<ReaderMethods>;
  readonly retention: Retention;
  /** From the end of a round to the next. */
  readonly everyMs: number;
  /** Called when files are gone. */
  readonly onFreed: () => void;
  /** Drops unfinished uploads that are too old. */
  readonly dropOldUploads: () => Promise<void>;
  /** Called when entries of a log up to a number are gone. */
  readonly onPruned: (roomKey: string, to: number) => void;
  /** Whether somebody may still come back as that sender. */
  readonly isKnown: (sender: string) => boolean;
  /** Called with what went wrong. */
  readonly onFailed: (error: unknown) => void;
}

const logsAtOnce = 100;

/** How often it is looked for conversations that are over. */
const conversationsEveryMs = 3600 * 1000;

/** Share of the time that is left to others between two steps. */
const restShare = 1;

export class Housekeeping {
  readonly #parts: HousekeepingParts;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #conversationsDueMs = -Infinity;

  constructor(parts: HousekeepingParts) {
    this.#parts = parts;
    this.#running = this.#run();
  }

  /** Resolves when what is being taken away this moment is away. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  get #isStopping(): boolean {
    return this.#stop.signal.aborted;
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      await this.#attempt(() => this.#round());
      await this.#rest(this.#parts.everyMs);
    }
  }

  // The disk may be full, or a log damaged: the others are kept as they should be, and the next round tries again.
  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!this.#isStopping) this.#parts.onFailed(error);
    }
  }

  async #round(): Promise<void> {
    const { retention, reader } = this.#parts;
    await this.#attempt(() => this.#parts.dropOldUploads());
    await this.#attempt(() => this.#endConversations());
    for (let after: string | undefined = ""; after !== undefined && !this.#isStopping;) {
      const call: OverdueCall = { retention, nowMs: Date.now(), after, limit: logsAtOnce };
      const page: OverduePage = await reader.call("overdue", call);
      for (const log of page.logs) await this.#attempt(() => this.#prune(log));
      if (!page.isCounting) after = page.last;
      await this.#rest(0);
    }
    await this.#shrink();
  }

  async #prune({ roomKey, to, keepsFiles }: OverdueLog): Promise<void> {
    const { writer, onPruned, onFreed } = this.#parts;
    for (let more = true; more && !this.#isStopping;) {
      const pruned = await this.#paced(() => writer.call("prune", { roomKey, to, keepsFiles }));
      if (pruned.hasFiles) onFreed();
      onPruned(roomKey, pruned.to);
      ({ more } = pruned);
    }
  }

  async #shrink(): Promise<void> {
    const { writer } = this.#parts;
    for (let more = true; more && !this.#isStopping;) {
      more = await this.#paced(() => writer.call("shrink", undefined));
    }
  }

  async #endConversations(): Promise<void> {
    const { reader, writer, isKnown, onPruned } = this.#parts;
    if (performance.now() < this.#conversationsDueMs) return;
    const sinceMs = Date.now() - sessionLifetimeMs;
    for (let after: string | undefined = ""; after !== undefined && !this.#isStopping;) {
      const page: SilentConversation[] = await reader.call("silentConversations", {
        ...{ after, sinceMs, limit: logsAtOnce },
      });
      for (const { roomKey, to, senders } of page) {
        if (senders.some(isKnown)) continue;
        await this.#prune({ roomKey, to, keepsFiles: false });
        await writer.call("forgetRoom", roomKey);
        onPruned(roomKey, to);
      }
      after = page.length < logsAtOnce ? undefined : page.at(-1)?.roomKey;
    }
    this.#conversationsDueMs = performance.now() + conversationsEveryMs;
  }

  /** A step, and as long a rest, so that others record meanwhile. */
  async #paced<T>(step: () => Promise<T>): Promise<T> {
    const beganMs = performance.now();
    const result = await step();
    await this.#rest((performance.now() - beganMs) * restShare);
    return result;
  }

  async #rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stop.signal, ref: false }).catch(() => undefined);
  }
}
