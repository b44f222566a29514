// What all connections have on its way to the log, files of one line on their way to the disk before it included. Past
// its bound, who has something under way is read no further until there is less; who has nothing is heard at once.

/** Two commits: enough to keep the disk at work, and little for a quiet peer to wait behind. */
const maxBacklogBytes = 2 * 1024 * 1024;

export class Backlog {
  readonly #maxBytes: number;
  #bytes = 0;
  #waiting: { promise: Promise<void>; end: () => void } | undefined;

  constructor(maxBytes = maxBacklogBytes) {
    this.#maxBytes = maxBytes;
  }

  get isFull(): boolean {
    return this.#bytes > this.#maxBytes;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  remove(bytes: number): void {
    this.#bytes -= bytes;
    if (this.isFull) return;
    this.#waiting?.end();
    this.#waiting = undefined;
  }

  /** Resolves when it is no longer full. */
  hasRoom(): Promise<void> {
    if (!this.isFull) return Promise.resolve();
    if (this.#waiting === undefined) {
      let end: () => void = () => undefined;
      const promise = new Promise<void>((resolve) => (end = resolve));
      this.#waiting = { promise, end };
    }
    return this.#waiting.promise;
  }
}
