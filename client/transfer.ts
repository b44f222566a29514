// What sending and saving a file have in common: how a transfer is told about and stopped. The two ways are
// upload.ts and download.ts.

import type { Base64Codec } from "../shared/base64.js";

export interface Progress {
  readonly direction: "upload" | "download";
  readonly name: string;
  /** Bytes that the server has taken, or that are written here. */
  readonly bytes: number;
  readonly size: number;
}

export interface TransferOptions {
  readonly room?: string | undefined;
  /** Stops the transfer; what it was aborted with is thrown. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** The platform's Base64, for shared/base64.ts. What it decodes is valid until it decodes again. */
export function reusingCodec(): Base64Codec {
  let room = Buffer.alloc(0);
  return {
    decode(text) {
      const maxBytes = Math.ceil(text.length / 4) * 3;
      if (room.length < maxBytes) room = Buffer.allocUnsafe(maxBytes);
      return room.subarray(0, room.write(text, "base64"));
    },
    encode: encodeBase64,
  };
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** How long the server may take to hear that a transfer is stopped. */
export const cancelTimeoutMs = 5_000;

/** How long the server may take to sync a large file when its last byte is there. */
export const finishTimeoutMs = 300_000;
