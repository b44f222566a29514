// A writer that gives up nothing: what is not acknowledged it sends again after every break, under its id and in
// its order, some of it twice. Acknowledged is what came back as an entry or was answered by `recorded`.

import { Follower } from "./crash-follower.js";
import type { Ledger } from "./crash-ledger.js";
import type { Task } from "./crash-tasks.js";
import type { Answer } from "./peer.js";

export interface WriterOptions {
  readonly name: string;
  readonly rooms: readonly string[];
  readonly ledger: Ledger;
  /** 0 to 1. */
  readonly random: () => number;
  readonly inFlight: number;
  readonly makeTask: () => Task;
}

/** Of what is sent again, as much is sent twice. */
const twice = 0.1;

export class Writer {
  readonly follower: Follower;
  /** Sent again after a break. */
  resent = 0;
  /** Answered by `recorded`. */
  recorded = 0;
  readonly #options: WriterOptions;
  readonly #pending = new Map<string, Task>();
  #isAtWork = true;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.follower = new Follower({
      ...options,
      onReady: () => {
        this.#begin();
      },
      onLine: (answer) => {
        this.#read(answer);
      },
    });
  }

  /** What waits for its acknowledgement. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Begins nothing more; what is under way still is brought to its end. */
  rest(): void {
    this.#isAtWork = false;
  }

  #begin(): void {
    for (const task of this.#pending.values()) {
      this.resent++;
      this.follower.send(task.request);
      if (this.#options.random() < twice) this.follower.send(task.request);
    }
    this.#fill();
  }

  #fill(): void {
    while (this.#isAtWork && this.#pending.size < this.#options.inFlight) {
      const task = this.#options.makeTask();
      this.#pending.set(task.id, task);
      this.follower.send(task.request);
    }
  }

  #read(answer: Answer): void {
    const id = String(answer.id);
    if (answer.type === "uploading") {
      const task = this.#pending.get(id);
      for (const chunk of task?.chunks?.(String(answer.upload), Number(answer.offset)) ?? [])
        this.follower.send(chunk);
      return;
    }
    const isMine = answer.seq !== undefined && answer.from === this.follower.name;
    if (answer.type === "recorded") this.recorded++;
    else if (!isMine) return;
    this.#options.ledger.acknowledge(answer, this.follower.name);
    if (this.#pending.delete(id)) this.#fill();
  }
}
