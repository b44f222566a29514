// How a file that is complete gets its name: under no circumstances in the place of something else, a dangling link
// included. Called by target.ts.

import { link, open, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { ClientError, systemCode } from "../failures.js";
import { numberedFileName } from "./filenames.js";

const maxTwins = 10_000;

export interface Naming {
  /** The file, in the folder or beside it. */
  readonly part: string;
  readonly folder: string;
  readonly name: string;
  /** Whether it gets this name or none, instead of `photo (2).png`. */
  readonly isExact: boolean;
}

/**
 * Names the file and resolves with its path.
 * @throws ClientError bad-file when the name is taken
 */
export async function giveName({ part, folder, name, isExact }: Naming): Promise<string> {
  const most = isExact ? 1 : maxTwins;
  for (let count = 1; count <= most; count++) {
    const path = join(folder, numberedFileName(name, count));
    if (!(await isNamed(part, path))) continue;
    await syncFolder(folder);
    return path;
  }
  if (isExact) throw nameTaken(join(folder, name));
  throw new ClientError("bad-file", `There are ${maxTwins} files called ${name} in ${folder} already.`);
}

export function nameTaken(path: string): ClientError {
  return new ClientError("bad-file", `Cannot save ${path}: something else has that name.`);
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
