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
  /** Ends it at once, as a power cut would, and resolves when it is gone. */
  kill(): Promise<void>;
  /** Asks it to stop and resolves with its exit code. */
  stop(): Promise<number | null>;
}

export interface ProgramOptions {
  /** The folder of the build to run; the project's own when left out. */
  readonly folder?: string | undefined;
  /** Else the system chooses. */
  readonly port?: number;
}

/** Starts `node server`, or another build of it, and waits until it listens. */
export async function startProgram(dataFolder: string, options: ProgramOptions = {}): Promise<Program> {
  const { folder = projectFolder, port = 0 } = options;
  const child = spawn(process.execPath, ["server", "--port", String(port), "--data", dataFolder], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const program = {
    child,
    port: 0,
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
    async stop() {
      child.kill("SIGTERM");
      await exited;
      return child.exitCode;
    },
  };
  cleanUp(() => program.kill());
  program.port = await listeningPort(child);
  return program;
}

async function listeningPort(child: ChildProcess): Promise<number> {
  let output = "";
  const port = new Promise<number>((resolve, reject) => {
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
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`The server ended with code ${String(code)}. It said: ${output}`));
    });
  });
  return port;
}
