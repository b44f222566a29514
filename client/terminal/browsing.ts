// Lines that were entered earlier, brought back into the editor: one by one, or by a part of them that is typed. What
// was being typed before comes back at the end. No screen.

import type { LineEditor } from "./line-editor.js";
import type { History } from "./screen.js";

export class Browsing {
  readonly #editor: LineEditor;
  readonly #history: History;
  /** How many lines back; 0 is what is being typed. */
  #back = 0;
  #unsent = "";
  #query: string | undefined;

  constructor(editor: LineEditor, history: History) {
    this.#editor = editor;
    this.#history = history;
  }

  /** What is searched for; undefined when nothing is. */
  get query(): string | undefined {
    return this.#query;
  }

  older(): void {
    this.#go(this.#back + 1);
  }

  newer(): void {
    this.#go(this.#back - 1);
  }

  /** Begins to search, or goes on to an older line that has it. */
  search(): void {
    if (this.#query === undefined) this.#query = "";
    else this.#find(this.#back + 1);
  }

  /** The query is longer now, or other. */
  searchFor(query: string): void {
    this.#query = query;
    this.#find(Math.max(1, this.#back));
  }

  /** Ends the search with the line that was found. */
  take(): void {
    this.#query = undefined;
  }

  /** Ends the search with what was being typed before. */
  cancel(): void {
    this.#go(0);
    this.#query = undefined;
  }

  /** A line was entered, or given up: what comes is new. */
  reset(): void {
    this.#back = 0;
    this.#query = undefined;
  }

  #find(from: number): void {
    const { lines } = this.#history;
    for (let back = from; back <= lines.length; back++) {
      if (
        lines
          .at(-back)
          ?.toLowerCase()
          .includes(this.#query?.toLowerCase() ?? "") !== true
      )
        continue;
      this.#go(back);
      return;
    }
  }

  #go(back: number): void {
    if (back < 0 || back > this.#history.lines.length || back === this.#back) return;
    if (this.#back === 0) this.#unsent = this.#editor.text;
    this.#back = back;
    this.#editor.set(back === 0 ? this.#unsent : (this.#history.lines.at(-back) ?? ""));
  }
}
