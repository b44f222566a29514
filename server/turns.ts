// Connections take turns: what all of them say or end in one turn of the event loop is dealt with for some
// milliseconds, and the rest in the next, in the order they came. So ten who flood keep nobody waiting longer than
// one does, and ten thousand who go at once are no pause for those who stay.

const maxTurnMs = 2;

export class Turns {
  readonly #waiting: (() => void)[] = [];
  /** When this turn's time is used up; undefined while nothing was done in it. */
  #endsAtMs: number | undefined;

  /** Undefined while the turn has time; else resolves in a later one, when it is the caller's. */
  next(): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#hasTime()) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #hasTime(): boolean {
    this.#endsAtMs ??= this.#begin();
    return performance.now() < this.#endsAtMs;
  }

  #begin(): number {
    setImmediate(() => void this.#letGo());
    return performance.now() + maxTurnMs;
  }

  async #letGo(): Promise<void> {
    this.#endsAtMs = undefined;
    while (this.#waiting.length > 0 && this.#hasTime()) {
      this.#waiting.shift()?.();
      // What it does is done before the next look at the clock.
      await Promise.resolve();
    }
  }
}
