// Whole files in and out of a file store, for tests that are about something else.

import { createHash } from "node:crypto";
import type { Blob, FileStore } from "../../server/engine.js";

/** As a client sends it: 64 KiB of Base64. */
export const chunkBytes = 48 * 1024;

/** Sends the bytes in chunks and finishes with their hash. */
export async function put(store: FileStore, bytes: Buffer): Promise<Blob> {
  const upload = await store.begin();
  for (let at = 0; at < bytes.length; at += chunkBytes)
    await upload.write(at, bytes.subarray(at, at + chunkBytes));
  return upload.finish(sha256Of(bytes));
}

/** A whole blob. */
export async function get(store: FileStore, sha256: string): Promise<Buffer> {
  const reader = await store.open(sha256);
  const bytes = Buffer.alloc(reader.size + 1);
  const filledBytes = await reader.read(bytes, 0);
  await reader.close();
  return bytes.subarray(0, filledBytes);
}

export function sha256Of(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
