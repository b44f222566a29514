// What readers who stop cost those who read: 1000 members and one talker, once with everybody reading, once with
// 100 that do not, in turns because the machine is never quite the same. Then the 100 read again.
//
//   npm run build && node bench/slow-readers.js [repetitions]

import { clearInterval, setInterval } from "node:timers";
import { hasDescriptors, print, printDelay, startLoad, startServer } from "./measured-server.js";

const memberCount = 1000;
const stoppedCount = 100;
const messages = 20_000;
const textBytes = 200;
const inFlight = 32;
const repetitions = Number(process.argv[2] ?? 3);

const ratios = [];
for (let repetition = 1; repetition <= repetitions; repetition++) {
  const all = await run(`${repetition}: all read`, "all");
  const some = await run(`${repetition}: ${stoppedCount} stopped`, "stopped");
  ratios.push({ wall: all.seconds / some.seconds, cpu: all.cpu / some.cpu });
}
const crawling = await run(`${stoppedCount} take a byte a second`, "crawl");
print("one byte a second", { seconds: crawling.seconds });
for (const by of ["wall", "cpu"]) {
  const values = ratios.map((ratio) => ratio[by]).sort((a, b) => a - b);
  print(`throughput with ${stoppedCount} stopped to that with none, by ${by}`, {
    median: values[values.length >> 1],
    lowest: values[0],
    highest: values.at(-1),
  });
}

async function run(what, kind) {
  const server = await startServer();
  const load = startLoad(server.port);
  try {
    if (!(await hasDescriptors(load, memberCount + 100))) process.exit(1);
    return await measure({ server, load, what, kind });
  } finally {
    await load.stop();
    await server.stop();
  }
}

async function measure({ server, load, what, kind }) {
  const room = "lab";
  await load.tell("join", { group: "reader", room, count: memberCount - stoppedCount });
  await load.tell("join", { group: "other", room, count: stoppedCount, isCrawler: kind === "crawl" });
  if (kind === "stopped") await load.tell("stop", { group: "other" });
  if (kind === "crawl") await load.tell("crawl", { group: "other" });
  const before = { memory: server.memoryMiB(), cpu: server.cpuSeconds(), waited: server.waitedSeconds() };
  await server.delay();
  let most = before.memory;
  const watch = setInterval(() => (most = Math.max(most, server.memoryMiB())), 50);
  const reached = load.tell("reach", { group: "reader", seq: messages });
  await load.tell("talk", { group: "reader", messages, textBytes, inFlight });
  const { seconds } = await reached;
  if (kind === "all") await load.tell("reach", { group: "other", seq: messages });
  const cpu = server.cpuSeconds() - before.cpu;
  const waitedSeconds = server.waitedSeconds() - before.waited;
  print(what, {
    "messages/s": messages / seconds,
    "per server CPU second": messages / cpu,
    "MiB more at most": most - before.memory,
    "s waited for a core": waitedSeconds,
  });
  printDelay(what, await server.delay());
  if (kind === "stopped") await readAgain({ server, load, what });
  clearInterval(watch);
  await check(load, kind === "crawl" ? ["reader"] : ["reader", "other"]);
  return { seconds, cpu };
}

async function readAgain({ server, load, what }) {
  const before = server.memoryMiB();
  await load.tell("resume", { group: "other" });
  const { seconds } = await load.tell("reach", { group: "other", seq: messages });
  const { lines } = await load.tell("facts", { group: "other" });
  print(`${what}, and read again`, {
    "seconds until they have everything": seconds,
    "were behind": lines.behind?.count ?? 0,
    "MiB more": server.memoryMiB() - before,
  });
  printDelay(`${what}, and read again`, await server.delay());
}

async function check(load, groups) {
  for (const group of groups) {
    const { members, haveAll, faults } = await load.tell("facts", { group });
    if (haveAll !== members || faults.length > 0)
      throw new Error(`${group}: ${haveAll} of ${members}; ${faults[0]}`);
  }
}
