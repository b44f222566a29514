// This platform's Base64, for shared/chunks.ts. What comes as a chunk of a download is written before the next is read,
// so that one piece of memory does for all; and what is sent is written into pieces that are used again.

import type { ChunkCodec } from "../../shared/chunks.js";

/** What it decodes is valid until it decodes again. */
export function chunkCodec(): ChunkCodec {
  let room = Buffer.alloc(0);
  return {
    decode(text) {
      const maxBytes = Math.ceil(text.length / 4) * 3;
      if (room.length < maxBytes) room = Buffer.allocUnsafeSlow(maxBytes);
      return room.subarray(0, room.write(text, "base64"));
    },
    encode: (bytes) => viewOf(bytes).toString("base64"),
    latin1: (bytes, start, end) => viewOf(bytes).toString("latin1", start, end),
  };
}

export function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
