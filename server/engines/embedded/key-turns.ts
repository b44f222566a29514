// Works take turns by a key: one after the other for each, beside those of other keys. Used by files.ts and sweeper.ts.

export class KeyTurns {
  readonly #last = new Map<string, Promise<unknown>>();

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(key) ?? Promise.resolve()).then(work, work);
    this.#last.set(key, turn);
    const leave = () => {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    };
    turn.then(leave, leave);
    return turn;
  }

  /** A work in the turn of several keys at once. Only one caller may do this, else two could wait for each other. */
  async runInAll<T>(keys: ReadonlySet<string>, work: () => Promise<T>): Promise<T> {
    let leave: () => void = () => undefined;
    const left = new Promise<void>((resolve) => (leave = resolve));
    const enter = (key: string) =>
      new Promise<void>((entered) => {
        void this.run(key, () => {
          entered();
          return left;
        });
      });
    await Promise.all(Array.from(keys, enter));
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** Resolves when every turn so far is over. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#last.values());
  }
}
