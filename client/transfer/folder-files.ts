// What a path names that is to be sent: a file, or all files of a folder and below, each with the name that it gets in
// the room. A room knows no folders, so the way inside of one becomes part of the name. Reads folders, no files.

import { lstat, readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { nameKey } from "../../shared/names.js";
import { diskFailure } from "../failures.js";
import { fittingName, numberedFileName } from "./filenames.js";

/**
 * Between the folders of a name. It needs no quotes in a shell, is in a name what it is in every file system, and is
 * kept by whoever saves the file.
 */
const separator = "__";

export interface FileToSend {
  readonly path: string;
  readonly name: string;
}

/**
 * The files in order. No two of them have the same name, as the room compares names: they would be versions of one.
 * @param onSkipped called with what is neither file nor folder, and is in one
 * @throws ClientError bad-file
 */
export async function* filesToSend(
  paths: readonly string[],
  onSkipped: (path: string, why: string) => void,
): AsyncGenerator<FileToSend, void> {
  const taken = new Set<string>();
  for (const path of paths)
    for await (const { path: found, name } of filesIn(path, onSkipped))
      yield { path: found, name: free(name, taken) };
}

async function* filesIn(
  path: string,
  onSkipped: (path: string, why: string) => void,
): AsyncGenerator<FileToSend, void> {
  const name = basename(resolve(path));
  // Whoever names a link means what it leads to.
  const isFolder = await stat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
  if (isFolder) yield* filesBelow(path, name, onSkipped);
  else yield { path, name };
}

async function* filesBelow(
  folder: string,
  prefix: string,
  onSkipped: (path: string, why: string) => void,
): AsyncGenerator<FileToSend, void> {
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry);
    const name = `${prefix}${separator}${entry}`;
    const facts = await lstat(path).catch((error: unknown) => {
      throw diskFailure(`read ${path}`, error);
    });
    if (facts.isDirectory()) yield* filesBelow(path, name, onSkipped);
    else if (facts.isFile()) yield { path, name };
    // A link could lead out of the folder, or round in a circle.
    else onSkipped(path, facts.isSymbolicLink() ? "a link" : "not a plain file");
  }
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    throw diskFailure(`read ${folder}`, error);
  }
}

function free(wanted: string, taken: Set<string>): string {
  const fitting = fittingName(wanted);
  for (let count = 1; ; count++) {
    const name = numberedFileName(fitting, count);
    const key = nameKey(name);
    if (taken.has(key)) continue;
    taken.add(key);
    return name;
  }
}
