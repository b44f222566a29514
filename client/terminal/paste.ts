// A text that is being pasted, between the marks that a terminal puts around it (xterm's mode 2004): one text with its
// line ends, whatever in it looks like a key.

/** A terminal that went away in the middle never says that the paste is over. */
const timeoutMs = 2_000;
const maxUnits = 1024 * 1024;

export class Paste {
  readonly #take: (text: string) => void;
  #pieces: string[] | undefined;
  #units = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param take called with each text when it is whole */
  constructor(take: (text: string) => void) {
    this.#take = take;
  }

  get isGoingOn(): boolean {
    return this.#pieces !== undefined;
  }

  begin(): void {
    this.end();
    this.#pieces = [];
    this.#units = 0;
    this.#timer = setTimeout(() => {
      this.end();
    }, timeoutMs);
  }

  add(text: string): void {
    if (this.#units > maxUnits) return;
    this.#pieces?.push(text);
    this.#units += text.length;
    this.#timer?.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
    const text = this.#pieces?.join("").replace(/\r\n?/g, "\n");
    this.#pieces = undefined;
    // What was copied as whole lines ends in a line end, which nobody wants to say.
    if (text !== undefined && text !== "") this.#take(text.replace(/\n$/, ""));
  }
}
