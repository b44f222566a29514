// The lines that carry a file, read and written without looking at each character of their data more than once: nearly
// all bytes of a transfer are in them. What is read here is read the same by the long way, in protocol.ts; what is not
// of the usual form is left to it.

import type { AnswerOf } from "./answers.js";
import { decodeLatin1, type Base64Codec } from "./base64.js";
import type { RequestOf } from "./requests.js";

/** What the platform can do faster than a loop. */
export interface ChunkCodec extends Base64Codec {
  /** A part of the bytes, a character each. */
  latin1(bytes: Uint8Array, start: number, end: number): string;
}

// Characters that JSON writes as they are, so that no byte of a line can mean anything else than itself. A number is
// checked to be a safe one; a field that came twice, or in another order, is not of this form.
const name = "[ !#-\\[\\]-~]{1,64}";
const whole = "0|[1-9][0-9]{0,15}";
const requestHead = new RegExp(
  `^\\{"type": ?"chunk", ?(?:"id": ?"(${name})", ?)?"upload": ?"(${name})", ?"offset": ?(${whole}), ?"data": ?"`,
);
const requestTail = /"(?:, ?"sha256": ?"([0-9a-f]{64})")?\}$/;
const answerHead = new RegExp(
  `^\\{"type": ?"chunk", ?"id": ?"(${name})", ?"offset": ?(${whole}), ?"data": ?"`,
);
const answerTail = /"(?:, ?"last": ?(true|false))?\}$/;
const maxHeadBytes = 256;
const maxTailBytes = 96;
/** A shorter line is not worth it. */
const leastBytes = 1024;
const letterC = 0x63;
const colon = 0x3a;

/** A chunk of an upload, its data as bytes; undefined for any other line, and for one that is not of the usual form. */
export function readChunkRequest(line: Uint8Array, codec: ChunkCodec): RequestOf<"chunk"> | undefined {
  const found = read(line, codec, [requestHead, requestTail]);
  if (found === undefined) return undefined;
  const { head, tail, data } = found;
  const [, id, upload, offset] = head;
  const [, sha256] = tail;
  if (upload === undefined || !Number.isSafeInteger(Number(offset))) return undefined;
  return {
    type: "chunk",
    ...(id !== undefined && { id }),
    upload,
    offset: Number(offset),
    data,
    ...(sha256 !== undefined && { sha256 }),
  };
}

/** A chunk of a download, as `readChunkRequest` reads one of an upload. */
export function readChunkAnswer(line: Uint8Array, codec: ChunkCodec): AnswerOf<"chunk"> | undefined {
  const found = read(line, codec, [answerHead, answerTail]);
  if (found === undefined) return undefined;
  const { head, tail, data } = found;
  const [, id, offset] = head;
  const [, last] = tail;
  if (id === undefined || !Number.isSafeInteger(Number(offset))) return undefined;
  return {
    type: "chunk",
    id,
    offset: Number(offset),
    data,
    ...(last !== undefined && { last: last === "true" }),
  };
}

/** What stands around the Base64 of a line. */
export interface Frame {
  readonly head: string;
  readonly tail: string;
}

/** Around a chunk of an upload. */
export function frameOfRequest({ id, upload, offset, sha256 }: Omit<RequestOf<"chunk">, "data">): Frame {
  const named = id === undefined ? "" : `"id":${JSON.stringify(id)},`;
  const sealed = sha256 === undefined ? "" : `,"sha256":"${sha256}"`;
  const head = `{"type":"chunk",${named}"upload":${JSON.stringify(upload)},"offset":${offset},"data":"`;
  return { head, tail: `"${sealed}}\n` };
}

/** Around a chunk of a download. */
export function frameOfAnswer({ id, offset, last }: Omit<AnswerOf<"chunk">, "type" | "data">): Frame {
  const mark = last === undefined ? "" : `,"last":${last}`;
  return {
    head: `{"type":"chunk","id":${JSON.stringify(id)},"offset":${offset},"data":"`,
    tail: `"${mark}}\n`,
  };
}

interface Found {
  readonly head: RegExpExecArray;
  readonly tail: RegExpExecArray;
  readonly data: Uint8Array;
}

// What is between head and tail must be canonical Base64, which has neither quotes, nor escapes, nor bytes that UTF-8
// would join: then it is the whole of `data`.
function read(line: Uint8Array, codec: ChunkCodec, forms: readonly [RegExp, RegExp]): Found | undefined {
  if (line.length < leastBytes || !mayBeChunk(line)) return undefined;
  const head = forms[0].exec(codec.latin1(line, 0, maxHeadBytes));
  if (head === null) return undefined;
  const tailStart = line.length - maxTailBytes;
  const tail = forms[1].exec(codec.latin1(line, tailStart, line.length));
  if (tail === null) return undefined;
  const data = decodeLatin1(codec.latin1(line, head[0].length, tailStart + tail.index), codec);
  return data && { head, tail, data };
}

/** Most lines of a conversation are told apart by one or two of their bytes. */
function mayBeChunk(line: Uint8Array): boolean {
  return line[7] === colon && (line[9] === letterC || line[10] === letterC);
}
