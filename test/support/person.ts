// A person at `node client`: a process of its own, in a pseudo-terminal (util-linux `script`) or in a pipe,
// that types lines and waits to see something.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cleanUp } from "./cleanup.js";
import { projectFolder } from "./program.js";
import { Watch } from "./watch.js";
import { usualSize, VirtualTerminal, type Size } from "./virtual-terminal.js";

export interface PersonOptions {
  /** The folder that the client is started in. */
  readonly cwd: string;
  readonly flags: readonly string[];
  /** A pseudo-terminal when true; else a pipe. */
  readonly atTerminal?: boolean;
  /** Where it keeps its sessions, for a person who comes back; else a folder that nobody has had before. */
  readonly stateFolder?: string;
  /** Of the terminal; 80 columns and 24 rows when left out. */
  readonly size?: Size;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export class Person {
  readonly child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #terminal: VirtualTerminal | undefined;
  /** Resolves with the path of the pseudo-terminal. */
  readonly #device: Promise<string>;
  #piped = "";
  readonly #watch = new Watch(() => this.screen);

  constructor(child: ChildProcess, size: Size | undefined) {
    this.child = child;
    this.#terminal = size && new VirtualTerminal(size);
    this.#terminal?.onReply((text) => child.stdin?.write(text));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#show(text);
      });
    }
    this.#device = new Promise((resolve) => {
      child.stdio[3]?.once("data", (path: Buffer) => {
        resolve(path.toString().trim());
      });
    });
    child.stdin?.on("error", () => undefined);
    this.#exited = once(child, "close");
  }

  /** What is on the screen and what has scrolled off it; of a pipe, stdout and stderr as they came. */
  get screen(): string {
    return this.#terminal?.text ?? this.#piped;
  }

  /** The terminal it sits at. */
  get terminal(): VirtualTerminal {
    if (this.#terminal === undefined) throw new Error("This one sits at no terminal.");
    return this.#terminal;
  }

  /** Types a line and Enter. */
  type(line: string): this {
    return this.press(`${line}\n`);
  }

  /** Presses keys, as the bytes that a terminal sends for them. */
  press(keys: string): this {
    this.child.stdin?.write(keys);
    return this;
  }

  /** Pastes a text, as a terminal does that was asked to say so (bracketed paste, xterm's mode 2004). */
  paste(text: string): this {
    return this.press(`\x1b[200~${text.replaceAll("\n", "\r")}\x1b[201~`);
  }

  /** The window gets another size. */
  async resize({ columns, rows }: Size): Promise<void> {
    const device = await this.#device;
    this.#terminal?.resize({ columns, rows });
    execFileSync("stty", ["-F", device, "rows", String(rows), "cols", String(columns)]);
  }

  /** Resolves when the screen shows it. */
  async sees(wanted: string | RegExp, deadline?: number): Promise<void> {
    await this.#watch.sees(wanted, deadline);
  }

  /** Closes the input, as Ctrl-D does. */
  hangUp(): void {
    this.child.stdin?.end();
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
      this.#watch.look();
    };
    if (this.#terminal !== undefined) {
      void this.#terminal.write(text).then(look);
    } else {
      this.#piped += text;
      look();
    }
  }
}

/** Starts a client. It ends with the test, whatever happens. */
export function startPerson({
  cwd,
  flags,
  atTerminal = false,
  stateFolder,
  size = usualSize,
  env: more = {},
}: PersonOptions): Person {
  const client = [process.execPath, join(projectFolder, "client"), ...flags];
  const [program = "", ...args] = atTerminal
    ? [
        "script",
        "-qfec",
        `tty >&3; stty rows ${size.rows} cols ${size.columns}; exec ${client.map(quoted).join(" ")} 3>&-`,
        "/dev/null",
      ]
    : client;
  const folder = stateFolder ?? newStateFolder();
  const env = { ...process.env, TERM: "xterm", XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder, ...more };
  const child = spawn(program, args, { cwd, stdio: ["pipe", "pipe", "pipe", "pipe"], env });
  const person = new Person(child, atTerminal ? size : undefined);
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
