// Waiting until something is to be seen in a text that grows.

const deadlineMs = 20_000;

export class Watch {
  readonly #text: () => string;
  #look: () => void = () => undefined;

  constructor(text: () => string) {
    this.#text = text;
  }

  /** The text may be another. */
  look(): void {
    this.#look();
  }

  /** Resolves when it is there. */
  async sees(wanted: string | RegExp, deadline = deadlineMs): Promise<void> {
    const isThere = () =>
      typeof wanted === "string" ? this.#text().includes(wanted) : wanted.test(this.#text());
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`Never seen: ${String(wanted)}. What there is:\n${this.#text()}`));
      }, deadline);
      this.#look = () => {
        if (!isThere()) return;
        clearTimeout(timer);
        resolve();
      };
      this.#look();
    });
  }
}
