// Files of a chat that are on their way: told about now and then, cancelled by the person, and stopped when they leave,
// so that the same transfer goes on from there.

import { ClientError } from "../failures.js";
import { Pace } from "../transfer/pace.js";
import type { Progress, TransferOptions } from "../transfer/transfer.js";
import { progressLine } from "./render.js";

const tellEveryMs = 3_000;

export interface TransfersOptions {
  /** Stops them all, as leaving does. */
  readonly signal: AbortSignal;
  readonly tell: (line: string) => void;
}

export class Transfers {
  readonly #options: TransfersOptions;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #cancelled = new WeakSet<object>();
  #cancelling = new AbortController();
  readonly #leaving = new AbortController();
  /** How many were stopped that can be gone on with. */
  #suspendedCount = 0;

  constructor(options: TransfersOptions) {
    this.#options = options;
  }

  /** Runs one in a room. @throws what it throws */
  async run<T>(room: string, transfer: (options: TransferOptions) => Promise<T>): Promise<T> {
    const { signal } = this.#cancelling;
    const suspend = AbortSignal.any([this.#options.signal, this.#leaving.signal]);
    const done = transfer({ room, signal, suspend, onProgress: this.#teller() });
    this.#underWay.add(done);
    try {
      return await done;
    } catch (error) {
      if (suspend.aborted && error === suspend.reason) this.#suspendedCount += 1;
      throw error;
    } finally {
      this.#underWay.delete(done);
    }
  }

  /** False when there are none that have not been told to stop. */
  cancelAll(): boolean {
    if ([...this.#underWay].every((transfer) => this.#cancelled.has(transfer))) return false;
    for (const transfer of this.#underWay) this.#cancelled.add(transfer);
    this.#cancelling.abort(
      new ClientError("cancelled", "The transfer was cancelled; nothing of it is kept."),
    );
    this.#cancelling = new AbortController();
    return true;
  }

  /** Stops what is under way; resolves when the server has heard of it. */
  async leave(): Promise<void> {
    this.#leaving.abort(new ClientError("interrupted", "A transfer was stopped."));
    await Promise.allSettled(this.#underWay);
    if (this.#suspendedCount > 0)
      this.#options.tell(
        "* a transfer was stopped; what is there of it is kept, and the same again goes on from there",
      );
  }

  #teller(): (progress: Progress) => void {
    const pace = new Pace();
    let toldAt = performance.now();
    return (progress) => {
      const speed = pace.speed(progress.bytes, progress.size);
      if (performance.now() - toldAt < tellEveryMs) return;
      toldAt = performance.now();
      this.#options.tell(`* ${progressLine(progress, speed)}`);
    };
  }
}
