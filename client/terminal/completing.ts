// What Tab does to the line: one choice is put in, of several what they have in common; pressed again, they are listed.
// The answer may take a moment, and is dropped when the line has changed meanwhile.

import { visibleLine } from "../chat/visible.js";
import { columnsOf } from "./columns.js";
import type { LineEditor } from "./line-editor.js";
import type { Choice, Completion, ScreenOptions } from "./screen.js";

const timeoutMs = 2_000;
const maxListed = 100;

export interface CompletingOptions extends Pick<ScreenOptions, "complete"> {
  readonly editor: LineEditor;
  readonly print: (text: string) => void;
  readonly ring: () => void;
  readonly columns: () => number;
}

export class Completing {
  readonly #options: CompletingOptions;
  /** The line for which Tab was pressed last and could do nothing. */
  #stuckAt: string | undefined;
  #asked = 0;

  constructor(options: CompletingOptions) {
    this.#options = options;
  }

  async press(): Promise<void> {
    const { editor, complete, ring } = this.#options;
    const { text, cursor } = editor;
    const asked = ++this.#asked;
    const completion = await Promise.race([complete(text, cursor), noneAfter(timeoutMs)]).catch(() => none);
    if (asked !== this.#asked || editor.text !== text || editor.cursor !== cursor) return;
    const { choices, from } = completion;
    const [only, ...others] = choices;
    if (only === undefined) ring();
    else if (others.length === 0) this.#put(from, withBlank(only.text));
    else this.#offer(from, choices);
  }

  #offer(from: number, choices: readonly Choice[]): void {
    const { editor } = this.#options;
    const typed = editor.text.slice(from, editor.cursor);
    const common = commonStart(choices.map(({ text }) => text));
    if (common.length > typed.length) {
      this.#put(from, common);
      return;
    }
    if (this.#stuckAt === editor.text) this.#list(choices);
    this.#stuckAt = editor.text;
  }

  #put(from: number, text: string): void {
    this.#options.editor.replaceFrom(from, text);
    this.#stuckAt = undefined;
  }

  #list(choices: readonly Choice[]): void {
    const shown = choices.slice(0, maxListed).map(({ text, shown = text }) => visibleLine(shown));
    const more = choices.length - shown.length;
    const { print, columns } = this.#options;
    print(columnsOf(shown, columns()) + (more > 0 ? `\n… and ${more} more` : ""));
  }
}

const none: Completion = { from: 0, choices: [] };

async function noneAfter(ms: number): Promise<Completion> {
  await new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
  return none;
}

// Into a folder one goes on; behind a text that is to be changed no blank is wanted.
function withBlank(text: string): string {
  return text.endsWith("/") || (/\s/.test(text) && !/["']$/.test(text)) ? text : `${text} `;
}

function commonStart(texts: readonly string[]): string {
  let [common = ""] = texts;
  for (const text of texts) while (!text.startsWith(common)) common = common.slice(0, -1);
  return common;
}
