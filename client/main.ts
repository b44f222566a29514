// The client's composition root: flags, streams and signals to a terminal or a pipe. The only file of the
// client that touches `process`, but for its number (processes.ts).

import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { completionsOf, showCompletionScript } from "./scripts/completion.js";
import { runErrand, type ErrandEnd } from "./scripts/run-errand.js";
import { exitCodes } from "./exit-codes.js";
import { ClientError, diskFailure } from "./failures.js";
import { parseOptions, type ClientOptions } from "./options.js";
import { runPipe, type Surroundings } from "./scripts/pipe.js";
import { stylesFor } from "./chat/styles.js";
import { openHistory } from "./terminal/line-history.js";
import { openLiveScreen } from "./terminal/live-screen.js";
import { openPlainScreen } from "./terminal/plain-screen.js";
import type { Screen, ScreenOptions } from "./terminal/screen.js";
import { runTerminal } from "./terminal/terminal.js";

const { stdin, stdout, stderr } = process;

let stoppedBy: NodeJS.Signals | undefined;

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
  if ("completion" in parsed) {
    if (parsed.completion !== "script")
      stdout.write((await completionsOf(parsed.completion)).join("\n") + "\n");
    else {
      // By which yargs tells which shell to write for.
      if ("shell" in parsed && parsed.shell !== undefined) process.env.SHELL = parsed.shell;
      showCompletionScript();
    }
    return exitCodes.ok.code;
  }
  if ("errand" in parsed) {
    stderr.on("error", () => undefined);
    const streams = { input: stdin, output: stdout, outputFd: stdout.fd, talk: stderr };
    return ended(await runErrand(streams, parsed.errand, surroundings()));
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
  if (stdin.isTTY && stdout.isTTY && !options.isJson) {
    const styles = stylesFor(stdout.getColorDepth());
    return runTerminal(options, { ...surroundings(), styles, openScreen });
  }
  // Nobody to talk to is no reason to end.
  stderr.on("error", () => undefined);
  return runPipe({ input: stdin, output: stdout, talk: stderr }, options, surroundings());
}

function openScreen(complete: ScreenOptions["complete"]): Screen {
  const isDumb = process.env.TERM === "dumb";
  const history = openHistory(join(stateFolder(), "history"));
  const options = { input: stdin, output: stdout, history, complete, suspend: suspendWay() };
  return isDumb ? openPlainScreen(options) : openLiveScreen(options);
}

/** As Ctrl-Z does; there is no such thing on Windows. */
function suspendWay(): ScreenOptions["suspend"] {
  if (process.platform === "win32") return undefined;
  return (resume) => {
    process.once("SIGCONT", resume);
    process.kill(process.pid, "SIGTSTP");
  };
}

function surroundings(): Surroundings {
  return { home: homedir(), sessions: stateFolder(), signal: stopSignal() };
}

/** Where programs keep what is of use to their next run, by the XDG base directory specification. */
function stateFolder(): string {
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
      stoppedBy = name;
      stop.abort(new ClientError("interrupted", "Interrupted."));
    });
  }
  return stop.signal;
}

/** As the tools of Unix end, so that a loop of a shell ends, too: by the signal that stopped it, or by SIGPIPE. */
function ended(end: ErrandEnd): number {
  const code = end === "unread" ? exitCodes.ok.code : end;
  const signal = end === "unread" ? "SIGPIPE" : code === exitCodes.interrupted.code ? stoppedBy : undefined;
  if (signal === undefined || process.platform === "win32") return code;
  // Without a listener of ours the signal does again what it does by itself; SIGPIPE only after there was one.
  process.once(signal, () => undefined).removeAllListeners(signal);
  process.kill(process.pid, signal);
  return code;
}

function ownVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const hasVersion = typeof manifest === "object" && manifest !== null && "version" in manifest;
  return hasVersion ? String(manifest.version) : "unknown";
}
