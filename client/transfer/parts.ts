// Files that are not complete, beside the name they will have. The name of a part says of what file it is, the hash of
// that file, and whose it is: a process, and a number that no other process of that number is likely to have taken.
// What a process has left that is gone may be gone on with by whoever renames it first. Called by target.ts.
//
// The hash is there in full, so that the server can be asked at once for the rest of exactly that file.

import { randomInt } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { lstat, open, readdir, rename, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { ClientError, systemCode } from "../failures.js";
import { isDirectlyInside, isPartOf, parsePartName, partFileName } from "./filenames.js";
import { isAlive, ownPid } from "../processes.js";

/** What is there of a file and belongs to nobody. */
export interface Leftover {
  readonly path: string;
  /** Of the whole file. */
  readonly sha256: string;
  readonly bytes: number;
}

/** A part that is ours until it is closed. */
export interface Part {
  readonly path: string;
  readonly handle: FileHandle;
  isEmpty(): Promise<boolean>;
  /** Leaves it there, for whoever goes on with it. */
  close(): Promise<void>;
  remove(): Promise<void>;
}

export interface PartFacts {
  readonly folder: string;
  /** A safe local name. */
  readonly name: string;
  /** Of the whole file. */
  readonly sha256: string;
}

/** Paths of the parts that this process works on. */
const ours = new Set<string>();

/** What is left of a file of this name, and of that hash if one is given; the newest first. */
export async function leftovers({
  folder,
  name,
  sha256,
}: Omit<PartFacts, "sha256"> & { sha256?: string | undefined }): Promise<Leftover[]> {
  const found: (Leftover & { mtimeMs: number })[] = [];
  for (const entry of (await readdir(folder).catch(forgiveMissing)) ?? []) {
    const facts = parsePartName(entry);
    if (facts === undefined || !isPartOf(facts, name) || facts.sha256 !== (sha256 ?? facts.sha256)) continue;
    const path = join(folder, entry);
    if (ours.has(path) || (facts.pid !== ownPid && isAlive(facts.pid))) continue;
    const stats = await lstat(path).catch(forgiveMissing);
    if (stats === undefined || !isOnlyPart(stats)) continue;
    found.push({ path, sha256: facts.sha256, bytes: stats.size, mtimeMs: stats.mtimeMs });
  }
  return found.sort((a, b) => b.mtimeMs - a.mtimeMs);
}

/** Makes it ours; undefined when somebody else was faster. */
export async function claim(leftover: Leftover, facts: PartFacts): Promise<Part | undefined> {
  const path = pathFor(facts);
  ours.add(path);
  try {
    await rename(leftover.path, path);
    const handle = await open(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (isOnlyPart(await handle.stat())) return partOf(path, handle);
    await handle.close();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
  ours.delete(path);
  return undefined;
}

/** A new one, of no bytes. @throws what the file system says; ClientError bad-file */
export async function newPart(facts: PartFacts): Promise<Part> {
  const path = pathFor(facts);
  ours.add(path);
  try {
    return partOf(path, await open(path, "wx+"));
  } catch (error) {
    ours.delete(path);
    throw error;
  }
}

function pathFor({ folder, name, sha256 }: PartFacts): string {
  const path = join(folder, partFileName(name, { sha256, pid: ownPid, count: randomInt(1_000_000_000) }));
  if (isDirectlyInside(folder, path)) return path;
  throw new ClientError("bad-file", "That name leads out of the folder.");
}

function partOf(path: string, handle: FileHandle): Part {
  const close = async (): Promise<void> => {
    await handle.close().catch(forgiveDisk);
    ours.delete(path);
  };
  const remove = async (): Promise<void> => {
    await unlink(path).catch(forgiveDisk);
    await close();
  };
  const isEmpty = async (): Promise<boolean> => (await lstat(path).catch(forgiveMissing))?.size === 0;
  return { path, handle, isEmpty, close, remove };
}

// With two links it has its name already, and whoever wrote on would write into somebody's file.
function isOnlyPart(stats: Stats): boolean {
  return stats.isFile() && stats.nlink === 1;
}

// A folder that cannot be read has nothing for us; that nothing can be saved in it is said when it is tried.
function forgiveMissing(error: unknown): undefined {
  if (systemCode(error) === undefined) throw error;
}

function forgiveDisk(error: unknown): void {
  if (systemCode(error) === undefined) throw error;
}
