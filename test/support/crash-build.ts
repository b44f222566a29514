// The build that a crash run kills: it tells through a pipe when a commit is open and when a blob has its name.
//
//   b  right before a transaction begins          r  a file was renamed to a blob that no entry refers to yet
//   e  right after it is committed or taken back
//
// A kill that was followed by no more than a `b` fell inside of an open commit.

import { buildMutant, type Mutation } from "./mutant.js";

export const marks = { begin: "b", end: "e", renamed: "r" } as const;

const markFd = 3;
const mark = (name: keyof typeof marks) => `writeSync(${markFd}, "${marks[name]}");`;
const importWrite = 'import { writeSync } from "node:fs";\n';

/** Makes the build in a folder, with further faults if a test wants some. */
export async function buildMarked(folder: string, ...faults: readonly Mutation[]): Promise<void> {
  await buildMutant(folder, ...faults, transactions, renames);
}

const transactions: Mutation = {
  file: "server/engines/embedded/database.js",
  replace: [
    ['import { dirname } from "node:path";', `${importWrite}import { dirname } from "node:path";`],
    ['database.exec("BEGIN IMMEDIATE");', `${mark("begin")} database.exec("BEGIN IMMEDIATE");`],
    ['database.exec("COMMIT");', `database.exec("COMMIT"); ${mark("end")}`],
    ['database.exec("ROLLBACK");', `{ database.exec("ROLLBACK"); ${mark("end")} }`],
  ],
};

const renames: Mutation = {
  file: "server/engines/embedded/blobs.js",
  replace: [
    ["import { rename }", `${importWrite}import { rename }`],
    ["await rename(path, blob);", `await rename(path, blob); ${mark("renamed")}`],
  ],
};
