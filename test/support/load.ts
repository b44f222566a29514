// A load from a process of its own (bench/load), and what the server's process takes. Only counts and bounds are
// asked here: how fast it was is for the benches.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { cleanUp } from "./cleanup.js";
import { projectFolder, type Program } from "./program.js";

/** With `npm run test:soak` the counts are those that the product promises. */
export const isSoak = process.env.ROOMLINE_SOAK !== undefined;

export interface Facts {
  readonly members: number;
  /** Sockets that are not closed. */
  readonly open: number;
  /** The newest number that anybody of the room was given. */
  readonly head: number;
  /** Members that were given every number, once and in order. */
  readonly haveAll: number;
  /** The first hole, double or error of each member that had one. */
  readonly faults: readonly string[];
  /** Lines that are no entries, by type. */
  readonly lines: Readonly<Record<string, { readonly count: number; readonly bytes: number }>>;
  readonly bytes: number;
  readonly lastError?: string;
}

export interface Load {
  /** Has it done and resolves with its answer; bench/load/index.js has the tasks. */
  tell(task: string, facts?: object): Promise<unknown>;
  facts(group: string): Promise<Facts>;
}

interface Asked {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

export function startLoad(port: number): Load {
  const child = spawn(process.execPath, [join(projectFolder, "bench/load/index.js"), String(port)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  cleanUp(async () => {
    child.stdin.end();
    await exited;
  });
  const asked = new Map<number, Asked>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const answer = JSON.parse(line) as { id: number; failure?: string };
    const waiting = asked.get(answer.id);
    asked.delete(answer.id);
    if (answer.failure === undefined) waiting?.resolve(answer);
    else waiting?.reject(new Error(answer.failure));
  });
  let count = 0;
  const tell = (task: string, facts: object = {}) => {
    const id = count++;
    child.stdin.write(`${JSON.stringify({ id, do: task, ...facts })}\n`);
    return new Promise<unknown>((resolve, reject) => asked.set(id, { resolve, reject }));
  };
  return { tell, facts: async (group) => (await tell("facts", { group })) as Facts };
}

/** Resident memory of the server, in MiB. */
export function memoryMiB({ child }: Program): number {
  const status = readFileSync(`/proc/${String(child.pid)}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

export function descriptors({ child }: Program): number {
  return readdirSync(`/proc/${String(child.pid)}/fd`).length;
}

/** Throws when this machine does not allow a process so many sockets: such a test would show nothing. */
export function needDescriptors(needed: number): void {
  const allowed = Number(/Max open files\s+\d+\s+(\d+)/.exec(readFileSync("/proc/self/limits", "utf8"))?.[1]);
  if (allowed < needed)
    throw new Error(`This takes ${needed} descriptors a process; ${allowed} are allowed.`);
}
