// What very many tiny files cost: shared in one room in one line each, paged through, and all deleted. Prints the rates,
// and how long the server's event loop is held meanwhile.
//
//   npm run build && node bench/tiny-files.js [files]

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { print, printDelay, startLoad, startServer } from "./measured-server.js";
import { printShares, watchThreads } from "./thread-times.js";

const files = Number(process.argv[2] ?? 100_000);
const connections = Number(process.argv[3] ?? 8);
const inFlight = Number(process.argv[4] ?? 16);
const pageLimit = 100;

const server = await startServer();
const load = startLoad(server.port);
try {
  await load.tell("files join", { room: "attic", connections, inFlight });
  await measured("shared", () => load.tell("files share", { count: files }));
  await measured("listed", () => load.tell("files list", { limit: pageLimit }));
  await measured("deleted", () => load.tell("files delete"));
  await measured("and gone from the disk", gone);
} finally {
  await load.stop();
  await server.stop();
}

async function measured(what, work) {
  await server.delay();
  const before = { cpu: server.cpuSeconds(), waited: server.waitedSeconds() };
  const shares = watchThreads(server.pid);
  const start = performance.now();
  const outcome = await work();
  const seconds = (performance.now() - start) / 1000;
  const { shared, listed, deleted } = outcome ?? {};
  const count = shared ?? listed ?? deleted ?? files;
  if (count !== files) throw new Error(`${what}: ${JSON.stringify(outcome)}`);
  print(`${files.toLocaleString("en")} tiny files ${what}`, {
    seconds,
    "a second": files / seconds,
    "server CPU s": server.cpuSeconds() - before.cpu,
    "s waited for a core": server.waitedSeconds() - before.waited,
    "MiB of server": server.memoryMiB(),
  });
  printShares(what, shares());
  printDelay(what, await server.delay());
}

/** The disk forgets behind the answers. */
async function gone() {
  const blobs = join(server.folder, "blobs");
  const isFile = (entry) => entry.isFile();
  while (readdirSync(blobs, { recursive: true, withFileTypes: true }).some(isFile)) await sleep(100);
}
