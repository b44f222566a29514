// Whoever wants to hear of something. A listener that fails is a mistake of its own: the others hear it all the
// same, and whoever made the list is told.

export class Listeners<T> {
  readonly #all = new Set<(value: T) => void>();
  readonly #onFailure: (error: unknown) => void;

  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  get hasAny(): boolean {
    return this.#all.size > 0;
  }

  /** Returns the way to stop listening. A promise that the listener gives is watched, not awaited. */
  add(listener: (value: T) => unknown): () => void {
    const own = (value: T): void => void this.#run(() => listener(value));
    this.#all.add(own);
    return () => this.#all.delete(own);
  }

  tell(value: T): void {
    for (const listener of this.#all) listener(value);
  }

  async #run(listener: () => unknown): Promise<void> {
    try {
      await listener();
    } catch (error) {
      this.#onFailure(error);
    }
  }
}
