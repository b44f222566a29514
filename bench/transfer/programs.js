// Servers and clients of a transfer as processes of their own, ours and those it is held against, with what they take.
// Linux only.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { clearInterval, setInterval } from "node:timers";
import { fileURLToPath } from "node:url";

const ticksPerSecond = 100; // of /proc: USER_HZ, the same on every Linux
const sampleMs = 50;
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** A program that prints its port and goes on until it is stopped. */
export async function startPeer(name, folder) {
  const child = spawn(process.execPath, [here(name), folder], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const [bytes] = await Promise.race([once(child.stdout, "data"), exited]);
  const port = Number(bytes);
  if (!port) throw new Error(`${name} did not start.`);
  return {
    port,
    pid: child.pid,
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/** A program that does one transfer and tells of it; with the most memory that it took, in MiB. */
export async function runClient(name, args) {
  const child = spawn(process.execPath, [here(name), ...args.map(String)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const memory = watchMemory(child.pid);
  const [told, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  const mostMiB = memory();
  if (code !== 0) throw new Error(`${name} ended with ${code}.`);
  return { ...JSON.parse(told), mostMiB };
}

/** Watches until the returned function is called, which says the most that it was, in MiB. */
export function watchMemory(pid) {
  let most = memoryMiB(pid);
  const timer = setInterval(() => (most = Math.max(most, memoryMiB(pid))), sampleMs);
  return () => {
    clearInterval(timer);
    return most;
  };
}

export function memoryMiB(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(read(pid, "status"))?.[1] ?? 0) / 1024;
}

/** Of all its threads since it began. */
export function cpuSeconds(pid) {
  const fields = read(pid, "stat").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

// A process may have ended.
function read(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ESRCH") return "";
    throw error;
  }
}
