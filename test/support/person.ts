// A person at `node client`: a process of its own, in a pseudo-terminal (util-linux `script`) or in a pipe,
// that types lines and waits to see something.

import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { cleanUp } from "./cleanup.js";
import { projectFolder } from "./program.js";

export interface PersonOptions {
  /** The folder that the client is started in. */
  readonly cwd: string;
  readonly flags: readonly string[];
  /** A pseudo-terminal when true; else a pipe. */
  readonly atTerminal?: boolean;
}

const deadlineMs = 20_000;

export class Person {
  readonly child: ChildProcessWithoutNullStreams;
  /** Everything shown so far, stdout and stderr together as a screen would, without control sequences. */
  screen = "";
  readonly #exited: Promise<unknown>;
  #look: () => void = () => undefined;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.screen += stripVTControlCharacters(text).replaceAll("\r", "");
        this.#look();
      });
    }
    child.stdin.on("error", () => undefined);
    this.#exited = once(child, "close");
  }

  /** Types a line and Enter. */
  type(line: string): this {
    this.child.stdin.write(`${line}\n`);
    return this;
  }

  /** Resolves when the screen shows it. */
  async sees(wanted: string | RegExp, deadline = deadlineMs): Promise<void> {
    const isThere = () =>
      typeof wanted === "string" ? this.screen.includes(wanted) : wanted.test(this.screen);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`Never seen: ${String(wanted)}. The screen:\n${this.screen}`));
      }, deadline);
      this.#look = () => {
        if (!isThere()) return;
        clearTimeout(timer);
        resolve();
      };
      this.#look();
    });
  }

  /** Closes the input, as Ctrl-D does. */
  hangUp(): void {
    this.child.stdin.end();
  }

  kill(): void {
    this.child.kill("SIGKILL");
  }

  /** Resolves with the exit code. */
  async leaves(): Promise<number | null> {
    await this.#exited;
    return this.child.exitCode;
  }

  /** Of the process itself, in KiB: what it holds now, and the most it ever held (Linux). */
  async memory(): Promise<{ nowKiB: number; peakKiB: number }> {
    return memoryOf(this.child.pid ?? 0);
  }
}

/** Starts a client. It ends with the test, whatever happens. */
export function startPerson({ cwd, flags, atTerminal = false }: PersonOptions): Person {
  const client = [process.execPath, join(projectFolder, "client"), ...flags];
  const [program = "", ...args] = atTerminal
    ? ["script", "-qfec", client.map(quoted).join(" "), "/dev/null"]
    : client;
  const child = spawn(program, args, { cwd, stdio: "pipe", env: { ...process.env, TERM: "xterm" } });
  const person = new Person(child);
  cleanUp(async () => {
    person.kill();
    await person.leaves();
  });
  return person;
}

export async function memoryOf(pid: number): Promise<{ nowKiB: number; peakKiB: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const kiB = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]);
  return { nowKiB: kiB("VmRSS"), peakKiB: kiB("VmHWM") };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
