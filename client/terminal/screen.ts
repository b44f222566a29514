// The boundary between a person's terminal and what happens in the rooms: lines come from the keyboard, and text is
// printed above the one being typed. It knows nothing of rooms. live-screen.ts draws, plain-screen.ts only writes. Types
// only.

import type { Readable, Writable } from "node:stream";

export interface Screen {
  readonly columns: number;
  /** Aborted by a Ctrl-C that was for nothing else. */
  readonly interrupted: AbortSignal;
  /** Resolves when the terminal has taken most of what was printed; undefined when little waits. */
  readonly drained: Promise<void> | undefined;
  /** The next line that was entered, also one typed ahead; with line ends when pasted. Undefined when the keyboard is closed. */
  next(): Promise<string | undefined>;
  /** Asks in the place of the prompt. Undefined when the keyboard is closed or Ctrl-C was pressed. */
  ask(question: string, options?: { readonly isSecret?: boolean }): Promise<string | undefined>;
  /** Resolves when such a line is typed ahead, or the keyboard is closed. One may wait for it at a time. */
  ahead(isSuch: (line: string) => boolean): Promise<void>;
  /** Prints above what is being typed: safe text, of one or more lines, styles in it or not. */
  print(text: string): void;
  /** Shows a line that was entered, where it is not to be seen already. */
  echo(text: string): void;
  /** What stands in front of what is typed. */
  setPrompt(prompt: string): void;
  /** What is shown between the room and the input, each row cut to the width. */
  setRows(rows: readonly string[]): void;
  ring(): void;
  /** Ctrl-C on an empty line is asked here first; true means that it was for something else than to end it all. */
  onInterrupt(takes: () => boolean): void;
  /** Called with what is being typed, at most some times in a second. */
  onTyping(listener: (line: string) => void): void;
  /** Whether somebody looks on, where the terminal tells (xterm's mode 1004). A key means yes. */
  onFocus(listener: (isThere: boolean) => void): void;
  onResize(listener: () => void): void;
  /** Gives the terminal back as it was. What is printed later is written all the same. May be called twice. */
  close(): void;
}

export interface ScreenOptions {
  readonly input: Readable & { readonly isTTY?: boolean; setRawMode?(isRaw: boolean): unknown };
  readonly output: Writable & { readonly columns?: number; readonly rows?: number };
  readonly history: History;
  /** What Tab makes of a line, of which all in front of the cursor counts. */
  readonly complete: (line: string, cursor: number) => Promise<Completion>;
  /** Stops the process until somebody continues it, and then calls back; left out where there is no such thing. */
  readonly suspend?: ((resume: () => void) => void) | undefined;
}

/** Lines that were entered earlier, the oldest first. */
export interface History {
  readonly lines: readonly string[];
  add(line: string): void;
}

/** `from` is where the text begins that a choice takes the place of, in UTF-16 units. */
export interface Completion {
  readonly from: number;
  readonly choices: readonly Choice[];
}

export interface Choice {
  readonly text: string;
  /** How it is listed; `text` when left out. */
  readonly shown?: string;
}
