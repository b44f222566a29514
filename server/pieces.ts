// Memory for pieces of files on their way to peers, used again: the garbage collector would otherwise spend more on them
// than the processor on their bytes. Called by downloads.ts.

const maxSpare = 4;

export class Pieces {
  readonly #pieceBytes: number;
  readonly #spare: Buffer[] = [];

  constructor(pieceBytes: number) {
    this.#pieceBytes = pieceBytes;
  }

  /** So many bytes, not cleared. What is much smaller than a piece is not worth keeping. */
  take(bytes: number): Buffer {
    if (bytes > this.#pieceBytes || bytes < this.#pieceBytes / 2) return Buffer.allocUnsafe(bytes);
    return (this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#pieceBytes)).subarray(0, bytes);
  }

  /** Nobody reads or writes these bytes any more. */
  giveBack(piece: Buffer): void {
    if (piece.buffer.byteLength !== this.#pieceBytes || this.#spare.length >= maxSpare) return;
    this.#spare.push(Buffer.from(piece.buffer));
  }
}
