// The server as a process of its own, and what it takes: CPU of all its threads, memory, descriptors, and how
// long its event loop is held. Linux only. With it a load, a process too.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ticksPerSecond = 100; // of /proc: USER_HZ, the same on every Linux
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/**
 * With SERVER_NODE_FLAGS in the environment its node is given those too, such as a profiler's.
 * @param data a folder that stays when the server stops; without it a new one, that goes
 * @param flags more flags of the server
 */
export async function startServer({ data, flags: more = [] } = {}) {
  const folder = data ?? mkdtempSync(join(tmpdir(), "roomline-bench-"));
  const { SERVER_NODE_FLAGS: flags = "" } = process.env;
  const probe = `--import=${here("delay-probe.js")}`;
  const program = ["server", "--port", "0", "--data", folder, ...more];
  const began = performance.now();
  const child = spawn(process.execPath, [probe, ...flags.split(" ").filter(Boolean), ...program], {
    cwd: here(".."),
    stdio: ["ignore", "pipe", "inherit", "pipe"],
  });
  const delays = createInterface({ input: child.stdio[3] })[Symbol.asyncIterator]();
  const exited = once(child, "exit");
  const [bytes] = await Promise.race([once(child.stdout, "data"), exited]);
  const port = Number(/:(\d+);/.exec(bytes)?.[1]);
  if (!port) throw new Error("The server did not start.");
  return {
    port,
    folder,
    pid: child.pid,
    /** From its start to the line that it listens. */
    listeningMs: performance.now() - began,
    /** Of the event loop since the last time it was asked, in milliseconds. */
    async delay() {
      child.kill("SIGUSR2");
      return JSON.parse((await delays.next()).value);
    },
    cpuSeconds() {
      const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1].split(" ");
      return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
    },
    /** How long its main thread could have run and had no core: what others on the machine took. */
    waitedSeconds: () => Number(readFileSync(`/proc/${child.pid}/schedstat`, "utf8").split(" ")[1]) / 1e9,
    memoryMiB: () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))[1]) / 1024,
    descriptors: () => readdirSync(`/proc/${child.pid}/fd`).length,
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      await exited;
      if (data === undefined) rmSync(folder, { recursive: true });
    },
  };
}

/** A load on a port, and the way to tell it what to do: resolves with its answer, throws its failure. */
export function startLoad(port) {
  const child = spawn(process.execPath, [here("load/index.js"), String(port)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const waiting = new Map();
  let asked = 0;
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { id, failure, ...answer } = JSON.parse(line);
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (failure === undefined) resolve(answer);
    else reject(new Error(failure));
  });
  return {
    tell(task, facts = {}) {
      const id = asked++;
      child.stdin.write(`${JSON.stringify({ id, do: task, ...facts })}\n`);
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    },
    async stop() {
      child.stdin.end();
      await once(child, "exit");
    },
  };
}

/** A process opens a descriptor for each of its sockets. */
export async function hasDescriptors(load, needed) {
  const { most } = await load.tell("descriptors");
  if (most >= needed) return true;
  console.log(`left out: it takes ${needed} descriptors a process, and ${most} are allowed (ulimit -n)`);
  return false;
}

export function print(what, figures) {
  const shown = Object.entries(figures).map(([name, value]) => `${format(value)} ${name}`);
  console.log(`${what}: ${shown.join(", ")}`);
}

/** Of times in milliseconds, to be printed. */
export function spread(times) {
  const sorted = Float64Array.from(times).sort();
  const at = (share) => sorted[Math.floor(sorted.length * share)] ?? NaN;
  return { "ms p50": at(0.5), "ms p99": at(0.99), "ms longest": sorted.at(-1) ?? NaN };
}

export function printDelay(what, { p50, p99, p999, max }) {
  print(`${what}, event loop held`, { "ms p50": p50, p99: p99, "p99.9": p999, longest: max });
}

function format(value) {
  if (typeof value !== "number") return value;
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
}
