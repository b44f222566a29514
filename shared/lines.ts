// Bytes to lines. The splitter is bounded: it holds at most one line of `maxLineBytes`, scans every byte
// once however the line is cut into packets, and skips a longer line without keeping it.
// It knows nothing of JSON; `parseRequest` in protocol.ts does.

/** Stands in the place of a line that was too long. */
export const tooLong = Symbol("a line that was too long");

/**
 * A line without its line feed, part of the bytes that were pushed or a copy that is valid until the next push; or the
 * mark of a skipped one.
 */
export type Line = Uint8Array | typeof tooLong;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const nothing: Uint8Array = new Uint8Array(0);

export class LineSplitter {
  readonly #maxLineBytes: number;
  readonly #allocate: (bytes: number) => Uint8Array;
  #held = nothing;
  #heldBytes = 0;
  /** Memory of a line that was passed on, for the next one that comes in pieces. */
  #passed = nothing;
  #spare = nothing;
  #isSkipping = false;

  /**
   * @param maxLineBytes the longest line that is passed on, its line ending not counted
   * @param allocate may give memory that nobody has cleared: what is not overwritten is not passed on
   */
  constructor(maxLineBytes: number, allocate = (bytes: number): Uint8Array => new Uint8Array(bytes)) {
    this.#maxLineBytes = maxLineBytes;
    this.#allocate = allocate;
  }

  /**
   * Takes the next bytes and returns the lines that they complete. Empty lines mean nothing and are left out.
   * A line that grows too long is reported as soon as that is known, once, and skipped to its end.
   */
  push(bytes: Uint8Array): Line[] {
    const lines: Line[] = [];
    this.#spare = this.#passed;
    this.#passed = nothing;
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(lineFeed, start);
      if (end === -1) break;
      this.#complete(bytes.subarray(start, end), lines);
      start = end + 1;
    }
    if (start < bytes.length) this.#hold(bytes.subarray(start), lines);
    // Who sends whole lines again keeps no memory here.
    this.#spare = nothing;
    if (this.#heldBytes === 0) this.#passed = nothing;
    return lines;
  }

  /** The last line of an input that ended without a line feed, if there is one. */
  end(): Line[] {
    const lines: Line[] = [];
    this.#complete(nothing, lines);
    return lines;
  }

  #complete(tail: Uint8Array, lines: Line[]): void {
    if (this.#isSkipping) {
      this.#isSkipping = false;
      return;
    }
    // Looked at before it is joined: whoever pushes large pieces must not have them copied.
    if (this.#heldBytes + tail.length > this.#maxLineBytes + 1) {
      lines.push(tooLong);
      this.#release();
      return;
    }
    let line = tail;
    if (this.#heldBytes > 0) {
      this.#append(tail);
      line = this.#held.subarray(0, this.#heldBytes);
      this.#passed = this.#held;
      this.#release();
    }
    if (line.at(-1) === carriageReturn) line = line.subarray(0, -1);
    if (line.length > this.#maxLineBytes) lines.push(tooLong);
    else if (line.length > 0) lines.push(line);
  }

  #hold(part: Uint8Array, lines: Line[]): void {
    if (this.#isSkipping) return;
    // One byte more than a line may have: it could be the carriage return.
    if (this.#heldBytes + part.length > this.#maxLineBytes + 1) {
      lines.push(tooLong);
      this.#isSkipping = true;
      this.#release();
      return;
    }
    this.#append(part);
  }

  // Copies into one growing buffer rather than keeping the packets: a line that is dribbled byte by byte
  // would otherwise hold an object per byte.
  #append(part: Uint8Array): void {
    const needed = this.#heldBytes + part.length;
    if (needed > this.#held.length) {
      const larger = this.#roomFor(needed);
      larger.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = larger;
    }
    this.#held.set(part, this.#heldBytes);
    this.#heldBytes = needed;
  }

  // The next line in pieces is mostly as long as the last, as chunks of a file are.
  #roomFor(bytes: number): Uint8Array {
    const spare = this.#spare;
    this.#spare = nothing;
    if (spare.length >= bytes) return spare;
    return this.#allocate(Math.max(bytes, this.#held.length * 2, this.#passed.length, 256));
  }

  #release(): void {
    this.#held = nothing;
    this.#heldBytes = 0;
  }
}
