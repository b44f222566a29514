// Words that are in nothing else, and which of them are still in a folder's files.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { allFiles } from "./folders.js";

const markLength = 16;

/** The search index leaves out what a word has in common with the one before it. */
const seenLength = 12;

/** The nth of many words that have nothing in common. */
export function markOf(n: number): string {
  return createHash("sha256").update(`mark ${n}`).digest("hex").slice(0, markLength);
}

/** Those of the marks that are in any file of a folder, whole or but for their first letters. */
export async function marksIn(
  folder: string,
  marks: readonly string[],
  isMeant: (file: string) => boolean = () => true,
): Promise<string[]> {
  const wanted = new Map(marks.map((mark) => [mark.slice(-seenLength), mark]));
  const found = new Set<string>();
  for (const file of (await allFiles(folder)).filter(isMeant)) {
    const text = (await readFile(join(folder, file))).toString("latin1");
    for (const [run] of text.matchAll(/[0-9a-f]{12,}/g)) {
      for (let at = 0; at + seenLength <= run.length; at++) {
        const mark = wanted.get(run.slice(at, at + seenLength));
        if (mark !== undefined) found.add(mark);
      }
    }
  }
  return [...found];
}
