// The short way through a chunk line against the long one: whatever the line, both say the same. HOSTILE L1, L3 and F2.

import * as fc from "fast-check";
import { readChunkAnswer, readChunkRequest, frameOfAnswer, frameOfRequest } from "../../shared/chunks.js";
import { encode, parseAnswer, parseRequest, type Parsed } from "../../shared/protocol.js";
import { base64 as codec } from "../../server/base64.js";

const data = Buffer.from(Array.from({ length: 900 }, (_none, at) => (at * 7919) % 256)).toString("base64");
const hash = "0123456789abcdef".repeat(4);
const usual = `{"type":"chunk","upload":"9tz","offset":49152,"data":"${data}"}`;
const latin1 = (text: string) => Buffer.from(text, "latin1");

describe("readChunkRequest", () => {
  it.each([
    ["as our client writes it", usual],
    ["with blanks, as Python writes it", usual.replaceAll(":", ": ").replaceAll(",", ", ")],
    ["with an id", usual.replace('"upload"', '"id":"c 1","upload"')],
    ["with the hash", usual.replace(/\}$/, `,"sha256":"${hash}"}`)],
    ["with the largest offset", usual.replace("49152", String(Number.MAX_SAFE_INTEGER))],
    ["with a byte left over", usual.replace(data, `${data}AA==`)],
  ])("gives the data of a line %s as bytes", (_what, line) => {
    expect(readChunkRequest(Buffer.from(line), codec)?.data).toBeInstanceOf(Uint8Array);
    expectTheSame(Buffer.from(line));
  });

  it.each([
    ["another type", usual.replace("chunk", "check")],
    ["a type that begins alike", usual.replace("chunk", "chunks")],
    ["data twice, the last of which wins", usual.replace(/\}$/, ',"data":"AAAA"}')],
    ["the offset twice", usual.replace('"data"', '"offset":7,"data"')],
    ["another field at the end", usual.replace(/\}$/, ',"later":1}')],
    ["another field at the end with a quote and a brace", usual.replace(/\}$/, ',"x":"\\"}"}')],
    ["the hash twice", usual.replace(/\}$/, `,"sha256":"${hash}","sha256":"${hash}"}`)],
    ["an upper-case hash", usual.replace(/\}$/, `,"sha256":"${hash.toUpperCase()}"}`)],
    ["another order", `{"upload":"9tz","type":"chunk","offset":0,"data":"${data}"}`],
    ["an escaped slash", usual.replace("/", "\\/")],
    ["an escaped letter", usual.replace('"data":"', '"data":"\\u0041AAA')],
    ["an escape in the upload's name", usual.replace("9tz", "9\\u0074z")],
    ["a quote in the data", usual.replace(data, `${data.slice(0, 100)}"${data.slice(100)}`)],
    ["a line feed as escape", usual.replace(/"\}$/, '\\n"}')],
    ["a control character in the data", usual.replace(data, `AAA\t${data}`)],
    ["a NUL at the end of the data", usual.replace(/"\}$/, '\0"}')],
    ["a byte that is no UTF-8", latin1(usual.replace(data, `AAA\xff${data}`))],
    ["a letter that UTF-8 writes with two bytes", usual.replace(data, `AA\u00e9${data}`)],
    ["a letter that a decoder cuts to a digit", usual.replace(data, `AAA\u0141${data}`)],
    ["the URL alphabet", usual.replace("+", "-").replace("/", "_")],
    ["a blank in the data", usual.replace(data, `AAAA AAA${data}`)],
    ["early padding", usual.replace(data, `AA==${data}`)],
    ["loose bits", usual.replace(data, `${data}AB==`)],
    ["too few digits", usual.replace(data, data.slice(1))],
    ["offset -0", usual.replace("49152", "-0")],
    ["offset 1e3", usual.replace("49152", "1e3")],
    ["offset 1.0", usual.replace("49152", "1.0")],
    ["offset 01", usual.replace("49152", "01")],
    ["offset 2^53", usual.replace("49152", "9007199254740992")],
    ["an offset of many digits", usual.replace("49152", "9".repeat(40))],
    ["an offset in quotes", usual.replace("49152", '"49152"')],
    ["an empty name", usual.replace("9tz", "")],
    ["a name of 65 characters", usual.replace("9tz", "n".repeat(65))],
    ["a name with DEL", usual.replace("9tz", "n\x7f")],
    ["a name of other letters", usual.replace("9tz", "\u00e9t\u00e9")],
    ["bytes after the end", `${usual}x`],
    ["blanks around it", ` ${usual} `],
    ["a byte-order mark", `\ufeff${usual}`],
    ["no end", usual.slice(0, -1)],
    ["no data", `{"type":"chunk","upload":"9tz","offset":0${" ".repeat(1024)}}`],
  ])("leaves %s to the long way", (_what, line) => {
    expect(readChunkRequest(Buffer.from(line), codec)).toBeUndefined();
    expectTheSame(Buffer.from(line));
  });

  it("agrees with the long way on any line that is nearly one", () => {
    fc.assert(
      fc.property(nearly([usual, usual.replace(/\}$/, `,"sha256":"${hash}"}`)]), (line) => {
        expectTheSame(line);
      }),
      { numRuns: 5000 },
    );
  });
});

describe("readChunkAnswer", () => {
  const answer = `{"type":"chunk","id":"d1","offset":49152,"data":"${data}"}`;
  const last = answer.replace(/\}$/, ',"last":true}');

  it.each([answer, last])("gives the data as bytes, and the rest as the long way does", (line) => {
    const read = readChunkAnswer(Buffer.from(line), codec);
    expect(read?.data).toBeInstanceOf(Uint8Array);
    expect(asText(read)).toEqual(parseAnswer(JSON.parse(line)));
  });

  it("agrees with the long way on any line that is nearly one", () => {
    fc.assert(
      fc.property(nearly([answer, last]), (line) => {
        const read = readChunkAnswer(line, codec);
        if (read !== undefined) expect(asText(read)).toEqual(parseAnswer(JSON.parse(line.toString())));
      }),
      { numRuns: 5000 },
    );
  });
});

describe("the frames of a chunk", () => {
  const text = fc.string({ unit: "binary" });
  const facts = { offset: fc.maxSafeNat(), data: fc.base64String() };

  it("make of an upload's the line that encode makes", () => {
    const fields = { id: text, upload: text, ...facts, sha256: fc.constant(hash) };
    fc.assert(
      fc.property(fc.record(fields, { requiredKeys: ["upload", "offset", "data"] }), ({ data, ...rest }) => {
        const { head, tail } = frameOfRequest({ type: "chunk", ...rest });
        const { id, upload, offset, sha256 } = rest;
        const ordered = { ...(id !== undefined && { id }), upload, offset, data };
        const sealed = { type: "chunk", ...ordered, ...(sha256 !== undefined && { sha256 }) } as const;
        expect(head + data + tail).toBe(encode(sealed));
      }),
    );
  });

  it("make of a download's the line that encode makes", () => {
    const fields = fc.record(
      { id: text, ...facts, last: fc.boolean() },
      { requiredKeys: ["id", "offset", "data"] },
    );
    fc.assert(
      fc.property(fields, ({ id, offset, data, ...rest }) => {
        const { head, tail } = frameOfAnswer({ id, offset, ...rest });
        expect(head + data + tail).toBe(encode({ type: "chunk", id, offset, data, ...rest }));
      }),
    );
  });
});

describe("encode", () => {
  it("does not make JSON of bytes", () => {
    const chunk = { type: "chunk", upload: "9tz", offset: 0, data: Buffer.from("hi") } as const;
    expect(() => encode(chunk)).toThrow(TypeError);
  });
});

function expectTheSame(line: Uint8Array): void {
  const short = parseRequest(line, codec);
  const long = parseRequest(line);
  const of = (parsed: Parsed) =>
    parsed.error === undefined ? asText(parsed.request) : { code: parsed.error.code, id: parsed.id };
  expect(of(short)).toEqual(of(long));
}

/** With the data as the text that it came as. */
function asText(message: unknown): unknown {
  if (typeof message !== "object" || message === null || !("data" in message)) return message;
  const { data } = message;
  return data instanceof Uint8Array ? { ...message, data: Buffer.from(data).toString("base64") } : message;
}

/** A line with some of its bytes replaced, taken out or added to, mostly where its fields are. */
function nearly(lines: readonly string[]): fc.Arbitrary<Buffer> {
  const bytes = fc.oneof(
    fc.constantFrom(...Array.from('"\\{}:,-_=/+ \t\n\0e0.', (character) => latin1(character))),
    fc
      .constantFrom('"data":"', '"offset":1,', "\\u0041", "\\/", "\u0141", "\u00e9")
      .map((text) => Buffer.from(text)),
    fc.uint8Array({ minLength: 1, maxLength: 3 }).map((random) => Buffer.from(random)),
  );
  const place = fc.oneof(
    fc.nat(90),
    fc.nat(100).map((back) => -1 - back),
    fc.nat(1200),
  );
  const edit = fc.record({ place, taken: fc.nat(3), bytes: fc.option(bytes) });
  return fc.tuple(fc.constantFrom(...lines), fc.array(edit, { maxLength: 3 })).map(([line, edits]) =>
    edits.reduce((now, { place: at, taken, bytes: added }) => {
      const start = at < 0 ? Math.max(0, now.length + at) : Math.min(at, now.length);
      return Buffer.concat([now.subarray(0, start), added ?? Buffer.alloc(0), now.subarray(start + taken)]);
    }, Buffer.from(line)),
  );
}
