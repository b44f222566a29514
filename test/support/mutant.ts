// A build of the server with deliberate faults, to prove that a test would notice them, or with marks that tell
// a test where the server is.

import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { projectFolder } from "./program.js";

export interface Mutation {
  /** Of the compiled file, below dist/. */
  readonly file: string;
  /** Texts to replace; each must be there exactly once. */
  readonly replace: readonly (readonly [string, string])[];
}

/** Copies the build into a folder and changes it there. */
export async function buildMutant(folder: string, ...mutations: readonly Mutation[]): Promise<void> {
  await cp(join(projectFolder, "dist"), join(folder, "dist"), { recursive: true });
  await cp(join(projectFolder, "package.json"), join(folder, "package.json"));
  for (const half of ["server", "client"]) {
    await mkdir(join(folder, half));
    await cp(join(projectFolder, half, "index.js"), join(folder, half, "index.js"));
  }
  await symlink(join(projectFolder, "node_modules"), join(folder, "node_modules"));
  for (const mutation of mutations) await mutate(join(folder, "dist", mutation.file), mutation);
}

async function mutate(path: string, { file, replace }: Mutation): Promise<void> {
  let code = await readFile(path, "utf8");
  for (const [from, to] of replace) {
    if (code.split(from).length !== 2) throw new Error(`${file} does not have this exactly once: ${from}`);
    // A function, because `$` means something in a text to replace with.
    code = code.replace(from, () => to);
  }
  await writeFile(path, code);
}
