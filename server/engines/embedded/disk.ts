// What the file store asks of a disk beyond node:fs: folders and files that survive a power cut, writes that are
// whole, the room that is left, and the one translation of a disk's errors into what a peer may know. Knows nothing of
// blobs and uploads.

import {
  access,
  constants,
  mkdir,
  open,
  rename,
  rm,
  statfs,
  unlink,
  type FileHandle,
} from "node:fs/promises";
import { constants as os } from "node:os";
import { dirname } from "node:path";
import { RoomError, type ErrorDetail } from "../../../shared/errors.js";

/** IOV_MAX of Linux. libuv splits longer lists, but goes on at a wrong byte when one of its parts falls short. */
const maxBuffers = 1024;

/** The process or the machine has as many files open as it may. */
export function tooManyOpen(detail: ErrorDetail = {}, options?: ErrorOptions): RoomError {
  const message = "The server has too many files open at once.";
  return new RoomError("too-many", { ...detail, message, retryAfterMs }, options);
}

const retryAfterMs = 1000;

/**
 * A disk's error for a peer: `storage-full` when there is no room, `too-many` when the process or the machine may
 * open no more files, else `internal`; the cause stays with it.
 */
export function diskError(error: unknown, detail: ErrorDetail = {}): RoomError {
  if (error instanceof RoomError) return error;
  if (hasCode(error, "EMFILE") || hasCode(error, "ENFILE")) {
    return tooManyOpen(detail, { cause: error });
  }
  return new RoomError(isFull(error) ? "storage-full" : "internal", detail, { cause: error });
}

/** Whether a disk's error has this code, such as ENOENT. */
export function hasCode(error: unknown, code: string): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === code;
}

// Node has no name for EDQUOT, only the number.
function isFull(error: unknown): boolean {
  if (hasCode(error, "ENOSPC")) return true;
  return typeof error === "object" && error !== null && "errno" in error && error.errno === -os.errno.EDQUOT;
}

/**
 * Makes a folder that is missing. Whether its name is durable is the caller's business: an earlier process may
 * have made it and ended before it was. Not `mkdir` with `recursive`, which says ENOENT when the disk is full.
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
}

/** Makes what is missing of a folder and those above it, all durable, and checks that it can be written to. */
export async function makeDurableFolder(folder: string): Promise<void> {
  const missing: string[] = [];
  for (let at = folder; !(await exists(at)); at = dirname(at)) missing.unshift(at);
  for (const at of missing) {
    await makeFolder(at);
    // A folder's name is a line in the folder above it.
    await syncFolder(dirname(at));
  }
  await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
}

export async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

/** Takes a file away, if it is there. Not `rm` with `force`, which looks at it first: as much work again. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}

/** Makes the names in a folder durable: a file that was created, renamed or removed there. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a small file, readable by its owner alone: after any end of the process or the disk it is whole or not there. */
export async function writeDurableFile(path: string, bytes: Uint8Array): Promise<void> {
  const part = `${path}.part`;
  // What an earlier process left of it.
  await rm(part, { force: true });
  const file = await open(part, "wx", 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(part, path);
  await syncFolder(dirname(path));
}

/** How many bytes a folder's disk has left for us; Infinity when it does not count them, as some network disks. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return blocks === 0 ? Infinity : bavail * bsize;
}

/** Writes all the bytes at a position, however few the disk takes at a time. */
export async function writeFully(
  handle: FileHandle,
  buffers: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let rest = buffers;
  let at = position;
  while (rest.length > 0) {
    const { bytesWritten } = await handle.writev(rest.slice(0, maxBuffers), at);
    if (bytesWritten === 0) throw new Error("the disk took no byte and gave no reason");
    rest = without(rest, bytesWritten);
    at += bytesWritten;
  }
}

function without(buffers: readonly Uint8Array[], writtenBytes: number): readonly Uint8Array[] {
  let left = writtenBytes;
  for (const [index, buffer] of buffers.entries()) {
    if (left < buffer.length) return [buffer.subarray(left), ...buffers.slice(index + 1)];
    left -= buffer.length;
  }
  return [];
}
