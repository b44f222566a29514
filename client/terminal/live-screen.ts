// A screen for terminals that can move their cursor: what is being typed stays whole at the bottom, whatever is printed.
// Keys come in, decoded by Node; line-editor.ts has the text, region.ts says what it looks like, drawing.ts draws it.

import { emitKeypressEvents } from "node:readline";
import { ClientError } from "../failures.js";
import { Browsing } from "./browsing.js";
import { Completing } from "./completing.js";
import { Drawing } from "./drawing.js";
import { Entered } from "./entered.js";
import { actionOf, focusIn, focusOut, textOf, type Action, type Key } from "./keys.js";
import { LineEditor } from "./line-editor.js";
import { Paste } from "./paste.js";
import { regionOf, type Region } from "./region.js";
import type { Screen, ScreenOptions } from "./screen.js";

/** Beyond this nothing more is taken into a line. */
const maxLineUnits = 256 * 1024;
const typingEveryMs = 1_000;
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
  readonly #editor = new LineEditor();
  readonly #browsing: Browsing;
  readonly #completing: Completing;
  readonly #paste: Paste;
  readonly #drawing: Drawing;
  readonly #onKey: (text: string | undefined, key: Key) => void;
  readonly #onEnd: () => void;
  readonly #onResize: () => void;
  #prompt = "";
  #rows: readonly string[] = [];
  #question: Question | undefined;
  #lastKey = "";
  #toldTypingAt = -Infinity;
  #takesInterrupt: () => boolean = () => false;
  #tellTyping: (line: string) => void = () => undefined;
  #tellFocus: (isThere: boolean) => void = () => undefined;
  #tellResize: () => void = () => undefined;

  constructor(options: ScreenOptions) {
    const { input, output, history, complete } = options;
    this.#options = options;
    this.interrupted = this.#interruption.signal;
    this.#drawing = new Drawing(output, () => this.#compose());
    this.#browsing = new Browsing(this.#editor, history);
    this.#completing = new Completing({
      complete,
      editor: this.#editor,
      print: (text) => {
        this.print(text);
      },
      ring: () => {
        this.ring();
      },
      columns: () => this.columns,
    });
    this.#paste = new Paste((text) => {
      this.#take(text);
    });
    this.#onKey = (text, key) => {
      this.#press(text, key);
    };
    this.#onEnd = () => {
      this.#end();
    };
    this.#onResize = () => {
      this.#drawing.later();
      this.#tellResize();
    };
    emitKeypressEvents(input);
    input
      .on("keypress", this.#onKey)
      .on("end", this.#onEnd)
      .on("close", this.#onEnd)
      .on("error", this.#onEnd);
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
    this.#question = { text, isSecret };
    this.#drawing.soon();
    const answer = await this.#entered.next();
    this.#question = undefined;
    if (isSecret) this.#editor.forget();
    if (answer !== undefined) this.print(text + (isSecret ? "" : answer));
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
    this.#paste.end();
    const { input, output } = this.#options;
    // What was being typed stays to be seen.
    if (this.#editor.text !== "" && this.#question?.isSecret !== true)
      this.print(this.#compose().rows.join("\n"));
    this.#drawing.close();
    this.#giveBack();
    input.off("keypress", this.#onKey).off("end", this.#onEnd).off("close", this.#onEnd).pause();
    output.off("resize", this.#onResize);
  }

  #compose(): Region {
    const { rows, columns } = this.#drawing;
    const question = this.#question;
    const inputRows = Math.max(1, Math.floor(rows * inputShare));
    const room = question === undefined ? Math.max(0, rows - inputRows - 1) : 0;
    const above = this.#rows.slice(Math.max(0, this.#rows.length - room));
    return regionOf(above, { prompt: this.#shownPrompt(), ...this.#shownText() }, { columns, inputRows });
  }

  #shownPrompt(): string {
    const { query } = this.#browsing;
    if (query !== undefined) return `(search: ${query}) `;
    return this.#question?.text ?? this.#prompt;
  }

  #shownText(): { text: string; cursor: number } {
    if (this.#question?.isSecret === true) return { text: "", cursor: 0 };
    const { text, cursor } = this.#editor;
    return { text, cursor };
  }

  #press(text: string | undefined, key: Key): void {
    if (this.#entered.isEnded) return;
    const { sequence } = key;
    if (sequence === focusIn || sequence === focusOut) {
      this.#tellFocus(sequence === focusIn);
      return;
    }
    this.#tellFocus(true);
    const action = actionOf(key);
    if (action === "pasteStart") this.#paste.begin();
    else if (action === "pasteEnd") this.#paste.end();
    else if (this.#paste.isGoingOn) this.#paste.add(sequence ?? text ?? "");
    else if (action !== undefined) this.#do(action, key.name ?? "");
    else this.#type(textOf(text, key));
    this.#lastKey = this.#paste.isGoingOn ? "" : (key.name ?? "");
    this.#drawing.soon();
  }

  #type(text: string | undefined): void {
    if (text === undefined) return;
    const { query } = this.#browsing;
    if (query !== undefined) this.#browsing.searchFor(query + text);
    else this.#take(text);
  }

  /** Text that was typed or pasted. */
  #take(text: string): void {
    const room = maxLineUnits - this.#editor.text.length;
    if (text.length > room) this.ring();
    this.#browsing.take();
    this.#editor.insert(
      this.#question === undefined ? text.slice(0, room) : text.slice(0, room).replaceAll("\n", " "),
    );
    this.#drawing.soon();
    const now = performance.now();
    if (this.#question !== undefined || now - this.#toldTypingAt < typingEveryMs) return;
    this.#toldTypingAt = now;
    this.#tellTyping(this.#editor.text);
  }

  #do(action: Action, name: string): void {
    const { query } = this.#browsing;
    if (query !== undefined && action === "deleteBack") {
      this.#browsing.searchFor(query.slice(0, -1));
      return;
    }
    if (action !== "search") this.#browsing.take();
    // It stops the search, and nothing else.
    if (action === "interrupt" && query !== undefined && this.#editor.text === "") return;
    switch (action) {
      case "enter":
        // A line end of two characters is one.
        if (name !== "enter" || this.#lastKey !== "return" || this.#editor.text !== "") this.#enter();
        break;
      case "newline":
        this.#take("\n");
        break;
      case "complete":
        if (this.#question === undefined)
          void this.#completing.press().then(() => {
            this.#drawing.soon();
          });
        break;
      case "up":
        if (!this.#editor.up() && this.#question === undefined) this.#browsing.older();
        break;
      case "down":
        if (!this.#editor.down() && this.#question === undefined) this.#browsing.newer();
        break;
      case "search":
        if (this.#question === undefined) this.#browsing.search();
        break;
      case "deleteOrEnd":
        if (this.#editor.text === "") this.#end();
        else this.#editor.deleteForward();
        break;
      case "interrupt":
        this.#interrupt();
        break;
      case "clearScreen":
        this.#drawing.clear();
        break;
      case "suspend":
        this.#suspend();
        break;
      case "cancel":
      case "pasteStart":
      case "pasteEnd":
        break;
      default:
        this.#editor[action]();
    }
  }

  #enter(): void {
    const { text } = this.#editor;
    if (this.#question === undefined) this.#options.history.add(text);
    this.#editor.set("");
    this.#browsing.reset();
    this.#entered.add(text);
  }

  #interrupt(): void {
    if (this.#editor.text !== "") {
      this.#editor.set("");
      this.#browsing.reset();
      return;
    }
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
