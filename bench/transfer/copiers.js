// rsync and scp on loopback, where they are there: what people copy files with who have no room server. rsync hashes in
// its own way and does not sync; neither tells anybody.

import { spawn, spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const firstTryMs = 50;

/** Its own daemon, so that no ssh is in the way; or a sentence why not. */
export async function rsyncPeer(file, folder) {
  if (!isThere("rsync")) return { why: "rsync is not installed" };
  const port = await freePort();
  const settings = join(folder, "rsyncd.conf");
  // Of root a daemon makes somebody who may write nowhere.
  const who = `uid = ${process.getuid()}\ngid = ${process.getgid()}\n`;
  const module = `[files]\npath = ${folder}\nread only = false\nuse chroot = false\n${who}`;
  writeFileSync(settings, `pid file = ${settings}.pid\n${module}`);
  const flags = ["--daemon", "--no-detach", `--config=${settings}`, `--port=${port}`, "--address=127.0.0.1"];
  const daemon = spawn("rsync", flags, { stdio: "ignore" });
  await sleep(10 * firstTryMs);
  const url = `rsync://127.0.0.1:${port}/files`;
  return {
    name: "rsync",
    up: () => copy("rsync", ["--whole-file", "--fsync", file, `${url}/copied`]),
    down: () => copy("rsync", ["--whole-file", "--fsync", `${url}/copied`, join(folder, "fetched")]),
    clean() {
      for (const name of ["copied", "fetched"]) rmSync(join(folder, name));
    },
    stop: () => void daemon.kill(),
  };
}

/** To this machine, when it lets us in without a question. */
export async function scpPeer(file, folder) {
  if (!isThere("scp", "-V")) return { why: "scp is not installed" };
  const options = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=2"];
  if (spawnSync("ssh", [...options, "127.0.0.1", "true"]).status !== 0)
    return { why: "scp has no ssh server here that lets us in" };
  const target = join(folder, "copied");
  return {
    name: "scp",
    up: () => copy("scp", ["-q", ...options, file, `127.0.0.1:${target}`]),
    clean: () => rmSync(target),
  };
}

function isThere(program, flag = "--version") {
  return spawnSync(program, [flag], { stdio: "ignore" }).error === undefined;
}

// Both are processes of their own here, so only the time is known.
function copy(program, args) {
  const start = performance.now();
  const { status } = spawnSync(program, args, { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error(`${program} ended with ${status}.`);
  return { seconds: (performance.now() - start) / 1000, cpuSeconds: 0 };
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
