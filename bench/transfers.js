// What a large file costs, each way, against programs that do the same work with less around it: a bare sender and
// receiver over TCP, a tus server over HTTP, and rsync and scp where they are installed. In turns, because the machine is
// never quite the same. Then what the file costs those who talk meanwhile, and the memory of both ends. Linux only.
//
//   npm run build && node bench/transfers.js [bytes] [rounds]
//
// The bytes are random, once for all; everything is in the system's temporary folder (TMPDIR), which needs four times
// the size.

import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, statfsSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openAsker } from "./asker.js";
import { print, printDelay, spread, startServer } from "./measured-server.js";
import { cpuSeconds, memoryMiB, runClient, startPeer, watchMemory } from "./transfer/programs.js";
import { rsyncPeer, scpPeer } from "./transfer/copiers.js";

const MiB = 1024 * 1024;
const [size, rounds] = [Number(process.argv[2] ?? 1024 * MiB), Number(process.argv[3] ?? 3)];
const restMs = 10;

const folder = mkdtempSync(join(tmpdir(), "roomline-transfers-"));
const saved = join(folder, "saved");
const closing = [() => rmSync(folder, { recursive: true })];
try {
  if (hasRoom()) {
    const file = randomFile();
    await against(file);
    await meanwhile(file);
  }
} finally {
  for (const close of closing.reverse()) await close();
}

/** All programs in turns, then the ratios. */
async function against(file) {
  const ways = [await ours(file), await bare(file), await tus(file), ...(await copiers(file))];
  const runs = new Map();
  for (let round = 1; round <= rounds; round++) {
    for (const { name, pid, up, down, clean } of ways) {
      for (const [verb, way] of Object.entries({ upload: up, download: down })) {
        if (way === undefined) continue;
        const key = `${name} ${verb}`;
        const run = await measured(pid, way);
        runs.set(key, [...(runs.get(key) ?? []), run]);
      }
      await clean?.();
    }
  }
  for (const [what, all] of runs) printRun(what, all);
  printRatio("upload, ours to the bare program (hold 0.8)", runs, ["ours upload", "bare upload"]);
  for (const verb of ["upload", "download"])
    printRatio(`${verb}, ours to tus (hold 1.0, wish 1.5)`, runs, [`ours ${verb}`, `tus ${verb}`]);
  for (const name of ["rsync", "scp"])
    printRatio(`upload, ours to ${name}`, runs, ["ours upload", `${name} upload`]);
}

/** Our server by our client, which hashes what it sends and what it saves. */
async function ours(file) {
  const server = await startServer();
  closing.push(() => server.stop());
  const { port } = server;
  let count = 0;
  return {
    name: "ours",
    pid: server.pid,
    up: () => runClient("our-client.js", ["upload", port, file, `file ${++count}`]),
    down: () => runClient("our-client.js", ["download", port, saved, `file ${count}`]),
    clean: () => rmSync(saved, { recursive: true }),
  };
}

async function bare(file) {
  const peer = await startPeer("bare-receiver.js", folder);
  closing.push(() => peer.stop());
  return { name: "bare", pid: peer.pid, up: () => runClient("bare-sender.js", [peer.port, file]) };
}

async function tus(file) {
  const store = mkdtempSync(join(folder, "tus-"));
  const peer = await startPeer("tus-server.js", store);
  closing.push(() => peer.stop());
  let url;
  return {
    name: "tus",
    pid: peer.pid,
    async up() {
      const sent = await runClient("tus-client.js", ["upload", peer.port, file]);
      ({ url } = sent);
      return sent;
    },
    down: () => runClient("tus-client.js", ["download", peer.port, store, url]),
    clean() {
      for (const name of readdirSync(store)) rmSync(join(store, name));
    },
  };
}

async function copiers(file) {
  const all = [await rsyncPeer(file, folder), await scpPeer(file, folder)];
  for (const { stop, why } of all) {
    if (stop !== undefined) closing.push(stop);
    if (why !== undefined) console.log(`left out: ${why}`);
  }
  return all.filter(({ why }) => why === undefined);
}

/** What is said while a file runs each way, against what is said while none does. */
async function meanwhile(file) {
  const server = await startServer();
  const asker = await openAsker(server.port, { name: "asker", rooms: ["talk"] });
  try {
    const { port } = server;
    await talked("no transfer", { server, asker }, () => runClient("our-client.js", ["talk", port, "", ""]));
    await talked("an upload", { server, asker }, () =>
      runClient("our-client.js", ["upload", port, file, "file", "chat"]),
    );
    await talked("a download", { server, asker }, () =>
      runClient("our-client.js", ["download", port, saved, "file", "chat"]),
    );
  } finally {
    asker.close();
    await server.stop();
  }
}

async function talked(what, { server, asker }, transfer) {
  const most = watchMemory(server.pid);
  const before = memoryMiB(server.pid);
  await server.delay();
  const state = { isOver: false };
  const others = ask(asker, state);
  const told = await transfer();
  state.isOver = true;
  print(`during ${what}, a message of another`, spread(await others));
  print(`during ${what}, a message on the same connection`, spread(told.times));
  printDelay(`during ${what}, the server`, await server.delay());
  print(`during ${what}, memory at most`, {
    "MiB more of the server": most() - before,
    "MiB of the client, from": told.beforeMiB,
    to: told.mostMiB,
  });
}

async function ask(asker, state) {
  const times = [];
  for (; !state.isOver; await sleep(restMs)) {
    const { ms } = await asker.say("talk", `m${times.length}-${Date.now()}`, "Are you there?");
    times.push(ms);
  }
  return times;
}

async function measured(pid, way) {
  // What others have written is on disk before.
  spawnSync("sync");
  const before = pid === undefined ? 0 : cpuSeconds(pid);
  const { seconds, cpuSeconds: client } = await way();
  return { seconds, client, server: pid === undefined ? 0 : cpuSeconds(pid) - before };
}

function printRun(what, all) {
  print(what, {
    "MB/s": size / 1e6 / median(all.map(({ seconds }) => seconds)),
    "seconds, median": median(all.map(({ seconds }) => seconds)),
    "CPU s of the client": median(all.map(({ client }) => client)),
    "of the server": median(all.map(({ server }) => server)),
  });
}

/** Of two that ran in the same rounds: how many times as fast the first is, and how much more it costs. */
function printRatio(what, runs, [one, other]) {
  const [mine, theirs] = [runs.get(one), runs.get(other)];
  if (mine === undefined || theirs === undefined) return;
  const speeds = mine.map(({ seconds }, round) => theirs[round].seconds / seconds).sort((a, b) => a - b);
  const cpu = ({ client, server }) => client + server;
  // What a program's own children take is not counted.
  const theirCpu = median(theirs.map(cpu));
  print(what, {
    "times as fast, median": median(speeds),
    lowest: speeds[0],
    highest: speeds.at(-1),
    ...(theirCpu > 0 && { "times its CPU": median(mine.map(cpu)) / theirCpu }),
  });
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

function hasRoom() {
  const { bavail, bsize } = statfsSync(folder);
  const [free, needed] = [bavail * bsize, 3 * size + rounds * size + 256 * MiB];
  print(`in ${tmpdir()}`, { "MiB are free": free / MiB, needed: needed / MiB });
  if (free >= needed) return true;
  console.log("left out: there is not enough room; TMPDIR names another folder");
  return false;
}

function randomFile() {
  const path = join(folder, "file");
  const descriptor = openSync(path, "wx");
  const piece = Buffer.alloc(Math.min(size, 16 * MiB));
  for (let left = size; left > 0; left -= piece.length) {
    randomFillSync(piece);
    writeSync(descriptor, piece, 0, Math.min(left, piece.length));
  }
  closeSync(descriptor);
  return path;
}
