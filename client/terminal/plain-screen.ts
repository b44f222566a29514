// A screen for terminals that cannot move their cursor (TERM=dumb), such as an editor's: the terminal edits the line
// itself, and what is printed comes as it comes. No escape sequence is ever written.

import { createInterface, type Interface } from "node:readline";
import { Entered } from "./entered.js";
import type { Screen, ScreenOptions } from "./screen.js";

export function openPlainScreen(options: ScreenOptions): Screen {
  return new PlainScreen(options);
}

class PlainScreen implements Screen {
  /** Here Ctrl-C is a signal to the process. */
  readonly interrupted = new AbortController().signal;
  readonly drained = undefined;
  readonly #output: ScreenOptions["output"];
  readonly #lines: Interface;
  readonly #entered = new Entered();

  constructor({ input, output }: ScreenOptions) {
    this.#output = output;
    this.#lines = createInterface({ input, terminal: false });
    this.#lines.on("line", (line) => {
      this.#entered.add(line);
    });
    this.#lines.once("close", () => {
      this.#entered.end();
    });
    output.on("error", () => {
      this.close();
    });
  }

  get columns(): number {
    return this.#output.columns ?? 80;
  }

  async next(): Promise<string | undefined> {
    return this.#entered.next();
  }

  /** A secret is seen: this terminal shows what is typed by itself. */
  async ask(question: string): Promise<string | undefined> {
    this.#output.write(question);
    return this.#entered.next();
  }

  async ahead(isSuch: (line: string) => boolean): Promise<void> {
    await this.#entered.ahead(isSuch);
  }

  print(text: string): void {
    this.#output.write(`${text}\n`);
  }

  close(): void {
    this.#lines.close();
  }

  // The terminal has shown what was typed, and there is no place for what would have to be drawn again.
  readonly echo = nothing;
  readonly setPrompt = nothing;
  readonly setRows = nothing;
  readonly ring = nothing;
  readonly onInterrupt = nothing;
  readonly onTyping = nothing;
  readonly onFocus = nothing;
  readonly onResize = nothing;
}

function nothing(): void {
  // Nothing is to be done.
}
