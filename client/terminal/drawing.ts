// Puts frames on a terminal: what was printed goes above, the region at the bottom is drawn anew below it. One write a
// frame, so that nothing is ever seen half. When much is printed it goes in pieces, so that a key need not wait for it.

import type { Writable } from "node:stream";
import { Locating } from "./locating.js";
import type { Region } from "./region.js";
import { widthOf } from "./width.js";

const frameEveryMs = 16;
const maxFrameUnits = 64 * 1024;
/** From here on whoever prints should wait. */
const manyUnits = 512 * 1024;

// Older terminals pass over what they do not know (DEC private modes 25 and 2026).
const beginFrame = "\x1b[?2026h\x1b[?25l";
const endFrame = "\x1b[?25h\x1b[?2026l";

// A terminal that takes an emoji for wider than we do must not break our rows (DECAWM).
const noWrap = "\x1b[?7l";
const wrap = "\x1b[?7h";

type Output = Writable & { readonly columns?: number; readonly rows?: number };

interface Drawn extends Region {
  readonly columns: number;
}

export class Drawing {
  readonly #output: Output;
  readonly #compose: () => Region;
  #printed: string[] = [];
  #printedUnits = 0;
  #drawn: Drawn | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isDue = false;
  #isBlocked = false;
  #isOver = false;
  #drained: { promise: Promise<void>; resolve: () => void } | undefined;
  readonly #locating: Locating;
  /** Whether the terminal has broken the cursor's row for its new width, too. */
  #isCursorRowBroken = false;

  /** @param compose what is to be at the bottom */
  constructor(output: Output, compose: () => Region) {
    this.#output = output;
    this.#compose = compose;
    this.#locating = new Locating({
      ask: (sequence) => output.write(sequence),
      onFound: (column) => {
        this.#isCursorRowBroken = this.#wouldBeAt() === column;
        this.#draw();
      },
    });
    output.on("drain", () => {
      this.#isBlocked = false;
      this.later();
    });
  }

  get columns(): number {
    return known(this.#output.columns) ?? 80;
  }

  get rows(): number {
    return known(this.#output.rows) ?? 24;
  }

  get drained(): Promise<void> | undefined {
    return this.#drained?.promise;
  }

  print(text: string): void {
    if (this.#isOver) {
      this.#output.write(`${text}\n`);
      return;
    }
    this.#printed.push(text);
    this.#printedUnits += text.length;
    if (this.#printedUnits > manyUnits) this.#drained ??= newPromise();
    this.later();
  }

  /** Draws soon, with whatever happens until then. */
  later(): void {
    if (!this.#isOver)
      this.#timer ??= setTimeout(() => {
        this.#draw();
      }, frameEveryMs);
  }

  /** Draws when what happens at this moment is over: for what somebody waits to see. */
  soon(): void {
    if (this.#isDue || this.#isOver) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#draw();
    });
  }

  /** The terminal has another size. */
  resized(): void {
    // One column less than it has is where a row that is not broken ends: then nobody can tell, and it is left alone.
    const column = this.#wouldBeAt();
    if (column !== undefined && column < this.columns - 1) this.#locating.begin();
    else this.later();
  }

  /** Whether a key's sequence was for us. */
  takes(sequence: string | undefined): boolean {
    return this.#locating.takes(sequence);
  }

  /** Takes the region away, and prints all that was to be printed. */
  erase(): void {
    this.#locating.close();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const printed = this.#printed.map(withLineEnd).join("");
    this.#printed = [];
    this.#printedUnits = 0;
    this.#output.write(`${this.#toTop()}${printed}`);
    this.#drawn = undefined;
    this.#settle();
  }

  /** Begins with an empty screen. */
  clear(): void {
    this.#output.write("\x1b[2J\x1b[H");
    this.#drawn = undefined;
    this.soon();
  }

  ring(): void {
    this.#output.write("\x07");
  }

  /** From now on what is printed is only written. */
  close(): void {
    if (this.#isOver) return;
    this.erase();
    this.#isOver = true;
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isOver || this.#isBlocked || this.#locating.isGoingOn) return;
    const region = this.#compose();
    const printed = this.#take();
    if (printed === "" && isSame(this.#drawn, region, this.columns)) return;
    const frame = `${beginFrame}${this.#toTop()}${printed}${noWrap}${textOf(region)}${wrap}${endFrame}`;
    this.#drawn = { ...region, columns: this.columns };
    this.#isCursorRowBroken = false;
    this.#isBlocked = !this.#output.write(frame);
    if (this.#printed.length > 0) this.later();
    else this.#settle();
  }

  /** As much as goes into a frame. */
  #take(): string {
    let units = 0;
    let count = 0;
    while (count < this.#printed.length && units < maxFrameUnits)
      units += this.#printed[count++]?.length ?? 0;
    this.#printedUnits -= units;
    return this.#printed.splice(0, count).map(withLineEnd).join("");
  }

  #settle(): void {
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  /** To the first row of what is drawn, and nothing left from there on. */
  #toTop(): string {
    if (this.#drawn === undefined) return "";
    const { cursorColumn } = this.#drawn;
    const ofCursor = this.#isCursorRowBroken ? Math.floor(cursorColumn / this.columns) : 0;
    const rows = rowsAbove(this.#drawn, this.columns) + ofCursor;
    return `${rows > 0 ? `\x1b[${rows}A` : ""}\r\x1b[J`;
  }

  /** The column of the cursor if its row was broken; undefined when that row fits. */
  #wouldBeAt(): number | undefined {
    const { cursorColumn = 0 } = this.#drawn ?? {};
    return cursorColumn >= this.columns ? cursorColumn % this.columns : undefined;
  }
}

/** Rows between the top of what was drawn and the cursor's, after the terminal has broken them for its new width. */
function rowsAbove({ rows, cursorRow, columns }: Drawn, columnsNow: number): number {
  if (columnsNow >= columns) return cursorRow;
  const broken = (width: number): number => Math.max(1, Math.ceil(width / columnsNow));
  return rows.slice(0, cursorRow).reduce((sum, row) => sum + broken(widthOf(row)), 0);
}

function textOf({ rows, cursorRow, cursorColumn }: Region): string {
  const up = rows.length - 1 - cursorRow;
  const back = `${up > 0 ? `\x1b[${up}A` : ""}\r${cursorColumn > 0 ? `\x1b[${cursorColumn}C` : ""}`;
  return rows.join("\r\n") + back;
}

function isSame(drawn: Drawn | undefined, region: Region, columns: number): boolean {
  return (
    drawn?.columns === columns &&
    drawn.cursorRow === region.cursorRow &&
    drawn.cursorColumn === region.cursorColumn &&
    drawn.rows.length === region.rows.length &&
    drawn.rows.every((row, at) => row === region.rows[at])
  );
}

// A pseudo-terminal that nobody gave a size says 0.
function known(size: number | undefined): number | undefined {
  return size === 0 ? undefined : size;
}

function withLineEnd(text: string): string {
  return `${text.replaceAll("\n", "\r\n")}\r\n`;
}

function newPromise(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}
