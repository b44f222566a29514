// A build of the server with one deliberate fault, to prove that a test would notice it.

import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { projectFolder } from "./program.js";

export interface Mutation {
  /** Of the compiled file, below dist/. */
  readonly file: string;
  /** Texts to replace; each must be there exactly once. */
  readonly replace: readonly (readonly [string, string])[];
}

/** Copies the build into a folder and breaks it there. */
export async function buildMutant(folder: string, { file, replace }: Mutation): Promise<void> {
  await cp(join(projectFolder, "dist"), join(folder, "dist"), { recursive: true });
  await cp(join(projectFolder, "package.json"), join(folder, "package.json"));
  await mkdir(join(folder, "server"));
  await cp(join(projectFolder, "server/index.js"), join(folder, "server/index.js"));
  await symlink(join(projectFolder, "node_modules"), join(folder, "node_modules"));
  const path = join(folder, "dist", file);
  let code = await readFile(path, "utf8");
  for (const [from, to] of replace) {
    if (code.split(from).length !== 2) throw new Error(`${file} does not have this exactly once: ${from}`);
    code = code.replace(from, to);
  }
  await writeFile(path, code);
}
