// What a test finds in a folder.

import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** The paths of all files in a folder and below, relative to it, sorted. */
export async function allFiles(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
