// A terminal as two things: lines that come from the keyboard, and lines that are printed above the one being
// typed without tearing it. It knows nothing of rooms.

import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { ClientError } from "../failures.js";

export interface ScreenStreams {
  readonly input: Readable;
  readonly output: Writable & { readonly columns?: number };
}

export class Screen {
  /** Aborted by Ctrl-C that was for nothing else. */
  readonly interrupted: AbortSignal;
  readonly #streams: ScreenStreams;
  readonly #readline: Interface;
  readonly #typed: string[] = [];
  #wake: () => void = () => undefined;
  #wakeAhead: () => void = () => undefined;
  #isAsking = false;
  #isErased: (line: string) => boolean = () => false;
  #isEnded = false;
  #takesInterrupt: () => boolean = () => false;

  /** @param complete what Tab makes of the line so far */
  constructor(streams: ScreenStreams, complete: (line: string) => string[]) {
    this.#streams = streams;
    this.#readline = createInterface({
      ...streams,
      terminal: true,
      historySize: 500,
      removeHistoryDuplicates: true,
      prompt: "",
      completer: (line: string) => [complete(line), line],
    });
    const interruption = new AbortController();
    this.interrupted = interruption.signal;
    this.#readline.on("line", (line) => {
      this.#erase(line);
      this.#typed.push(line);
      this.#wake();
      this.#wakeAhead();
    });
    this.#readline.on("SIGINT", () => {
      if (this.#takesInterrupt()) return;
      interruption.abort(new ClientError("interrupted", "Interrupted."));
      this.#end();
    });
    this.#readline.once("close", () => {
      this.#end();
    });
  }

  /**
   * The next line, also one that was typed ahead; undefined when the keyboard is closed or Ctrl-C was pressed.
   * @param isErased which lines go off the screen when they are entered, because they come back in another form
   */
  async next(prompt: string, isErased = (_line: string): boolean => false): Promise<string | undefined> {
    this.#isErased = isErased;
    this.#readline.setPrompt(prompt);
    this.#isAsking = true;
    if (this.#typed.length === 0 && !this.#isEnded) this.#readline.prompt(true);
    while (this.#typed.length === 0 && !this.#isEnded) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    // What is printed before the next question must not repeat this one.
    this.#readline.setPrompt("");
    this.#isAsking = false;
    return this.#typed.shift();
  }

  /** Resolves when such a line is typed ahead, or the keyboard is closed. One may wait for it at a time. */
  async ahead(isSuch: (line: string) => boolean): Promise<void> {
    while (!this.#isEnded && !this.#typed.some(isSuch)) {
      await new Promise<void>((resolve) => (this.#wakeAhead = resolve));
    }
  }

  /** From now on Ctrl-C is asked here first; true means that it was for something else than to end it all. */
  onInterrupt(takes: () => boolean): void {
    this.#takesInterrupt = takes;
  }

  /** Prints lines above the one that is being typed. */
  print(text: string): void {
    if (this.#isEnded) {
      this.#streams.output.write(`${text}\n`);
      return;
    }
    // To the first row of what is being typed, clear from there, print, and go down as far as readline will go
    // up when it draws the line anew. That is not always where the cursor is: it does not count pasted rows.
    const { rows } = this.#readline.getCursorPos();
    const rowsToGoUp = Number(Reflect.get(this.#readline, "prevRows")) || 0;
    const toFirstRow = rows > 0 ? `\x1b[${rows}A` : "";
    this.#streams.output.write(`${toFirstRow}\r\x1b[J${text}\n${"\n".repeat(rowsToGoUp)}`);
    this.#readline.prompt(true);
  }

  close(): void {
    this.#readline.close();
  }

  // Only a line that was typed behind the prompt stands just above the cursor; it must be sure to be one row.
  #erase(line: string): void {
    if (!this.#isAsking || !this.#isErased(line)) return;
    const width = this.#readline.getPrompt().length + 2 * line.length;
    if (width < (this.#streams.output.columns ?? 80)) this.#streams.output.write("\x1b[1A\r\x1b[J");
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    // Leaves the line that was being typed.
    if (this.#isAsking) this.#streams.output.write("\n");
    this.#readline.close();
    this.#wake();
    this.#wakeAhead();
  }
}
