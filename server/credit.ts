// How far a download may run ahead of what its client has said it has. Who sends waits here, `ack` grants; without a
// window the socket's own flow control is all there is.

export class Credit {
  #windowBytes: number;
  readonly #waitMs: number;
  #ackedBytes: number;
  #isOver = false;
  #wake: () => void = () => undefined;

  /** @param offset where the download begins. @param waitMs how long nothing may be granted while somebody waits */
  constructor(windowBytes: number | undefined, offset: number, waitMs: number) {
    this.#windowBytes = windowBytes ?? Infinity;
    this.#ackedBytes = offset;
    this.#waitMs = waitMs;
  }

  /** The client has everything below this offset. One that went back, or ahead of what was sent, means nothing. */
  grant(offset: number, sentTo: number): void {
    if (offset <= this.#ackedBytes || offset > sentTo) return;
    this.#ackedBytes = offset;
    this.#wake();
  }

  /** Nothing is acknowledged any more: the socket's own flow control is all there is. */
  lift(): void {
    this.#windowBytes = Infinity;
    this.#wake();
  }

  /** Nobody waits any more. */
  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  /** Bytes that may be sent from an offset: at least a chunk, once everything before it has arrived. */
  left(offset: number, chunkBytes: number): number {
    if (offset === this.#ackedBytes) return Math.max(this.#windowBytes, chunkBytes);
    return this.#ackedBytes + this.#windowBytes - offset;
  }

  /** Resolves when a whole chunk may be sent, or it is over; false when nothing was granted for too long. */
  async hasRoom(offset: number, chunkBytes: number): Promise<boolean> {
    while (!this.#isOver && this.left(offset, chunkBytes) < chunkBytes) {
      const isGranted = await this.#granted();
      if (!isGranted) return false;
    }
    return true;
  }

  #granted(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        resolve(false);
      }, this.#waitMs);
      timer.unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}
