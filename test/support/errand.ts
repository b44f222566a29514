// `node client upload` and `node client download` as processes of their own, with what they write kept apart.

import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { cleanUp } from "./cleanup.js";
import { newStateFolder } from "./person.js";
import { projectFolder } from "./program.js";

export interface ErrandOptions {
  readonly cwd: string;
  readonly port: number;
  /** Where it keeps its sessions, for one that is run again; else a folder that nobody has had before. */
  readonly stateFolder?: string;
  /** Of the build to run; the project's own when left out. */
  readonly folder?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Errand {
  readonly child: ChildProcessWithoutNullStreams;
  readonly done: Promise<Done>;
}

export interface Done {
  readonly code: number | null;
  /** What ended it, when that was a signal. */
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  /** Its lines. */
  readonly talk: string[];
}

/** Starts it in the room `lab`, as alice unless the words say otherwise. It ends with the test. */
export function startErrand(words: readonly string[], options: ErrandOptions): Errand {
  const { cwd, port, stateFolder, folder = projectFolder, env } = options;
  const [kind = "", ...others] = words;
  const defaults = [
    "--port",
    String(port),
    "--room",
    "lab",
    ...(words.includes("--as") ? [] : ["--as", "alice"]),
  ];
  const child = spawn(process.execPath, [join(folder, "client"), kind, ...defaults, ...others], {
    cwd,
    stdio: "pipe",
    env: { ...process.env, XDG_STATE_HOME: stateFolder ?? newStateFolder(), ...env },
  });
  child.stdin.on("error", () => undefined);
  cleanUp(async () => {
    child.kill("SIGKILL");
    return Promise.resolve();
  });
  return { child, done: outcomeOf(child) };
}

/** Runs it to its end, with this input. */
export async function runErrand(
  words: readonly string[],
  options: ErrandOptions & { readonly input?: string | Buffer },
): Promise<Done> {
  const { child, done } = startErrand(words, options);
  child.stdin.end(options.input ?? "");
  return done;
}

async function outcomeOf(child: ChildProcessWithoutNullStreams): Promise<Done> {
  const stdout: Buffer[] = [];
  let talk = "";
  child.stdout.on("data", (bytes: Buffer) => stdout.push(bytes));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (talk += text));
  await once(child, "close");
  return {
    code: child.exitCode,
    signal: child.signalCode,
    stdout: Buffer.concat(stdout),
    talk: talk.split("\n").slice(0, -1),
  };
}
