// This platform's Base64, for shared/base64.ts and shared/chunks.ts.

import type { ChunkCodec } from "../shared/chunks.js";

let room = Buffer.alloc(0);

/** What it decodes is valid until it decodes again. */
export const base64: ChunkCodec = {
  decode(text) {
    const maxBytes = Math.ceil(text.length / 4) * 3;
    if (room.length < maxBytes) room = Buffer.allocUnsafeSlow(maxBytes);
    return room.subarray(0, room.write(text, "base64"));
  },
  encode: (bytes) => viewOf(bytes).toString("base64"),
  latin1: (bytes, start, end) => viewOf(bytes).toString("latin1", start, end),
};

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
