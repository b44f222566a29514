// A person at `node client`: a process of its own, in a pseudo-terminal (util-linux `script`) or in a pipe,
// that types lines and waits to see something.

import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Terminal } from "@xterm/headless";
import { cleanUp } from "./cleanup.js";
import { projectFolder } from "./program.js";

export interface PersonOptions {
  /** The folder that the client is started in. */
  readonly cwd: string;
  readonly flags: readonly string[];
  /** A pseudo-terminal when true; else a pipe. */
  readonly atTerminal?: boolean;
  /** Where it keeps its sessions, for a person who comes back; else a folder that nobody has had before. */
  readonly stateFolder?: string;
}

const deadlineMs = 20_000;

/** Of the terminal that a person sits at. */
const size = { cols: 80, rows: 24 };

export class Person {
  readonly child: ChildProcessWithoutNullStreams;
  readonly #exited: Promise<unknown>;
  readonly #terminal: Terminal | undefined;
  #piped = "";
  #look: () => void = () => undefined;

  constructor(child: ChildProcessWithoutNullStreams, atTerminal: boolean) {
    this.child = child;
    this.#terminal = atTerminal
      ? new Terminal({ ...size, scrollback: 1000, allowProposedApi: true })
      : undefined;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#show(text);
      });
    }
    child.stdin.on("error", () => undefined);
    this.#exited = once(child, "close");
  }

  /** What is on the screen and what has scrolled off it; of a pipe, stdout and stderr as they came. */
  get screen(): string {
    if (this.#terminal === undefined) return this.#piped;
    const { active } = this.#terminal.buffer;
    let text = "";
    for (let row = 0; row < active.length; row++) {
      const line = active.getLine(row);
      if (line === undefined) continue;
      text += (row > 0 && !line.isWrapped ? "\n" : "") + line.translateToString(true);
    }
    return text.trimEnd();
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

  #show(text: string): void {
    const look = () => {
      this.#look();
    };
    if (this.#terminal !== undefined) {
      this.#terminal.write(text, look);
    } else {
      this.#piped += text;
      look();
    }
  }
}

/** Starts a client. It ends with the test, whatever happens. */
export function startPerson({ cwd, flags, atTerminal = false, stateFolder }: PersonOptions): Person {
  const client = [process.execPath, join(projectFolder, "client"), ...flags];
  const [program = "", ...args] = atTerminal
    ? [
        "script",
        "-qfec",
        `stty rows ${size.rows} cols ${size.cols}; exec ${client.map(quoted).join(" ")}`,
        "/dev/null",
      ]
    : client;
  const XDG_STATE_HOME = stateFolder ?? newStateFolder();
  const env = { ...process.env, TERM: "xterm", XDG_STATE_HOME };
  const child = spawn(program, args, { cwd, stdio: "pipe", env });
  const person = new Person(child, atTerminal);
  cleanUp(async () => {
    person.kill();
    await person.leaves();
  });
  return person;
}

/** Never a real home: what a started client keeps goes with the test. */
export function newStateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "roomline-state-"));
  cleanUp(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function memoryOf(pid: number): Promise<{ nowKiB: number; peakKiB: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const kiB = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]);
  return { nowKiB: kiB("VmRSS"), peakKiB: kiB("VmHWM") };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
