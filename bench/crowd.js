// What a crowd costs: 10 000 members come into one room as fast as they can, somebody talks meanwhile, everybody
// gets it, and all leave at once. How much presence that is, counted where it arrives.
//
//   npm run build && node bench/crowd.js [members]

import { clearInterval, setInterval } from "node:timers";
import { setTimeout as sleep } from "node:timers/promises";
import { hasDescriptors, print, printDelay, startLoad, startServer } from "./measured-server.js";

const memberCount = Number(process.argv[2] ?? 10_000);
const talkEveryMs = 100;
const room = "hall";

const server = await startServer();
const load = startLoad(server.port);
try {
  if (await hasDescriptors(load, memberCount + 100)) await crowd();
} finally {
  await load.stop();
  await server.stop();
}

async function crowd() {
  await load.tell("join", { group: "talker", room, count: 1 });
  const memory = server.memoryMiB();
  await measured(`${memberCount} join`, join);
  await measured("and are told of each other", () => sleep(5000));
  print("idle member", { "KiB each": ((server.memoryMiB() - memory) * 1024) / memberCount });
  await measured("a message to all", async () => {
    const { head } = await load.tell("facts", { group: "talker" });
    await load.tell("talk", { group: "talker", messages: 1, textBytes: 200, inFlight: 1 });
    return load.tell("reach", { group: "crowd", seq: head + 1 });
  });
  await measured("100 messages to all, one after the other", async () => {
    const { head } = await load.tell("facts", { group: "talker" });
    await load.tell("talk", { group: "talker", messages: 100, textBytes: 200, inFlight: 1 });
    return load.tell("reach", { group: "crowd", seq: head + 100 });
  });
  await check("crowd");
  await measured(`${memberCount} leave`, () => load.tell("close", { group: "crowd", how: "destroy" }));

  await measured("and the grace is over", () => sleep(8000));
}

async function join() {
  let said = 0;
  const talking = setInterval(() => {
    said++;
    void load.tell("say", { group: "talker", text: `{"type":"message","text":"welcome"}\n` });
  }, talkEveryMs);
  const { seconds } = await load.tell("join", { group: "crowd", room, count: memberCount });
  clearInterval(talking);
  await load.tell("reach", { group: "talker", seq: said });
  await load.tell("reach", { group: "crowd", seq: said });
  print("meanwhile", { messages: said, "to everybody who was in": "yes" });
  return { seconds };
}

async function measured(what, work) {
  await server.delay();
  const before = { cpu: server.cpuSeconds(), waited: server.waitedSeconds(), presence: await presence() };
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  const cpu = server.cpuSeconds() - before.cpu;
  const told = await presence();
  print(what, {
    seconds,
    "server CPU s": cpu,
    "s waited for a core": server.waitedSeconds() - before.waited,
    "presence lines": told.count - before.presence.count,
    "MiB of them": (told.bytes - before.presence.bytes) / 1024 / 1024,
    "MiB of server": server.memoryMiB(),
  });
  printDelay(what, await server.delay());
}

/** What all members got of it together. */
async function presence() {
  const total = { count: 0, bytes: 0 };
  for (const group of ["talker", "crowd"]) {
    const { lines } = await load.tell("facts", { group, room });
    total.count += lines.presence?.count ?? 0;
    total.bytes += lines.presence?.bytes ?? 0;
  }
  return total;
}

async function check(group) {
  const { members, haveAll, faults } = await load.tell("facts", { group });
  if (haveAll !== members || faults.length > 0)
    throw new Error(`${group}: ${haveAll} of ${members}; ${faults[0]}`);
}
