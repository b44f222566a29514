// Lines to requests under HOSTILE L1 and L3: every nasty line gives exactly the right code under the right id.
// What holds for any line and any message is in protocol-properties.test.ts.

import { parseRequest } from "../../shared/protocol.js";
import { outcomeOf } from "../support/messages.js";

const deep = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
const deepObjects = (depth: number) => '{"a":'.repeat(depth) + "1" + "}".repeat(depth);
const latin1 = (text: string) => Buffer.from(text, "latin1");

describe("parseRequest", () => {
  it.each([
    ["nothing", ""],
    ["blanks", "   "],
    ["a word", "nope"],
    ["half an object", '{"type":"ping"'],
    ["single quotes", "{'type':'ping'}"],
    ["a comma too many", '{"type":"ping",}'],
    ["a comment", '{"type":"ping"}//'],
    ["two objects", '{"type":"ping"}{"type":"ping"}'],
    ["NaN", '{"type":"ping","id":NaN}'],
    ["a raw control character in a string", '{"type":"ping","id":"a\tb"}'],
    ["null", "null"],
    ["a number", "42"],
    ["a list", '[{"type":"ping"}]'],
    ["a string", '"ping"'],
    ["true", "true"],
    ["an HTTP request", "POST / HTTP/1.1"],
    ["lists 10000 deep", deep(10_000)],
    ["lists as deep as a line is long", "[".repeat(131_072)],
    ["a NUL", '{"type":"ping"}\0'],
    ["NULs", "\0\0\0\0"],
    ["a byte-order mark", '\ufeff{"type":"ping"}'],
    ["a byte-order mark alone", "\ufeff"],
  ])("answers bad-line to %s", (_what, line) => {
    expect(outcomeOf(line)).toEqual({ code: "bad-line", id: undefined });
  });

  it.each([
    ["a byte that is none", latin1('{"type":"ping","id":"\xff"}')],
    ["half a character", latin1('{"type":"ping","id":"\xe2\x82"}')],
    ["a character cut off by the end", latin1('{"type":"ping"}\xe2\x82')],
    ["an overlong slash", latin1('{"type":"ping","id":"\xc0\xaf"}')],
    ["a surrogate in UTF-8", latin1('{"type":"ping","id":"\xed\xa0\x80"}')],
    ["more than Unicode has", latin1('{"type":"ping","id":"\xf4\x90\x80\x80"}')],
    ["UTF-16", Buffer.from('{"type":"ping"}', "utf16le")],
  ])("answers bad-line to %s, and understands the next line", (_what, line) => {
    expect(outcomeOf(line)).toEqual({ code: "bad-line", id: undefined });
    expect(outcomeOf('{"type":"ping","id":"é"}')).toEqual({ type: "ping", id: "é" });
  });

  it.each([
    ["no type", '{"id":"1"}', "1"],
    ["a number as type", '{"type":1,"id":"1"}', "1"],
    ["null as type", '{"type":null,"id":"1"}', "1"],
    ["a list as type", `{"type":${deep(10_000)},"id":"1"}`, "1"],
    ["an object as type", '{"type":{"toString":"ping"},"id":"1"}', "1"],
    ["a type under __proto__", '{"__proto__":{"type":"ping"},"id":"1"}', "1"],
    ["a type under constructor", '{"constructor":{"prototype":{"type":"ping"}}}', undefined],
    ["a missing field", '{"type":"message","id":"1"}', "1"],
    ["a missing field under __proto__", '{"type":"message","id":"1","__proto__":{"text":"x"}}', "1"],
    ["null for a field", '{"type":"message","id":"1","text":null}', "1"],
    ["null for a field that may be missing", '{"type":"leave","id":"1","room":null}', "1"],
    ["a list 10000 deep as text", `{"type":"message","id":"1","text":${deep(10_000)}}`, "1"],
    ["an object 10000 deep as text", `{"type":"message","id":"1","text":${deepObjects(10_000)}}`, "1"],
    ["a list as room", '{"type":"connect","id":"1","room":["lab"]}', "1"],
    ["half a surrogate pair", '{"type":"message","id":"1","text":"\\ud83d"}', "1"],
    ["the other half", '{"type":"message","id":"1","text":"a\\udc4d"}', "1"],
    ["the halves in wrong order", '{"type":"message","id":"1","text":"\\udc4d\\ud83d"}', "1"],
    ["a download without an id", '{"type":"download","name":"x"}', undefined],
    ["an upper-case hash", `{"type":"finish","id":"1","upload":"u","sha256":"${"A".repeat(64)}"}`, "1"],
    ["a short hash", `{"type":"finish","id":"1","upload":"u","sha256":"${"a".repeat(63)}"}`, "1"],
    [
      "a hash and a line feed",
      `{"type":"finish","id":"1","upload":"u","sha256":"${"a".repeat(64)}\\n"}`,
      "1",
    ],
  ])("answers bad-message to %s", (_what, line, id) => {
    expect(outcomeOf(line)).toEqual({ code: "bad-message", id });
  });

  it.each([
    ["a number", "1"],
    ["null", "null"],
    ["an empty string", '""'],
    ["a list", '["1"]'],
    ["65 characters", `"${"a".repeat(65)}"`],
    ["100000 characters", `"${"a".repeat(100_000)}"`],
    ["a line feed", '"a\\nb"'],
    ["an escape", '"\\u001b[31m"'],
    ["DEL", '"\\u007f"'],
    ["a C1 control", '"\\u009b"'],
    ["NUL", '"\\u0000"'],
    ["half a surrogate pair", '"\\ud83d"'],
  ])("answers bad-message, and repeats no id, to an id that is %s", (_what, id) => {
    expect(outcomeOf(`{"type":"ping","id":${id}}`)).toEqual({ code: "bad-message", id: undefined });
    expect(outcomeOf(`{"type":"nope","id":${id}}`)).toEqual({ code: "unknown-type", id: undefined });
  });

  it.each([
    "constructor",
    "__proto__",
    "toString",
    "hasOwnProperty",
    "",
    "PING",
    "ping ",
    "\\u0000",
    "message\\n",
  ])("answers unknown-type to the type %j", (type) => {
    expect(outcomeOf(`{"type":"${type}","id":"1"}`)).toEqual({ code: "unknown-type", id: "1" });
  });

  it.each([
    ["negative", "-1"],
    ["fractional", "1.5"],
    ["the smallest fraction", "5e-324"],
    ["-0", "-0"],
    ["-0.0", "-0.0"],
    ["-0e9", "-0e9"],
    ["1e400", "1e400"],
    ["-1e400", "-1e400"],
    ["2^53", "9007199254740992"],
    ["2^53+1", "9007199254740993"],
    ["20 digits", "18446744073709551616"],
    ["a string", '"1"'],
    ["an empty string", '""'],
    ["true", "true"],
    ["null", "null"],
    ["a list", "[1]"],
    ["an object", '{"valueOf":1}'],
  ])("answers bad-message to a number that is %s", (_what, number) => {
    for (const [line, id] of [
      [`{"type":"chunk","id":"1","upload":"u","data":"","offset":${number}}`, "1"],
      [`{"type":"history","after":${number}}`, undefined],
      [`{"type":"upload","id":"1","name":"x","size":${number}}`, "1"],
      [`{"type":"history","id":"1","limit":${number}}`, "1"],
      [`{"type":"message","id":"1","text":"x","replyTo":${number}}`, "1"],
    ] as const)
      expect(outcomeOf(line)).toEqual({ code: "bad-message", id });
  });

  it.each(["0", "1", "1.0", "1e3", "9007199254740991"])("takes the number %s", (number) => {
    expect(outcomeOf(`{"type":"history","after":${number}}`)).toEqual({
      type: "history",
      after: Number(number),
    });
  });

  it.each([
    ["blanks around", ' {"type" : "ping"}\t', { type: "ping" }],
    ["type last", '{"id":"1","type":"ping"}', { type: "ping", id: "1" }],
    [
      "a key twice: the last wins",
      '{"type":"quit","id":"1","id":"2","type":"ping"}',
      { type: "ping", id: "2" },
    ],
    ["fields it does not know", '{"type":"ping","x":1,"constructor":2}', { type: "ping" }],
    ["an unknown field 10000 deep", `{"type":"ping","x":${deep(10_000)}}`, { type: "ping" }],
    ["half a surrogate pair in an unknown field", '{"type":"ping","x":"\\ud83d"}', { type: "ping" }],
    ["a key __proto__", '{"type":"ping","__proto__":{"id":"1"}}', { type: "ping" }],
    ["__proto__ as room", '{"type":"leave","room":"__proto__"}', { type: "leave", room: "__proto__" }],
    ["__proto__ as id", '{"type":"ping","id":"__proto__"}', { type: "ping", id: "__proto__" }],
    [
      "controls in a text",
      '{"type":"message","text":"\\u0000\\u001b\\n"}',
      { type: "message", text: "\0\u001b\n" },
    ],
    ["no room yet", '{"type":"connect","room":null}', { type: "connect", room: null }],
    ["an escaped key", '{"\\u0074ype":"ping"}', { type: "ping" }],
    ["an id of 64 emoji", `{"type":"ping","id":"${"👍".repeat(64)}"}`, { type: "ping", id: "👍".repeat(64) }],
  ])("takes %s", (_what, line, request) => {
    expect(outcomeOf(line)).toStrictEqual(request);
  });

  it("gives a fresh plain object, and changes no prototype", () => {
    const parsed = parseRequest(Buffer.from('{"type":"ping","__proto__":{"polluted":true},"id":"1"}'));
    const request = parsed.error === undefined ? parsed.request : {};

    expect(Object.getPrototypeOf(request)).toBe(Object.prototype);
    expect(Object.keys(request)).toEqual(["type", "id"]);
    expect("polluted" in {}).toBe(false);
  });

  it.each([
    ['{"type":"message"}', "Bad message: text is missing."],
    ['{"type":"message","text":7}', "Bad message: text must be a string."],
    ['{"type":"history","after":-1}', "Bad message: after must be a whole number from 0 to 2^53-1."],
    ['{"type":"connect","room":7}', "Bad message: room must be as documented."],
    ['{"id":"1"}', "Bad message: type is missing or not a string."],
  ])("says what is wrong with %s", (line, sentence) => {
    expect(parseRequest(Buffer.from(line)).error?.message).toBe(sentence);
  });
});
