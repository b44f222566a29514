// How far an upload may send: at most a window beyond what the server says it has taken. One sender waits,
// the reader of the server's answers grants.

export class Credit {
  readonly #windowBytes: number;
  #startBytes: number | undefined;
  #receivedBytes = 0;
  #failure: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes;
  }

  /**
   * The server knows the upload and has so many bytes of it already.
   * @throws what it was stopped with
   */
  start(offset: number): void {
    this.#checkGoing();
    this.#startBytes = offset;
    this.grant(offset);
  }

  grant(receivedBytes: number): void {
    this.#receivedBytes = Math.max(this.#receivedBytes, receivedBytes);
    this.#wake();
  }

  /** Whoever waits, now or later, gets this error. */
  stop(failure: Error): void {
    this.#failure ??= failure;
    this.#wake();
  }

  /** The offset to send from, once the server has told it. */
  async started(): Promise<number> {
    for (;;) {
      this.#checkGoing();
      if (this.#startBytes !== undefined) return this.#startBytes;
      await this.#changed();
    }
  }

  /** Resolves when the bytes up to this offset may be sent. */
  async spend(endBytes: number): Promise<void> {
    for (;;) {
      this.#checkGoing();
      if (endBytes <= this.#receivedBytes + this.#windowBytes) return;
      await this.#changed();
    }
  }

  #checkGoing(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #changed(): Promise<void> {
    await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}
