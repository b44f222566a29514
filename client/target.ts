// A file on its way to the downloads folder: a `.part` beside it, hashed as it is written, that gets its name
// only when it is complete, verified and synced. It never overwrites anything and never follows a link.

import { createHash, randomBytes } from "node:crypto";
import { link, mkdir, open, rename, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { ClientError, diskFailure, systemCode } from "./failures.js";
import { isDirectlyInside, localFileName, numberedFileName, partFileName } from "./filenames.js";

export interface TargetFacts {
  /** As the server gave it; a safe local name is made from it. */
  readonly name: string;
  readonly size: number;
  /** SHA-256, lower-case hexadecimal. */
  readonly sha256: string;
}

export interface Target {
  /** Bytes taken so far: the offset of the next ones. */
  readonly takenBytes: number;
  /**
   * Takes a copy of the next bytes.
   * @throws ClientError damaged when these are not the next bytes; bad-file when the disk does not take them
   */
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /**
   * Verifies, syncs and names the file; resolves with its path.
   * @throws ClientError damaged when it is not the file that was promised
   */
  finish(): Promise<string>;
  /** Removes what was written. Never throws; does nothing after a `finish` that succeeded. */
  discard(): Promise<void>;
}

const maxTwins = 10_000;
/** Gathered before they are written: a call per chunk costs more than the copy. */
const gatheredBytes = 512 * 1024;

/** @throws ClientError bad-file */
export async function openTarget(folder: string, facts: TargetFacts): Promise<Target> {
  const name = localFileName(facts.name);
  const part = join(folder, partFileName(name, randomBytes(4).toString("hex")));
  if (!isDirectlyInside(folder, part))
    throw new ClientError("bad-file", "That name leads out of the folder.");
  try {
    await mkdir(folder, { recursive: true });
    const handle = await open(part, "wx");
    return partFile({ handle, part, folder, name }, facts);
  } catch (error) {
    throw diskFailure(`save ${name} in ${folder}`, error);
  }
}

interface Place {
  readonly handle: FileHandle;
  readonly part: string;
  readonly folder: string;
  readonly name: string;
}

function partFile(place: Place, { size, sha256 }: TargetFacts): Target {
  const { handle, part, folder, name } = place;
  const hash = createHash("sha256");
  const gathered = Buffer.allocUnsafe(Math.min(size, gatheredBytes));
  let gatheredNow = 0;
  let takenBytes = 0;
  const flush = async (): Promise<void> => {
    const bytes = gathered.subarray(0, gatheredNow);
    gatheredNow = 0;
    await writeAll(handle, bytes).catch(saveFailed(name, folder));
  };
  return {
    get takenBytes() {
      return takenBytes;
    },
    async write(offset, bytes) {
      if (offset !== takenBytes || offset + bytes.length > size) throw damaged(name, "its parts do not fit");
      takenBytes += bytes.length;
      hash.update(bytes);
      for (let done = 0; done < bytes.length;) {
        if (gatheredNow === gathered.length) await flush();
        const piece = bytes.subarray(done, done + gathered.length - gatheredNow);
        gathered.set(piece, gatheredNow);
        gatheredNow += piece.length;
        done += piece.length;
      }
    },
    async finish() {
      if (takenBytes !== size) throw damaged(name, `${takenBytes} of ${size} bytes came`);
      if (hash.digest("hex") !== sha256) throw damaged(name, "its SHA-256 differs");
      await flush();
      await handle.sync().catch(saveFailed(name, folder));
      await handle.close();
      return giveName(place).catch(saveFailed(name, folder));
    },
    async discard() {
      await handle.close().catch(forgiveDisk);
      await unlink(part).catch(forgiveDisk);
    },
  };
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await handle.write(bytes, done)).bytesWritten;
  }
}

async function giveName({ part, folder, name }: Place): Promise<string> {
  for (let count = 1; count <= maxTwins; count++) {
    const path = join(folder, numberedFileName(name, count));
    if (!(await isNamed(part, path))) continue;
    await syncFolder(folder);
    return path;
  }
  throw new ClientError("bad-file", `There are ${maxTwins} files called ${name} in ${folder} already.`);
}

// link(2) fails when anything has the name, a dangling link included; rename(2) would replace it.
async function isNamed(part: string, path: string): Promise<boolean> {
  try {
    await link(part, path);
    await unlink(part);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    if (!cannotLink.has(systemCode(error) ?? "")) throw error;
    return isNamedByReserving(part, path);
  }
}

// File systems without hard links, such as exFAT and some network shares.
const cannotLink = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

async function isNamedByReserving(part: string, path: string): Promise<boolean> {
  try {
    await (await open(path, "wx")).close();
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
  await rename(part, path);
  return true;
}

async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    // Some systems cannot sync a folder. The file itself is synced.
    forgiveDisk(error);
  }
}

function damaged(name: string, why: string): ClientError {
  return new ClientError("damaged", `${name} arrived damaged: ${why}. It was not saved.`);
}

function saveFailed(name: string, folder: string): (error: unknown) => never {
  return (error) => {
    throw diskFailure(`save ${name} in ${folder}`, error);
  };
}

function forgiveDisk(error: unknown): void {
  if (systemCode(error) === undefined) throw error;
}
