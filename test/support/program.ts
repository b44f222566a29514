// The server as a program of its own, to be killed. Only the process that was started here is ever signalled.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { cleanUp } from "./cleanup.js";

export const projectFolder = resolve(__dirname, "../..");

const startMs = 15_000;

export interface Program {
  readonly child: ChildProcess;
  readonly port: number;
  /** What it has written to stderr, when the options keep it. */
  readonly stderr: string;
  /** Ends it at once, as a power cut would, and resolves when it is gone. */
  kill(): Promise<void>;
  /** Asks it to stop and resolves with its exit code, null when a signal ended it. */
  stop(): Promise<number | null>;
}

export interface ProgramOptions {
  /** The folder of the build to run; the project's own when left out. */
  readonly folder?: string | undefined;
  /** Else the system chooses. */
  readonly port?: number;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** A program and its flags that run the server in their place, such as a tracer. */
  readonly wrapper?: readonly string[];
  /** Called with what the server writes to its fourth file, which is a pipe to here. */
  readonly onMarks?: ((marks: Buffer) => void) | undefined;
  /** Whether what it writes to stderr is kept, not shown. */
  readonly keepsStderr?: boolean;
}

/** It ended instead of listening. */
export class NotStarted extends Error {
  readonly code: number | null;
  /** When the options keep it. */
  readonly stderr: string;

  constructor(code: number | null, output: { stdout: string; stderr: string }) {
    super(`The server ended with code ${String(code)}. It said: ${output.stdout}${output.stderr}`);
    this.code = code;
    this.stderr = output.stderr;
  }
}

/**
 * Starts `node server`, or another build of it, and waits until it listens.
 * @throws NotStarted
 */
export async function startProgram(dataFolder: string, options: ProgramOptions = {}): Promise<Program> {
  const child = spawnServer(dataFolder, options);
  const exited = once(child, "exit");
  // All it said is read, too, not only the process gone.
  const closed = once(child, "close");
  const program = {
    child,
    port: 0,
    stderr: "",
    async kill() {
      child.kill("SIGKILL");
      await exited;
      await closed;
    },
    async stop() {
      child.kill("SIGTERM");
      await exited;
      return child.exitCode;
    },
  };
  child.stderr?.on("data", (bytes: Buffer) => (program.stderr += bytes.toString()));
  cleanUp(() => program.kill());
  program.port = await listeningPort(program);
  return program;
}

function spawnServer(dataFolder: string, options: ProgramOptions): ChildProcess {
  const { folder = projectFolder, port = 0, env, wrapper = [], onMarks, keepsStderr = false } = options;
  const server = [process.execPath, "server", "--port", String(port), "--data", dataFolder];
  const [command = process.execPath, ...args] = [...wrapper, ...server];
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", keepsStderr ? "pipe" : "inherit", onMarks === undefined ? "ignore" : "pipe"],
  });
  const marks = child.stdio[3];
  if (onMarks !== undefined) marks?.on("data", onMarks);
  return child;
}

async function listeningPort(program: Program): Promise<number> {
  const { child } = program;
  let output = "";
  return new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`The server did not listen in time. It said: ${output}`));
    }, startMs);
    child.stdout?.on("data", (bytes: Buffer) => {
      output += bytes.toString();
      const found = /listening on \S*:(\d+)/.exec(output)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(Number(found));
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      reject(new NotStarted(code, { stdout: output, stderr: program.stderr }));
    });
  });
}
