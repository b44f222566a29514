// Runs test/e2e/client.py, the client in another language that knows docs/protocol.md and nothing else.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { projectFolder } from "./program.js";

export interface Told {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  readonly version: number;
}

export interface Transfer {
  readonly port: number;
  /** Of the local file. */
  readonly path: string;
  /** In the room, when it is another. */
  readonly name?: string;
  readonly isUnsized?: boolean;
}

const deadlineMs = 240_000;

const missingPython =
  "This test needs Python 3.8 or newer as `python3`. Install it: on Debian and Ubuntu `apt-get install python3`, " +
  "on macOS `brew install python`.";

/** Transfers a file in the room "lab" and returns what the program printed. @throws Error with what it said instead */
export async function python(verb: "upload" | "download", transfer: Transfer): Promise<Told> {
  const { port, path, name, isUnsized = false } = transfer;
  const args = [
    join(projectFolder, "test/e2e/client.py"),
    verb,
    "--port",
    String(port),
    "--room",
    "lab",
    "--path",
    path,
  ];
  if (name !== undefined) args.push("--name", name);
  if (isUnsized) args.push("--unsized");
  // UTF-8 also where the machine's locale is another.
  const env = { ...process.env, PYTHONUTF8: "1", PYTHONDONTWRITEBYTECODE: "1" };
  const output = await new Promise<string>((resolve, reject) => {
    execFile("python3", args, { env, timeout: deadlineMs }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === "ENOENT") reject(new Error(missingPython));
      else reject(new Error(stderr || error.message));
    });
  });
  return JSON.parse(output) as Told;
}
