// A room's entries as they were first seen. Every member's bytes are held against them, so that order, holes and
// doubles are checked at the price of comparing memory.

import { Buffer } from "node:buffer";

export class RoomRecord {
  #bytes = Buffer.allocUnsafe(1024 * 1024);
  #length = 0;
  /** Where the line of each number ends, from the number that the record began behind. */
  #ends = [0];
  #base;

  /** The highest number that was seen. */
  get head() {
    return (this.#base ?? 0) + this.#ends.length - 1;
  }

  /** Where the entries above a number begin; undefined when they are not known yet. */
  offsetAfter(seq) {
    this.#base ??= seq;
    return this.#ends[seq - this.#base];
  }

  /** Whether everything is there up to this offset. */
  isAtEnd(offset) {
    return offset === this.#length;
  }

  isLineStart(offset) {
    return offset === 0 || this.#bytes[offset - 1] === 0x0a;
  }

  /** How many bytes from `at` on are as they were recorded from `offset` on: all that both have, or none. */
  match(offset, bytes, at) {
    const length = Math.min(bytes.length - at, this.#length - offset);
    return length > 0 && bytes.compare(this.#bytes, offset, offset + length, at, at + length) === 0
      ? length
      : 0;
  }

  /** Adds the line of the next entry; false when its number is another. */
  add(line) {
    if (seqOf(line) !== this.head + 1) return false;
    if (this.#length + line.length > this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes], this.#bytes.length * 2 + line.length);
    }
    line.copy(this.#bytes, this.#length);
    this.#length += line.length;
    this.#ends.push(this.#length);
    return true;
  }
}

function seqOf(line) {
  return Number.parseInt(line.toString("latin1", line.indexOf('"seq":') + 6).slice(0, 16), 10);
}
