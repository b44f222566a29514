// The line splitter under HOSTILE L2: whatever the lines and however they are cut, the same lines come out and
// little is held.

import * as fc from "fast-check";
import { LineSplitter, tooLong, type Line } from "../../shared/lines.js";

const KiB = 1024;
const MiB = 1024 * KiB;
const maxLineBytes = 128 * KiB;

describe("LineSplitter", () => {
  it.each([
    { what: "one line", pieces: ["abc\n"], lines: ["abc"] },
    { what: "lines in one piece", pieces: ["a\nb\nc\n"], lines: ["a", "b", "c"] },
    { what: "a line in many pieces", pieces: ["a", "b", "", "c\n"], lines: ["abc"] },
    { what: "no line for an empty one", pieces: ["\n\na\n\n"], lines: ["a"] },
    { what: "a line without its carriage return", pieces: ["a\r\nb\r", "\nc\n"], lines: ["a", "b", "c"] },
    { what: "no line for a carriage return alone", pieces: ["\r\n\r", "\n"], lines: [] },
    { what: "other carriage returns", pieces: ["a\rb\r\r\n"], lines: ["a\rb\r"] },
    { what: "blanks, which are something", pieces: [" \n\t\n"], lines: [" ", "\t"] },
    { what: "other line ends as characters", pieces: ["a\u2028b\u0085c\v\n"], lines: ["a\u2028b\u0085c\v"] },
    { what: "the last line at the end", pieces: ["a\nb"], lines: ["a", "b"] },
    { what: "the last line without its carriage return", pieces: ["b\r"], lines: ["b"] },
  ])("gives $what", ({ pieces, lines }) => {
    expect(split(pieces.map((piece) => Buffer.from(piece)))).toEqual(lines);
  });

  it("joins a character that was cut anywhere", () => {
    const bytes = Buffer.from("Zoë 👩‍💻 ok\n");
    for (let cut = 0; cut <= bytes.length; cut++)
      expect(split([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(["Zoë 👩‍💻 ok"]);
  });

  it("does not depend on how the bytes were cut", () => {
    const byte = fc.constantFrom(0x61, 0x62, 0x0a, 0x0a, 0x0d, 0x0d, 0x00, 0xff);
    const bytes = fc.array(byte, { maxLength: 60 });
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 12 }), fc.integer({ min: 1, max: 12 }), (pieces, maxBytes) => {
        const given = pieces.map((piece) => Buffer.from(piece));
        expect(split(given, maxBytes)).toEqual(naiveLines(Buffer.concat(given), maxBytes));
      }),
      { numRuns: 3000 },
    );
  });

  it("passes on nothing of memory that was not cleared", () => {
    const splitter = new LineSplitter(100, (bytes) => new Uint8Array(bytes).fill(0xff));

    const lines = ["a", "b\nc", "d", "\n", "e\n"].flatMap((piece) =>
      splitter.push(Buffer.from(piece)).map(textOf),
    );
    expect(lines).toEqual(["ab", "cd", "e"]);
  });

  it("takes memory for a few of many long lines that come in pieces, and for the next ones of another length", () => {
    let taken = 0;
    const splitter = new LineSplitter(maxLineBytes, (bytes) => {
      taken++;
      return new Uint8Array(bytes);
    });
    const texts = Array.from({ length: 200 }, (_none, at) => String(at % 10).repeat(65_650 + (at % 7)));
    const pieces = cut(Buffer.from(texts.map((text) => `${text}\n`).join("")), 65_536);

    expect(pieces.flatMap((piece) => splitter.push(piece).map(textOf)).map(short)).toEqual(texts.map(short));
    expect(taken).toBeLessThan(20);
  });

  it.each([
    { what: "as long as allowed", bytes: maxLineBytes, end: "\n", isTooLong: false },
    { what: "as long as allowed before \\r\\n", bytes: maxLineBytes, end: "\r\n", isTooLong: false },
    { what: "a byte longer", bytes: maxLineBytes + 1, end: "\n", isTooLong: true },
    { what: "a byte longer before \\r\\n", bytes: maxLineBytes + 1, end: "\r\n", isTooLong: true },
  ])("judges a line $what the same in one piece, two and many", ({ bytes, end, isTooLong }) => {
    const line = Buffer.concat([Buffer.alloc(bytes, "a"), Buffer.from(`${end}next\n`)]);
    const expected: Text[] = [isTooLong ? tooLong : "a".repeat(bytes), "next"];

    for (const pieceBytes of [line.length, 100_000, 1000, 64, 1])
      expect(split(cut(line, pieceBytes)).map(short)).toEqual(expected.map(short));
  });

  describe("given a line of 100 MB", () => {
    const heldLimitBytes = 4 * MiB;

    it.each([64, 64 * KiB, MiB])(
      "in pieces of %i bytes says so once, early, and holds little",
      (pieceBytes) => {
        const splitter = new LineSplitter(maxLineBytes);
        const piece = new Uint8Array(pieceBytes).fill(97);
        let toldAtBytes: number | undefined;
        let toldCount = 0;

        const held = heldBytesBy(() => {
          for (let sent = 0; sent < 100 * MiB; sent += pieceBytes)
            for (const line of splitter.push(piece)) {
              expect(line).toBe(tooLong);
              toldAtBytes = sent;
              toldCount++;
            }
        });

        expect(toldCount).toBe(1);
        expect(toldAtBytes).toBeLessThanOrEqual(maxLineBytes + 1);
        expect(held).toBeLessThan(heldLimitBytes);
        expect(splitter.push(Buffer.from("rest\ngood\n")).map(textOf)).toEqual(["good"]);
      },
    );

    it.each(["", "begun before"])(
      'complete in one piece after "%s" says so once and copies nothing',
      (before) => {
        const splitter = new LineSplitter(maxLineBytes);
        const line = new Uint8Array(100 * MiB).fill(97);
        line[line.length - 1] = 10;
        splitter.push(Buffer.from(before));
        let lines: Line[] = [];

        const held = heldBytesBy(() => {
          lines = splitter.push(line);
        });

        expect(lines).toEqual([tooLong]);
        expect(held).toBeLessThan(heldLimitBytes);
        expect(splitter.push(Buffer.from("good\n")).map(textOf)).toEqual(["good"]);
      },
    );

    it("never ended says nothing more at the end", () => {
      const splitter = new LineSplitter(maxLineBytes);

      expect(splitter.push(new Uint8Array(100 * MiB))).toEqual([tooLong]);
      expect(splitter.end()).toEqual([]);
    });
  });

  it("holds one line at most, dribbled byte by byte, and goes on after it", () => {
    const splitter = new LineSplitter(maxLineBytes);
    const byte = Uint8Array.of(97);
    let toldCount = 0;

    const held = heldBytesBy(() => {
      for (let sent = 0; sent < MiB; sent++) toldCount += splitter.push(byte).length;
    });

    expect(toldCount).toBe(1);
    expect(held).toBeLessThan(4 * MiB);
    expect(splitter.push(Buffer.from("\ngood\n")).map(textOf)).toEqual(["good"]);
  });

  it("takes a million empty lines", () => {
    const splitter = new LineSplitter(maxLineBytes);

    expect(splitter.push(Buffer.from("\n".repeat(500_000) + "\r\n".repeat(500_000)))).toEqual([]);
    expect(splitter.push(Buffer.from("good\n")).map(textOf)).toEqual(["good"]);
  });

  it("keeps two splitters apart", () => {
    const one = new LineSplitter(10);
    const other = new LineSplitter(10);
    one.push(Buffer.from("one"));
    other.push(Buffer.from("other"));

    expect(one.push(Buffer.from("\n")).map(textOf)).toEqual(["one"]);
    expect(other.push(Buffer.from("\n")).map(textOf)).toEqual(["other"]);
  });
});

type Text = string | typeof tooLong;

/** All lines, as text so that they outlive the next push; bytes that are no UTF-8 come out as Latin-1. */
function split(pieces: readonly Uint8Array[], maxBytes = maxLineBytes): Text[] {
  const splitter = new LineSplitter(maxBytes);
  return [...pieces.flatMap((piece) => splitter.push(piece).map(textOf)), ...splitter.end().map(textOf)];
}

function textOf(line: Line): Text {
  if (line === tooLong) return tooLong;
  const text = Buffer.from(line).toString("utf8");
  return Buffer.from(text).equals(line) ? text : Buffer.from(line).toString("latin1");
}

function naiveLines(bytes: Buffer, maxBytes: number): Text[] {
  return bytes
    .toString("latin1")
    .split("\n")
    .map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line))
    .filter((line) => line !== "")
    .map((line) => (line.length > maxBytes ? tooLong : line));
}

function cut(bytes: Uint8Array, pieceBytes: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) pieces.push(bytes.subarray(at, at + pieceBytes));
  return pieces;
}

/** A difference of long lines would be printed whole. */
function short(line: Text): Text {
  return line === tooLong ? tooLong : `${line.slice(0, 10)}… ${line.length}`;
}

function heldBytesBy(work: () => void): number {
  const before = process.memoryUsage().arrayBuffers;
  work();
  return process.memoryUsage().arrayBuffers - before;
}
