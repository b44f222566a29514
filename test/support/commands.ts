// The operator's commands as programs of their own, run to their end.

import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { cleanUp } from "./cleanup.js";
import { projectFolder } from "./program.js";

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `node server` with these words, and gives it this input. */
export async function runServer(words: readonly string[], input = ""): Promise<Ran> {
  const child = startCommand(words);
  child.stdin.end(input);
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  await once(child, "close");
  return { code: child.exitCode, stdout, stderr };
}

/** Starts it, for a test that feeds or kills it. */
export function startCommand(words: readonly string[]): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, ["server", ...words], { cwd: projectFolder, stdio: "pipe" });
  child.stdin.on("error", () => undefined);
  cleanUp(async () => {
    child.kill("SIGKILL");
    return Promise.resolve();
  });
  return child;
}

/** The lines of an export, without the epoch, which is another each time. */
export function linesOf({ stdout }: Ran): string[] {
  return stdout.trimEnd().split("\n").map(withoutEpoch);
}

export function withoutEpoch(line: string): string {
  return line.replace(/,"epoch":"\w+"/, "");
}

/** What `expect` takes in the place of a text that has this one in it. */
export function containing(text: string): unknown {
  return expect.stringContaining(text);
}
