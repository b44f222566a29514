// What it takes to keep a week of a year: a database of old entries, taken away and given back to the disk while people
// talk. Prints the files' sizes as they go down, and what a message takes meanwhile and with nothing to take away.
//
//   npm run build && node bench/retention.js [entries]

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openIndexLag } from "./index-lag.js";
import { print, printDelay, startLoad, startServer } from "./measured-server.js";
import { addOldEntries } from "./old-entries.js";
import { printShares, watchThreads } from "./thread-times.js";

const entries = Number(process.argv[2] ?? 2_000_000);
const dayMs = 24 * 3600 * 1000;
const rooms = ["hall", "lab", "kitchen"];
const perSecond = 200;
const calmMs = 20_000;
const sampleMs = 1000;
/** The files are as small as they get when they have become much smaller, and then have not changed for so long. */
const shareLeft = 0.2;
const stillMs = 15_000;
const printEvery = 10;
const deadlineMs = 30 * 60_000;

const data = mkdtempSync(join(tmpdir(), "roomline-bench-"));
try {
  await withServer({ data }, () => Promise.resolve());
  await addOldEntries(data, { rooms, entries, fromMs: Date.now() - 365 * dayMs });
  await withServer({ data }, indexed);
  await withServer(
    { data },
    talking("nothing is taken away", () => sleep(calmMs)),
  );
  await withServer({ data, flags: ["--keep-age", "7d"] }, talking("a year becomes a week", shrunk));
  printSizes("after the stop");
} finally {
  rmSync(data, { recursive: true, force: true });
}

async function withServer(options, work) {
  const server = await startServer(options);
  try {
    await work(server);
  } finally {
    await server.stop();
  }
}

async function indexed() {
  const lag = await openIndexLag(data);
  const start = performance.now();
  while ((await lag.entries()) > 0) await sleep(500);
  await lag.close();
  const seconds = (performance.now() - start) / 1000;
  print(`${entries.toLocaleString("en")} entries of a year, indexed`, { seconds });
  printSizes("before");
}

/** People talk at a steady rate while the work is done. */
function talking(what, work) {
  return async (server) => {
    const load = startLoad(server.port);
    await load.tell("pace join", { rooms: rooms.map((room) => ({ room, people: 3 })) });
    await load.tell("pace begin", { perSecond });
    await server.delay();
    const shares = watchThreads(server.pid);
    await work();
    printShares(what, shares());
    const { p50, p99, longest, count } = await load.tell("pace end");
    print(`${what}, a message to its sender`, { "ms p50": p50, "ms p99": p99, "ms longest": longest, count });
    printDelay(what, await server.delay());
    await load.stop();
  };
}

async function shrunk() {
  const start = performance.now();
  const most = sizesOf();
  const isSmall = () => Object.entries(sizesOf()).every(([name, size]) => size < shareLeft * most[name]);
  let [last, sinceMs] = ["", start];
  for (let n = 1; !isSmall() || performance.now() - sinceMs < stillMs; n++) {
    await sleep(sampleMs);
    const now = performance.now();
    if (now - start > deadlineMs) throw new Error("It took too long.");
    // What is said meanwhile makes them grow a little again.
    const sizes = Object.values(sizesOf()).map((MiB) => Math.ceil(MiB / 2));
    if (String(sizes) !== last) [last, sinceMs] = [String(sizes), now];
    if (n % printEvery === 0) printSizes(`after ${Math.round((now - start) / 1000)} s`);
  }
  print("as small as they get", { "s after the start": (sinceMs - start) / 1000 });
}

function sizesOf() {
  const MiB = (name) => (statSync(join(data, name), { throwIfNoEntry: false })?.size ?? 0) / 2 ** 20;
  return { log: MiB("roomline.db"), index: MiB("search.db") };
}

function printSizes(when) {
  const { log, index } = sizesOf();
  print(when, { "MiB of log": log, "MiB of index": index });
}
