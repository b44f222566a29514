// Runs a server under strace and reads what it asked of the system, in order. Linux with strace and the right to
// trace; elsewhere a test says aloud that it was skipped and why.
//
// strace tells one event after the other, whichever thread it is of: a call that another thread's event comes
// into is told in two lines, and its place of begin and its place of return are those of the two.

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Program } from "./program.js";

export interface SystemCall {
  readonly name: string;
  /** As strace prints them: strings escaped, a file with its path behind its number. */
  readonly args: string;
  /** The path of the file that the first argument is, if it is one: `socket:[123]` for a socket. */
  readonly file: string | undefined;
  readonly result: number;
  /** Lines of the trace at which it began and returned. */
  readonly began: number;
  readonly returned: number;
}

const traced = "pwrite64,pwritev,write,writev,sendto,sendmsg,fsync,fdatasync,rename,renameat,renameat2,mkdir";
const traceEndMs = 10_000;

/** To be put before the server's command. The server itself is the child, and the tracer runs beside it. */
export function straceInto(path: string): string[] {
  return ["strace", "-D", "-f", "-y", "-s", "262144", "-e", `trace=${traced}`, "-o", path];
}

/** Whether this machine lets us trace. */
export async function canTrace(): Promise<boolean> {
  try {
    await promisify(execFile)("strace", ["-f", "-o", "/dev/null", "true"]);
    return true;
  } catch (error) {
    const test = expect.getState().currentTestName ?? "";
    console.warn(`Skipped "${test}": cannot trace with strace: ${String(error)}`);
    return false;
  }
}

/** All calls of a server that has ended. */
export async function readTrace(path: string, { child }: Program): Promise<SystemCall[]> {
  // The tracer may be a moment behind.
  const end = new RegExp(`^${child.pid ?? 0} +\\+\\+\\+`, "m");
  for (let waitedMs = 0; waitedMs < traceEndMs; waitedMs += 20) {
    const trace = await readFile(path, "latin1");
    if (end.test(trace)) return parseTrace(trace);
    await sleep(20);
  }
  throw new Error(`The trace ${path} has no end.`);
}

/** Calls in the order of their return; those that never returned are left out. */
export function parseTrace(trace: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const unfinished = new Map<string, { begin: string; began: number }>();
  for (const [at, line] of trace.split("\n").entries()) {
    const [, thread = "", event = ""] = /^(\d+) +(.*)$/s.exec(line) ?? [];
    const [, begin] = /^(.*) <unfinished \.\.\.>$/s.exec(event) ?? [];
    const [, rest] = /^<\.\.\. \w+ resumed>(.*)$/s.exec(event) ?? [];
    if (begin !== undefined) {
      unfinished.set(thread, { begin, began: at });
      continue;
    }
    const earlier = rest === undefined ? undefined : unfinished.get(thread);
    const call = parseCall(earlier === undefined ? event : earlier.begin + (rest ?? ""));
    if (call !== undefined) calls.push({ ...call, began: earlier?.began ?? at, returned: at });
    unfinished.delete(thread);
  }
  return calls;
}

function parseCall(text: string): Omit<SystemCall, "began" | "returned"> | undefined {
  const [, name, args, result] = /^(\w+)\((.*)\) += (-?\d+)[^"]*$/s.exec(text) ?? [];
  if (name === undefined || args === undefined) return undefined;
  return { name, args, file: /^\d+<([^>]*)>/.exec(args)?.[1], result: Number(result) };
}
