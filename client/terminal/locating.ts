// Asks the terminal where its cursor is (ECMA-48, DSR 6 and CPR). After a resize nobody else knows: most terminals break
// the cursor's row anew as they do all others, some leave that one to the program.

const timeoutMs = 200;
/** What every control sequence begins with (CSI); behind it come the row, the column and R. */
const begin = "\x1b[";
const reportSoFar = /^\d+(;\d*)?$/;
const wholeReport = /^\d+;(\d+)R$/;

export interface LocatingOptions {
  readonly ask: (sequence: string) => void;
  /** The column, from 0; undefined when the terminal does not say. */
  readonly onFound: (column: number | undefined) => void;
}

export class Locating {
  readonly #options: LocatingOptions;
  /** Questions without an answer: only that to the last one is true still. */
  #openCount = 0;
  /** As much of an answer as has come. */
  #report = "";
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LocatingOptions) {
    this.#options = options;
  }

  get isGoingOn(): boolean {
    return this.#openCount > 0;
  }

  begin(): void {
    this.#openCount += 1;
    this.#options.ask("\x1b[6n");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#end(undefined);
    }, timeoutMs);
  }

  /** Whether what came from the keyboard is of an answer: Node takes one apart that has large numbers. */
  takes(sequence = ""): boolean {
    if (!this.isGoingOn) return false;
    const report = this.#report + sequence;
    const numbers = report.startsWith(begin) ? report.slice(begin.length) : "";
    const column = wholeReport.exec(numbers)?.[1];
    this.#report = column === undefined && reportSoFar.test(numbers) ? report : "";
    if (column === undefined) return this.#report !== "";
    if (this.#openCount === 1) this.#end(Number(column) - 1);
    else this.#openCount -= 1;
    return true;
  }

  /** Nobody wants to know any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#openCount = 0;
    this.#report = "";
  }

  #end(column: number | undefined): void {
    this.close();
    this.#options.onFound(column);
  }
}
