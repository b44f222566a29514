// Blobs as plain files: read through for their hash, and copied with it. For the operator's commands; the server's own
// way to a blob is files.ts.

import { createHash, type Hash } from "node:crypto";
import { link, open, rename, rm, type FileHandle } from "node:fs/promises";
import { hasCode, writeFully } from "./disk.js";

const pieceBytes = 1024 * 1024;

export interface Content {
  readonly size: number;
  readonly sha256: string;
}

/** What a file has; undefined when there is none. @throws what the signal was aborted with */
export async function contentOf(path: string, signal?: AbortSignal): Promise<Content | undefined> {
  const file = await openIfThere(path);
  if (file === undefined) return undefined;
  const hash = createHash("sha256");
  try {
    const size = await pour(file, hash, () => {
      signal?.throwIfAborted();
      return Promise.resolve();
    });
    return { size, sha256: hash.digest("hex") };
  } finally {
    await file.close();
  }
}

/**
 * Copies a blob to a file that is not there yet, synced, readable by its owner alone, and there only when it is whole
 * and its SHA-256 is right. The new name is durable when its folder is synced.
 */
export async function copyBlob(
  from: string,
  to: string,
  sha256: string,
): Promise<"copied" | "missing" | "damaged"> {
  const source = await openIfThere(from);
  if (source === undefined) return "missing";
  const part = `${to}.part`;
  try {
    // What an earlier copy left of it.
    await rm(part, { force: true });
    if ((await copyTo(part, source)) === sha256) {
      await rename(part, to);
      return "copied";
    }
    await rm(part);
    return "damaged";
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    throw error;
  } finally {
    await source.close();
  }
}

/** Gives a finished file its name, unless there is something of that name: then false. */
export async function nameOnce(part: string, path: string): Promise<boolean> {
  try {
    await link(part, path);
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
  await rm(part);
  return true;
}

async function copyTo(part: string, source: FileHandle): Promise<string> {
  const target = await open(part, "wx", 0o600);
  const hash = createHash("sha256");
  try {
    await pour(source, hash, (piece, at) => writeFully(target, [piece], at));
    await target.sync();
  } finally {
    await target.close();
  }
  return hash.digest("hex");
}

/** Reads to the end, a piece at a time; returns how many bytes that were. */
async function pour(
  source: FileHandle,
  hash: Hash,
  take: (piece: Uint8Array, at: number) => Promise<void>,
): Promise<number> {
  const buffer = Buffer.alloc(pieceBytes);
  for (let at = 0; ;) {
    const { bytesRead } = await source.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return at;
    const piece = buffer.subarray(0, bytesRead);
    hash.update(piece);
    await take(piece, at);
    at += bytesRead;
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
