// Memory of pieces: used again when it was given back, never while it is somebody's.

import { Pieces } from "../../server/pieces.js";

const pieceBytes = 64 * 1024;

describe("Pieces", () => {
  it("gives the same memory again, and no memory to two", () => {
    const pieces = new Pieces(pieceBytes);
    const first = pieces.take(pieceBytes);
    const second = pieces.take(pieceBytes - 1);
    expect(second.buffer).not.toBe(first.buffer);

    pieces.giveBack(second);

    const third = pieces.take(pieceBytes);
    expect(third.buffer).toBe(second.buffer);
    expect(third.length).toBe(pieceBytes);
    expect(pieces.take(pieceBytes).buffer).not.toBe(third.buffer);
  });

  it("gives as many bytes as were asked for, more than a piece and few of them too", () => {
    const pieces = new Pieces(pieceBytes);
    for (const bytes of [0, 1, 1000, pieceBytes / 2, pieceBytes, 10 * pieceBytes]) {
      const piece = pieces.take(bytes);
      expect(piece.length).toBe(bytes);
      pieces.giveBack(piece);
    }
    expect(pieces.take(pieceBytes).length).toBe(pieceBytes);
  });

  it("keeps a few, however many are given back", () => {
    const pieces = new Pieces(pieceBytes);
    const given = Array.from({ length: 100 }, () => pieces.take(pieceBytes));
    for (const piece of given) pieces.giveBack(piece);

    const buffers = new Set<unknown>(given.map(({ buffer }) => buffer));
    const again = Array.from({ length: 100 }, () => pieces.take(pieceBytes));
    expect(again.filter(({ buffer }) => buffers.has(buffer)).length).toBeLessThan(10);
  });
});
