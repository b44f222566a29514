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
    return new Target({ handle, part, folder, name }, facts);
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

export class Target {
  readonly #place: Place;
  readonly #facts: TargetFacts;
  readonly #hash = createHash("sha256");
  readonly #gathered: Buffer;
  #gatheredNow = 0;
  #takenBytes = 0;

  constructor(place: Place, facts: TargetFacts) {
    this.#place = place;
    this.#facts = facts;
    this.#gathered = Buffer.allocUnsafe(Math.min(facts.size, gatheredBytes));
  }

  /** Bytes taken so far: the offset of the next ones. */
  get takenBytes(): number {
    return this.#takenBytes;
  }

  /**
   * Takes a copy of the next bytes.
   * @throws ClientError damaged when these are not the next bytes; bad-file when the disk does not take them
   */
  async write(offset: number, bytes: Uint8Array): Promise<void> {
    const isNext = offset === this.#takenBytes && offset + bytes.length <= this.#facts.size;
    if (!isNext) throw this.#damaged("its parts do not fit");
    this.#takenBytes += bytes.length;
    this.#hash.update(bytes);
    for (let done = 0; done < bytes.length;) {
      if (this.#gatheredNow === this.#gathered.length) await this.#onDisk(this.#flush());
      const piece = bytes.subarray(done, done + this.#gathered.length - this.#gatheredNow);
      this.#gathered.set(piece, this.#gatheredNow);
      this.#gatheredNow += piece.length;
      done += piece.length;
    }
  }

  /**
   * Verifies, syncs and names the file; resolves with its path.
   * @throws ClientError damaged when it is not the file that was promised
   */
  async finish(): Promise<string> {
    const { size, sha256 } = this.#facts;
    if (this.#takenBytes !== size) throw this.#damaged(`${this.#takenBytes} of ${size} bytes came`);
    if (this.#hash.digest("hex") !== sha256) throw this.#damaged("its SHA-256 differs");
    return this.#onDisk(this.#seal());
  }

  /** Removes what was written. Never throws; does nothing after a `finish` that succeeded. */
  async discard(): Promise<void> {
    await this.#place.handle.close().catch(forgiveDisk);
    await unlink(this.#place.part).catch(forgiveDisk);
  }

  async #seal(): Promise<string> {
    const { handle } = this.#place;
    await this.#flush();
    await handle.sync();
    await handle.close();
    return giveName(this.#place);
  }

  async #flush(): Promise<void> {
    const bytes = this.#gathered.subarray(0, this.#gatheredNow);
    this.#gatheredNow = 0;
    await writeAll(this.#place.handle, bytes);
  }

  async #onDisk<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw diskFailure(`save ${this.#place.name} in ${this.#place.folder}`, error);
    }
  }

  #damaged(why: string): ClientError {
    return new ClientError("damaged", `${this.#place.name} arrived damaged: ${why}. It was not saved.`);
  }
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
  try {
    await rename(part, path);
  } catch (error) {
    // Nothing but us has written there: it is the empty file that kept the name.
    await unlink(path).catch(forgiveDisk);
    throw error;
  }
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

function forgiveDisk(error: unknown): void {
  if (systemCode(error) === undefined) throw error;
}
