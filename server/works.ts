// Work for many, such as a delivery to a room of ten thousand, done some milliseconds a turn of the event loop, so
// that whatever else comes in gets its turn between. Works of one lane, such as a room, are done one after the
// other; lanes take turns, so that a room which is never done keeps no other waiting.

const maxTurnMs = 5;

/** How long one lane may keep the next waiting. */
const maxSliceMs = 1;

export class Works {
  /** Lanes that have work, the next one first. */
  readonly #busy: Lane[] = [];
  /** When this turn's time is used up; undefined while nothing was done in it. */
  #endsAtMs: number | undefined;

  openLane(): Lane {
    const lane = new Lane(() => {
      this.#busy.push(lane);
      if (this.#busy.length === 1) this.#goOn();
    });
    return lane;
  }

  #goOn(): void {
    this.#endsAtMs ??= this.#beginTurn();
    for (let lane = this.#busy[0]; lane !== undefined; lane = this.#busy[0]) {
      const nowMs = performance.now();
      if (nowMs >= this.#endsAtMs) return;
      const isBusy = lane.work(Math.min(nowMs + maxSliceMs, this.#endsAtMs));
      // Only now: what a step adds to any lane must find this one at work.
      this.#busy.shift();
      if (isBusy) this.#busy.push(lane);
    }
  }

  #beginTurn(): number {
    setImmediate(() => {
      this.#endsAtMs = undefined;
      if (this.#busy.length > 0) this.#goOn();
    });
    return performance.now() + maxTurnMs;
  }
}

export class Lane {
  readonly #works: Iterator<unknown>[] = [];
  readonly #onBusy: () => void;

  constructor(onBusy: () => void) {
    this.#onBusy = onBusy;
  }

  /** Takes the steps of a work: at once while there is time, and the rest in later turns. A step must not throw. */
  add(work: Iterator<unknown>): void {
    this.#works.push(work);
    if (this.#works.length === 1) this.#onBusy();
  }

  /** Takes one step when it is its turn; resolves when it was taken. It must not throw. */
  do(step: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.add(once(step, resolve));
    });
  }

  /** Takes steps, one at least, for so long; returns whether there are more. For Works alone. */
  work(untilMs: number): boolean {
    do {
      if (this.#works[0]?.next().done === true) this.#works.shift();
    } while (this.#works.length > 0 && performance.now() < untilMs);
    return this.#works.length > 0;
  }
}

// eslint-disable-next-line require-yield -- a work of one step has nothing to come back to
function* once(step: () => void, done: () => void): Generator<never> {
  step();
  done();
}
