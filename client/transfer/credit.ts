// How far an upload may send over the connection of the moment: at most a window beyond what the server says it has
// taken. One sender waits, the reader of the server's answers grants.

export class Credit {
  readonly #windowBytes: number;
  readonly #stopping = new AbortController();
  #receivedBytes: number;
  #wake: () => void = () => undefined;

  /** @param offset how much the server has already */
  constructor(windowBytes: number, offset: number) {
    this.#windowBytes = windowBytes;
    this.#receivedBytes = offset;
  }

  /** Aborted with what it was stopped with. */
  get stopped(): AbortSignal {
    return this.#stopping.signal;
  }

  grant(receivedBytes: number): void {
    this.#receivedBytes = Math.max(this.#receivedBytes, receivedBytes);
    this.#wake();
  }

  /** Whoever waits, now or later, gets this error. */
  stop(failure: Error): void {
    this.#stopping.abort(failure);
    this.#wake();
  }

  /** Resolves when the bytes up to this offset may be sent. @throws what it was stopped with */
  async spend(endBytes: number): Promise<void> {
    for (;;) {
      this.stopped.throwIfAborted();
      if (endBytes <= this.#receivedBytes + this.#windowBytes) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
