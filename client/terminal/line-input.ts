// What keys do to the line that is being typed, until it is entered: text, editing, earlier lines, Tab, paste. What it
// looks like, and what an entered line means, is for live-screen.ts.

import { Browsing } from "./browsing.js";
import { Completing } from "./completing.js";
import { actionOf, focusIn, focusOut, textOf, type Action, type Key } from "./keys.js";
import { LineEditor } from "./line-editor.js";
import { Paste } from "./paste.js";
import type { ScreenOptions } from "./screen.js";

/** Beyond this nothing more is taken into a line. */
const maxLineUnits = 256 * 1024;
const typingEveryMs = 1_000;

export interface LineInputOptions extends Pick<ScreenOptions, "history" | "complete"> {
  /** Above the line. */
  readonly print: (text: string) => void;
  readonly ring: () => void;
  readonly columns: () => number;
  readonly onLine: (line: string) => void;
  /** The line, or the cursor in it, may be another. */
  readonly onChange: () => void;
  /** Called with what is being typed, at most some times in a second. */
  readonly onTyping: (line: string) => void;
  readonly onFocus: (isThere: boolean) => void;
  /** Keys that are not for the line: Ctrl-C and Ctrl-D when it is empty, Ctrl-L, Ctrl-Z. */
  readonly onKey: (action: "interrupt" | "end" | "clearScreen" | "suspend") => void;
}

export class LineInput {
  /** Whether a question is being answered: that is one line, and no part of the history. */
  isAnswer = false;
  readonly #options: LineInputOptions;
  readonly #editor = new LineEditor();
  readonly #browsing: Browsing;
  readonly #completing: Completing;
  readonly #paste: Paste;
  #lastKey = "";
  #toldTypingAt = -Infinity;

  constructor(options: LineInputOptions) {
    this.#options = options;
    this.#browsing = new Browsing(this.#editor, options.history);
    this.#completing = new Completing({ ...options, editor: this.#editor });
    this.#paste = new Paste((text) => {
      this.#take(text);
    });
  }

  get text(): string {
    return this.#editor.text;
  }

  /** In UTF-16 units. */
  get cursor(): number {
    return this.#editor.cursor;
  }

  /** What is searched for among earlier lines; undefined when nothing is. */
  get query(): string | undefined {
    return this.#browsing.query;
  }

  /** What was cut is not put in again. */
  forget(): void {
    this.#editor.forget();
  }

  /** A paste that goes on is over. */
  close(): void {
    this.#paste.end();
  }

  /** @param text what the key writes by itself */
  press(text: string | undefined, key: Key): void {
    const { sequence } = key;
    if (sequence === focusIn || sequence === focusOut) {
      this.#options.onFocus(sequence === focusIn);
      return;
    }
    this.#options.onFocus(true);
    const action = actionOf(key);
    if (action === "pasteStart") this.#paste.begin();
    else if (action === "pasteEnd") this.#paste.end();
    else if (this.#paste.isGoingOn) this.#paste.add(sequence ?? text ?? "");
    else if (action !== undefined) this.#do(action, key.name ?? "");
    else this.#type(textOf(text, key));
    this.#lastKey = this.#paste.isGoingOn ? "" : (key.name ?? "");
    this.#options.onChange();
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
    if (text.length > room) this.#options.ring();
    this.#browsing.take();
    const taken = text.slice(0, room);
    this.#editor.insert(this.isAnswer ? taken.replaceAll("\n", " ") : taken);
    this.#options.onChange();
    const now = performance.now();
    if (this.isAnswer || now - this.#toldTypingAt < typingEveryMs) return;
    this.#toldTypingAt = now;
    this.#options.onTyping(this.#editor.text);
  }

  #do(action: Action, name: string): void {
    if (this.#browsing.query !== undefined) {
      if (this.#doInSearch(action, this.#browsing.query)) return;
      this.#browsing.take();
    }
    switch (action) {
      case "enter":
        // A line end of two characters is one.
        if (name !== "enter" || this.#lastKey !== "return" || this.text !== "") this.#enter();
        break;
      case "newline":
        this.#take("\n");
        break;
      case "complete":
        if (!this.isAnswer) void this.#completing.press().then(this.#options.onChange);
        break;
      case "up":
        if (!this.#editor.up() && !this.isAnswer) this.#browsing.older();
        break;
      case "down":
        if (!this.#editor.down() && !this.isAnswer) this.#browsing.newer();
        break;
      case "search":
        if (!this.isAnswer) this.#browsing.search();
        break;
      case "deleteOrEnd":
        if (this.text === "") this.#options.onKey("end");
        else this.#editor.deleteForward();
        break;
      case "interrupt":
        this.#interrupt();
        break;
      case "clearScreen":
      case "suspend":
        this.#options.onKey(action);
        break;
      case "cancel":
      case "pasteStart":
      case "pasteEnd":
        break;
      default:
        this.#editor[action]();
    }
  }

  /** Whether the key was for the search; any other takes what was found. */
  #doInSearch(action: Action, query: string): boolean {
    if (action === "search") this.#browsing.search();
    else if (action === "deleteBack") this.#browsing.searchFor(query.slice(0, -1));
    else if (action === "cancel" || action === "interrupt") this.#browsing.cancel();
    else return false;
    return true;
  }

  #enter(): void {
    const { text } = this;
    if (!this.isAnswer) this.#options.history.add(text);
    this.#empty();
    this.#options.onLine(text);
  }

  #interrupt(): void {
    if (this.text === "") this.#options.onKey("interrupt");
    else this.#empty();
  }

  #empty(): void {
    this.#editor.set("");
    this.#browsing.reset();
  }
}
