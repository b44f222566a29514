// Lines that were entered and are not taken yet: typed ahead, they wait for whoever asks next. Used by both screens.

export class Entered {
  readonly #lines: string[] = [];
  #isEnded = false;
  #wake: () => void = () => undefined;
  #wakeAhead: () => void = () => undefined;

  get isEnded(): boolean {
    return this.#isEnded;
  }

  add(line: string): void {
    this.#lines.push(line);
    this.#wake();
    this.#wakeAhead();
  }

  /** Nothing more will come. */
  end(): void {
    this.#isEnded = true;
    this.#wake();
    this.#wakeAhead();
  }

  /** Undefined when there is none, and none will come. */
  async next(): Promise<string | undefined> {
    while (this.#lines.length === 0 && !this.#isEnded) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#lines.shift();
  }

  async ahead(isSuch: (line: string) => boolean): Promise<void> {
    while (!this.#isEnded && !this.#lines.some(isSuch)) {
      await new Promise<void>((resolve) => (this.#wakeAhead = resolve));
    }
  }
}
