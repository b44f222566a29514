// The line that is being typed: a text and a cursor in it, and what keys do to them. A text may have several lines. The
// cursor never stands inside of what a person takes for one character (a grapheme cluster, Unicode UAX 29). No screen.

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** How far one looks for the edge of a character, in UTF-16 units; longer clusters are nobody's writing. */
const maxClusterUnits = 256;

export class LineEditor {
  #text = "";
  #cursor = 0;
  /** What was cut last, to be put in again. */
  #cut = "";

  get text(): string {
    return this.#text;
  }

  /** In UTF-16 units. */
  get cursor(): number {
    return this.#cursor;
  }

  set(text: string, cursor = text.length): void {
    this.#text = text;
    this.#cursor = cursor;
  }

  insert(text: string): void {
    this.#replace(this.#cursor, this.#cursor, text);
  }

  /** Puts a text in the place of what is between there and the cursor. */
  replaceFrom(from: number, text: string): void {
    this.#replace(from, this.#cursor, text);
  }

  left(): void {
    this.#cursor = this.#before(this.#cursor);
  }

  right(): void {
    this.#cursor = this.#after(this.#cursor);
  }

  wordLeft(): void {
    this.#cursor = this.#wordBefore();
  }

  wordRight(): void {
    this.#cursor = this.#wordAfter();
  }

  home(): void {
    this.#cursor = this.#lineStart(this.#cursor);
  }

  end(): void {
    this.#cursor = this.#lineEnd(this.#cursor);
  }

  deleteBack(): void {
    this.#replace(this.#before(this.#cursor), this.#cursor, "");
  }

  deleteForward(): void {
    this.#replace(this.#cursor, this.#after(this.#cursor), "");
  }

  cutToEnd(): void {
    const end = this.#lineEnd(this.#cursor);
    // At the end of a line it is the line end that goes.
    this.#cutOut(this.#cursor, end === this.#cursor ? this.#after(end) : end);
  }

  cutToStart(): void {
    this.#cutOut(this.#lineStart(this.#cursor), this.#cursor);
  }

  cutWordBack(): void {
    this.#cutOut(this.#wordBefore(), this.#cursor);
  }

  cutWordForward(): void {
    this.#cutOut(this.#cursor, this.#wordAfter());
  }

  putBack(): void {
    this.insert(this.#cut);
  }

  /** The characters around the cursor change places. */
  transpose(): void {
    const middle = this.#cursor === this.#text.length ? this.#before(this.#cursor) : this.#cursor;
    const [start, end] = [this.#before(middle), this.#after(middle)];
    if (start === middle || middle === end) return;
    const swapped = this.#text.slice(middle, end) + this.#text.slice(start, middle);
    this.#replace(start, end, swapped);
  }

  /** A line up in a text of several; false when there is none. */
  up(): boolean {
    const start = this.#lineStart(this.#cursor);
    if (start === 0) return false;
    const above = this.#lineStart(start - 1);
    this.#cursor = this.#edgeAtOrAfter(Math.min(above + this.#cursor - start, start - 1));
    return true;
  }

  /** A line down; false when there is none. */
  down(): boolean {
    const end = this.#lineEnd(this.#cursor);
    if (end === this.#text.length) return false;
    const column = this.#cursor - this.#lineStart(this.#cursor);
    this.#cursor = this.#edgeAtOrAfter(Math.min(end + 1 + column, this.#lineEnd(end + 1)));
    return true;
  }

  #replace(from: number, to: number, text: string): void {
    this.#text = this.#text.slice(0, from) + text + this.#text.slice(to);
    // What is left may have become one with what stands behind it.
    this.#cursor = this.#edgeAtOrAfter(from + text.length);
  }

  /** What was cut is not to be seen by who looks later: it may have been a secret. */
  forget(): void {
    this.#cut = "";
  }

  #cutOut(from: number, to: number): void {
    if (from === to) return;
    this.#cut = this.#text.slice(from, to);
    this.#replace(from, to, "");
  }

  #lineStart(at: number): number {
    return this.#text.lastIndexOf("\n", at - 1) + 1;
  }

  #lineEnd(at: number): number {
    const end = this.#text.indexOf("\n", at);
    return end === -1 ? this.#text.length : end;
  }

  #before(at: number): number {
    if (at === 0) return 0;
    const from = Math.max(this.#lineStart(at - 1), at - maxClusterUnits);
    const last = [...segmenter.segment(this.#text.slice(Math.min(from, at - 1), at))].at(-1);
    return at - (last?.segment.length ?? 1);
  }

  #after(at: number): number {
    const [first] = segmenter.segment(this.#text.slice(at, at + maxClusterUnits));
    return at + (first?.segment.length ?? 0);
  }

  #edgeAtOrAfter(at: number): number {
    if (at >= this.#text.length) return this.#text.length;
    const from = Math.max(0, this.#lineStart(at), at - maxClusterUnits);
    let edge = from;
    for (const { segment } of segmenter.segment(this.#text.slice(from, at + maxClusterUnits))) {
      if (edge >= at) break;
      edge += segment.length;
    }
    return Math.max(edge, Math.min(at, this.#text.length));
  }

  #wordBefore(): number {
    const inWord = this.#passed(this.#cursor, -1, false);
    const start = this.#passed(inWord, -1, true);
    const edge = this.#edgeAtOrAfter(start);
    // Backwards, or it would stay where it is.
    return edge > start ? this.#before(edge) : edge;
  }

  #wordAfter(): number {
    const inWord = this.#passed(this.#cursor, 1, false);
    return this.#edgeAtOrAfter(this.#passed(inWord, 1, true));
  }

  // One by one: an expression that must end at the cursor takes seconds for a word of some thousand letters.
  #passed(from: number, step: -1 | 1, isWord: boolean): number {
    let at = from;
    for (;;) {
      const beside = this.#character(at, step);
      if (beside === "" || /[\p{L}\p{N}\p{M}_]/u.test(beside) !== isWord) return at;
      at += step * beside.length;
    }
  }

  /** The code point beside a place. */
  #character(at: number, step: -1 | 1): string {
    const two = step > 0 ? this.#text.slice(at, at + 2) : this.#text.slice(Math.max(0, at - 2), at);
    if (/^[\ud800-\udbff][\udc00-\udfff]$/.test(two)) return two;
    return step > 0 ? two.slice(0, 1) : two.slice(-1);
  }
}
