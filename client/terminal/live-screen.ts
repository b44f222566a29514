// A screen for terminals that can move their cursor: what is being typed stays whole at the bottom, whatever is printed.
// Keys come in, decoded by Node, and go to line-input.ts; region.ts says what the bottom looks like, drawing.ts draws it.

import { emitKeypressEvents } from "node:readline";
import { visibleLine } from "../chat/visible.js";
import { ClientError } from "../failures.js";
import { Drawing } from "./drawing.js";
import { Entered } from "./entered.js";
import type { Key } from "./keys.js";
import { LineInput } from "./line-input.js";
import { regionOf, type Region } from "./region.js";
import type { Screen, ScreenOptions } from "./screen.js";

/** Of the screen's rows, the part that a long text may take. */
const inputShare = 1 / 3;

// Paste is told from keys, and whether somebody looks on (xterm's modes 2004 and 1004).
const modesOn = "\x1b[?2004h\x1b[?1004h";
const modesOff = "\x1b[?1004l\x1b[?2004l";

export function openLiveScreen(options: ScreenOptions): Screen {
  return new LiveScreen(options);
}

interface Question {
  readonly text: string;
  readonly isSecret: boolean;
}

class LiveScreen implements Screen {
  readonly interrupted: AbortSignal;
  readonly #options: ScreenOptions;
  readonly #interruption = new AbortController();
  readonly #entered = new Entered();
  readonly #line: LineInput;
  readonly #drawing: Drawing;
  #prompt = "";
  #rows: readonly string[] = [];
  #question: Question | undefined;
  #takesInterrupt: () => boolean = () => false;
  #tellTyping: (line: string) => void = () => undefined;
  #tellFocus: (isThere: boolean) => void = () => undefined;
  #tellResize: () => void = () => undefined;

  constructor(options: ScreenOptions) {
    this.#options = options;
    this.interrupted = this.#interruption.signal;
    this.#drawing = new Drawing(options.output, () => this.#compose());
    this.#line = this.#openLine();
    const { input, output } = options;
    emitKeypressEvents(input);
    input.on("keypress", this.#onKey);
    for (const event of ["end", "close", "error"]) input.on(event, this.#onEnd);
    output.on("resize", this.#onResize).on("error", this.#onEnd);
    this.#begin();
  }

  get columns(): number {
    return this.#drawing.columns;
  }

  get drained(): Promise<void> | undefined {
    return this.#drawing.drained;
  }

  async next(): Promise<string | undefined> {
    return this.#entered.next();
  }

  async ask(text: string, { isSecret = false } = {}): Promise<string | undefined> {
    this.#setQuestion({ text, isSecret });
    const answer = await this.#entered.next();
    this.#setQuestion(undefined);
    if (isSecret) this.#line.forget();
    if (answer !== undefined) this.print(text + (isSecret ? "" : visibleLine(answer)));
    return answer;
  }

  async ahead(isSuch: (line: string) => boolean): Promise<void> {
    await this.#entered.ahead(isSuch);
  }

  print(text: string): void {
    this.#drawing.print(text);
  }

  echo(text: string): void {
    this.print(text);
  }

  setPrompt(prompt: string): void {
    this.#prompt = prompt;
    this.#drawing.soon();
  }

  setRows(rows: readonly string[]): void {
    this.#rows = rows;
    this.#drawing.later();
  }

  ring(): void {
    this.#drawing.ring();
  }

  onInterrupt(takes: () => boolean): void {
    this.#takesInterrupt = takes;
  }

  onTyping(listener: (line: string) => void): void {
    this.#tellTyping = listener;
  }

  onFocus(listener: (isThere: boolean) => void): void {
    this.#tellFocus = listener;
  }

  onResize(listener: () => void): void {
    this.#tellResize = listener;
  }

  close(): void {
    this.#end();
  }

  readonly #onKey = (text: string | undefined, key: Key): void => {
    if (!this.#entered.isEnded && !this.#drawing.takes(key.sequence)) this.#line.press(text, key);
  };

  readonly #onEnd = (): void => {
    this.#end();
  };

  readonly #onResize = (): void => {
    this.#drawing.resized();
    this.#tellResize();
  };

  #openLine(): LineInput {
    const { history, complete } = this.#options;
    return new LineInput({
      history,
      complete,
      print: (text) => {
        this.print(text);
      },
      ring: () => {
        this.ring();
      },
      columns: () => this.columns,
      onLine: (line) => {
        this.#entered.add(line);
      },
      onChange: () => {
        this.#drawing.soon();
      },
      onTyping: (line) => {
        this.#tellTyping(line);
      },
      onFocus: (isThere) => {
        this.#tellFocus(isThere);
      },
      onKey: (action) => {
        if (action === "interrupt") this.#interrupt();
        else if (action === "end") this.#end();
        else if (action === "clearScreen") this.#drawing.clear();
        else this.#suspend();
      },
    });
  }

  #setQuestion(question: Question | undefined): void {
    this.#question = question;
    this.#line.isAnswer = question !== undefined;
    this.#drawing.soon();
  }

  #begin(): void {
    const { input, output } = this.#options;
    input.setRawMode?.(true);
    input.resume();
    output.write(modesOn);
    this.#drawing.later();
  }

  #giveBack(): void {
    const { input, output } = this.#options;
    output.write(modesOff);
    input.setRawMode?.(false);
  }

  #end(): void {
    if (this.#entered.isEnded) return;
    this.#entered.end();
    this.#line.close();
    const { input, output } = this.#options;
    // What was being typed stays to be seen, and nothing else of ours.
    this.#rows = [];
    if (this.#line.text !== "" && this.#question?.isSecret !== true)
      this.print(this.#compose().rows.join("\n"));
    this.#drawing.close();
    this.#giveBack();
    input.off("keypress", this.#onKey).pause();
    output.off("resize", this.#onResize);
  }

  #compose(): Region {
    const { rows, columns } = this.#drawing;
    const inputRows = Math.max(1, Math.floor(rows * inputShare));
    const room = this.#question === undefined ? Math.max(0, rows - inputRows - 1) : 0;
    const above = this.#rows.slice(Math.max(0, this.#rows.length - room));
    return regionOf(above, { prompt: this.#shownPrompt(), ...this.#shownText() }, { columns, inputRows });
  }

  #shownPrompt(): string {
    const { query } = this.#line;
    if (query !== undefined) return `(search: ${query}) `;
    return this.#question?.text ?? this.#prompt;
  }

  #shownText(): { text: string; cursor: number } {
    if (this.#question?.isSecret === true) return { text: "", cursor: 0 };
    const { text, cursor } = this.#line;
    return { text, cursor };
  }

  /** Ctrl-C on an empty line. */
  #interrupt(): void {
    if (this.#question === undefined && this.#takesInterrupt()) return;
    this.#interruption.abort(new ClientError("interrupted", "Interrupted."));
    this.#end();
  }

  #suspend(): void {
    const { suspend } = this.#options;
    if (suspend === undefined) return;
    this.#drawing.erase();
    this.#giveBack();
    suspend(() => {
      if (!this.#entered.isEnded) this.#begin();
    });
  }
}
