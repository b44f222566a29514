// Base64 as HOSTILE F2 attacks it: what Node's decoder takes silently must be refused.

import * as fc from "fast-check";
import { decodeBase64, decodeLatin1, type Base64Codec } from "../../shared/base64.js";
import { RoomError } from "../../shared/errors.js";

const codec: Base64Codec = {
  decode: (text) => Buffer.from(text, "base64"),
  encode: (bytes) => Buffer.from(bytes).toString("base64"),
};

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

describe("decodeBase64", () => {
  it.each([
    ["nothing", ""],
    ["one byte", "AA=="],
    ["two bytes", "AAA="],
    ["three bytes", "AAAA"],
    ["every digit", digits],
  ])("takes %s", (_what, text) => {
    expect(Buffer.from(decodeBase64(text, codec)).toString("base64")).toBe(text);
  });

  it.each([
    ["a foreign character", "AA*A"],
    ["a foreign character that a decoder cuts to a byte", "AAA\u0141"],
    ["a blank", "AAAA AAAA"],
    ["a blank at the end", "AAAA "],
    ["a line feed", "AAAA\nAAAA"],
    ["a line feed at the end", "AAAA\n"],
    ["a NUL", "AAA\0"],
    ["the URL alphabet's minus", "AAA-"],
    ["the URL alphabet's underscore", "AAA_"],
    ["missing padding", "AA"],
    ["half the padding", "AA="],
    ["too much padding", "AAA=="],
    ["padding after whole groups", "AAAA===="],
    ["padding alone", "===="],
    ["padding first", "=AAA"],
    ["early padding", "AA==AAAA"],
    ["two texts joined", "AAA=AAA="],
    ["a digit too few", "AAAAA"],
    ["loose bits before ==", "AB=="],
    ["loose bits before =", "AAB="],
    ["a data URL", "data:;base64,AAAA"],
    ["a byte-order mark", "\ufeffAAAA"],
  ])("refuses %s", (_what, text) => {
    expect(codeOf(text)).toBe("bad-data");
  });

  it("gives back any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(Buffer.from(decodeBase64(codec.encode(bytes), codec))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it("takes exactly what RFC 4648 calls canonical", () => {
    const unit = fc.constantFrom(...Array.from("AAABQgwZ09+/==-_ \n\u0141*"));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit, maxLength: 12 }), nearlyBase64()), (text) => {
        expect(codeOf(text)).toBe(isCanonical(text) ? undefined : "bad-data");
      }),
      { numRuns: 5000 },
    );
  });
});

describe("decodeLatin1", () => {
  it("takes what decodeBase64 takes of every text without wide characters, and gives the same bytes", () => {
    const unit = fc.constantFrom(...Array.from("AAABQgwZ09+/==-_ \n\u00c1*"));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit, maxLength: 12 }), nearlyBase64()), (text) => {
        const bytes = decodeLatin1(text, codec);
        expect(bytes === undefined).toBe(codeOf(text) !== undefined);
        if (bytes !== undefined) expect(codec.encode(bytes)).toBe(text);
      }),
      { numRuns: 5000 },
    );
  });
});

function codeOf(text: string): string | undefined {
  try {
    decodeBase64(text, codec);
    return undefined;
  } catch (error) {
    if (error instanceof RoomError) return error.code;
    throw error;
  }
}

/** The rules spelled out: whole groups, padding only at the end, and no bits that mean nothing. */
function isCanonical(text: string): boolean {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return false;
  const paddingCount = text.length - text.replaceAll("=", "").length;
  const looseBits = { 0: 0, 1: 0b11, 2: 0b1111 }[paddingCount] ?? 0;
  return (digits.indexOf(text.charAt(text.length - paddingCount - 1)) & looseBits) === 0 || looseBits === 0;
}

/** A good text with one character replaced. */
function nearlyBase64() {
  return fc
    .tuple(
      fc.uint8Array({ minLength: 1, maxLength: 9 }),
      fc.nat(),
      fc.constantFrom(...Array.from("ABC/+=-_ ")),
    )
    .map(([bytes, at, character]) => {
      const text = codec.encode(bytes);
      const place = at % text.length;
      return text.slice(0, place) + character + text.slice(place + 1);
    });
}
