// A terminal without a window: takes what a program writes, and says what would be seen on it.

import { Terminal } from "@xterm/headless";
import { Writable } from "node:stream";
import { Watch } from "./watch.js";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export const usualSize: Size = { columns: 80, rows: 24 };

export class VirtualTerminal {
  readonly #terminal: Terminal;
  readonly #watch = new Watch(() => this.text);
  #written = "";

  constructor({ columns, rows }: Size = usualSize) {
    this.#terminal = new Terminal({ cols: columns, rows, scrollback: 20_000, allowProposedApi: true });
  }

  /** Calls the listener with what a terminal says by itself, such as where its cursor is. */
  onReply(listener: (text: string) => void): void {
    this.#terminal.onData(listener);
  }

  /** What was written, as it came. */
  get written(): string {
    return this.#written;
  }

  /** What is on the screen and what has scrolled off it, lines that the terminal has broken put together again. */
  get text(): string {
    const { active } = this.#terminal.buffer;
    let text = "";
    for (let row = 0; row < active.length; row++) {
      const line = active.getLine(row);
      if (line === undefined) continue;
      text += (row > 0 && !line.isWrapped ? "\n" : "") + line.translateToString(true);
    }
    return text.trimEnd();
  }

  /** The rows of the screen as they are seen, without blanks at their ends or empty rows below. */
  get rows(): string[] {
    const { active } = this.#terminal.buffer;
    const rows = Array.from({ length: this.#terminal.rows }, (_, row) =>
      (active.getLine(active.baseY + row)?.translateToString(true) ?? "").trimEnd(),
    );
    while (rows.at(-1) === "") rows.pop();
    return rows;
  }

  /** Where the cursor is, from 0. */
  get cursor(): { row: number; column: number } {
    const { cursorX: column, cursorY: row } = this.#terminal.buffer.active;
    return { row, column };
  }

  write(text: string): Promise<void> {
    this.#written += text;
    return new Promise((resolve) => {
      this.#terminal.write(text, () => {
        this.#watch.look();
        resolve();
      });
    });
  }

  resize({ columns, rows }: Size): void {
    this.#terminal.resize(columns, rows);
  }

  /** Resolves when it is to be seen, or has been. */
  async sees(wanted: string | RegExp, deadline?: number): Promise<void> {
    await this.#watch.sees(wanted, deadline);
  }

  /** For a program that runs in this process, in the place of its stdout. */
  stream(): Writable & Size {
    const terminal = this.#terminal;
    const stream = new Writable({
      write: (bytes: Buffer, _encoding, done) => {
        // As a terminal's driver does.
        void this.write(bytes.toString().replace(/(?<!\r)\n/g, "\r\n"));
        done();
      },
    });
    Object.defineProperty(stream, "columns", { get: () => terminal.cols });
    Object.defineProperty(stream, "rows", { get: () => terminal.rows });
    return stream as Writable & Size;
  }
}
