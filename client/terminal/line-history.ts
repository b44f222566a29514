// What was entered in earlier runs, for the arrow keys: a file of one JSON text a line, which only its owner can read.
// Several clients add to it at once; nothing about it is worth stopping for.

import { appendFileSync, chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { systemCode } from "../failures.js";
import type { History } from "./screen.js";

const maxLines = 1000;
/** What is not worth keeping: a book that was pasted. */
const maxLineUnits = 16 * 1024;

/** @param path undefined keeps nothing between runs */
export function openHistory(path: string | undefined): History {
  const lines = path === undefined ? [] : readLines(path);
  return {
    lines,
    add(line) {
      if (line.trim() === "" || line === lines.at(-1) || line.length > maxLineUnits) return;
      lines.push(line);
      if (lines.length > maxLines) lines.shift();
      if (path !== undefined)
        tryOnDisk(() => {
          append(path, line);
        });
    },
  };
}

function readLines(path: string): string[] {
  let text = "";
  tryOnDisk(() => (text = readFileSync(path, "utf8")));
  const all = text.split("\n").filter((line) => line !== "");
  const lines = all.slice(-maxLines);
  // Twice as many before it is written anew, so that most runs do not.
  if (all.length > 2 * maxLines)
    tryOnDisk(() => {
      rewrite(path, lines);
    });
  return lines.flatMap(parsed);
}

/** None when the line is damaged. */
function parsed(line: string): string[] {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "string" ? [value] : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

function append(path: string, line: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  appendFileSync(path, `${JSON.stringify(line)}\n`, { mode: 0o600 });
}

function rewrite(path: string, lines: readonly string[]): void {
  const draft = `${path}.new`;
  writeFileSync(draft, lines.map((line) => `${line}\n`).join(""), { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, path);
}

function tryOnDisk(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}
