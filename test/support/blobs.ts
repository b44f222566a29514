// Whole files in and out of a file store, for tests that are about something else.

import { createHash } from "node:crypto";
import type { Blob, FileStore, UploadDraft } from "../../server/engine.js";
import { parseFileName, parseRoomName } from "../../shared/names.js";

/** As a client sends it: 64 KiB of Base64. */
export const chunkBytes = 48 * 1024;

/** What alice brings to the lab, unless it says otherwise. */
/** Of one request, so that it is gone on with to its last byte. */
export function uploadDraft(fields: Partial<UploadDraft> = {}): UploadDraft {
  return { room: parseRoomName("lab"), sender: "alice", name: parseFileName("a.bin"), id: "u1", ...fields };
}

/** Sends the bytes in chunks and finishes with their hash. */
export async function put(
  store: FileStore,
  bytes: Uint8Array,
  fields: Partial<UploadDraft> = {},
): Promise<Blob> {
  const upload = await store.begin(uploadDraft({ size: bytes.length, ...fields }));
  for (let at = upload.receivedBytes; at < bytes.length; at += chunkBytes)
    await upload.write(at, bytes.slice(at, at + chunkBytes));
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

/** Whether there is a blob of that hash. */
export async function isThere(store: FileStore, sha256: string): Promise<boolean> {
  try {
    await (await store.open(sha256)).close();
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: "file-not-found" });
    return false;
  }
}

export function sha256Of(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
