// The client's composition root: flags, streams and signals to a terminal or a pipe. The only file of the
// client that touches `process`, but for its number (processes.ts).

import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { runErrand } from "./scripts/errands.js";
import { exitCodes } from "./exit-codes.js";
import { ClientError, diskFailure } from "./failures.js";
import { parseOptions, type ClientOptions } from "./options.js";
import { runPipe, type Surroundings } from "./scripts/pipe.js";
import { runTerminal } from "./terminal/terminal.js";

const { stdin, stdout, stderr } = process;

process.exitCode = await main();
// A stdin that still waits for somebody must not keep the process.
stdin.destroy();

async function main(): Promise<number> {
  const parsed = parseOptions({ argv: process.argv.slice(2), env: process.env, version: ownVersion() });
  if ("problem" in parsed) {
    stderr.write(`${parsed.problem}\n`);
    return exitCodes.usage.code;
  }
  if ("text" in parsed) {
    stdout.write(`${parsed.text}\n`);
    return exitCodes.ok.code;
  }
  if ("errand" in parsed) {
    stderr.on("error", () => undefined);
    return runErrand({ input: stdin, output: stdout, talk: stderr }, parsed.errand, surroundings());
  }
  let token: string | undefined;
  try {
    token = tokenOf(parsed.options);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    stderr.write(`${error.message}\n`);
    return exitCodes.usage.code;
  }
  return run({ ...parsed.options, token });
}

/** @throws ClientError bad-file */
function tokenOf({ token, tokenFile }: ClientOptions): string | undefined {
  if (tokenFile === undefined) return token;
  try {
    return readFileSync(tokenFile, "utf8").trim();
  } catch (error) {
    throw diskFailure(`read ${tokenFile}`, error);
  }
}

async function run(options: ClientOptions): Promise<number> {
  const isTerminal = stdin.isTTY && stdout.isTTY && process.env.TERM !== "dumb" && !options.isJson;
  if (isTerminal) return runTerminal({ input: stdin, output: stdout }, options, surroundings());
  // Nobody to talk to is no reason to end.
  stderr.on("error", () => undefined);
  return runPipe({ input: stdin, output: stdout, talk: stderr }, options, surroundings());
}

function surroundings(): Surroundings {
  return { home: homedir(), sessions: sessionsFolder(), signal: stopSignal() };
}

/** Where programs keep what is of use to their next run, by the XDG base directory specification. */
function sessionsFolder(): string {
  const state = process.env.XDG_STATE_HOME;
  // A relative path is invalid there, and to be ignored.
  const isValid = state !== undefined && isAbsolute(state);
  return join(isValid ? state : join(homedir(), ".local", "state"), "roomline");
}

/** Aborted by the first SIGINT, SIGTERM or SIGHUP; the second ends the process. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(exitCodes.interrupted.code);
      stop.abort(new ClientError("interrupted", "Interrupted."));
    });
  }
  return stop.signal;
}

function ownVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const hasVersion = typeof manifest === "object" && manifest !== null && "version" in manifest;
  return hasVersion ? String(manifest.version) : "unknown";
}
