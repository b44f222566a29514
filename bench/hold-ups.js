// What could hold the event loop or the memory of the server for one thing, and how long it does: a megabyte to a
// thousand, a thousand who replay a long room at once, ten thousand who stop reading, ten thousand connects at
// once, floods, and a room beside a busy one.
//
//   npm run build && node bench/hold-ups.js [name ...]

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { hasDescriptors, print, printDelay, startLoad, startServer } from "./measured-server.js";

const room = "lab";

const scenes = {
  /** One commit of a megabyte to a thousand members. */
  async megabyte({ server, load }) {
    await load.tell("join", { group: "crowd", room, count: 1000 });
    await measured("a megabyte to 1000 members, 20 times", server, async () => {
      await load.tell("talk", { group: "crowd", messages: 20 * 64, textBytes: 16_000, inFlight: 64 });
      await load.tell("reach", { group: "crowd", seq: 20 * 64 });
    });
  },

  /** A thousand who come back to a room of 20 000 entries. */
  async replays({ server, load }) {
    await load.tell("join", { group: "talker", room, count: 1 });
    await load.tell("talk", { group: "talker", messages: 20_000, textBytes: 200, inFlight: 256 });
    await load.tell("reach", { group: "talker", seq: 20_000 });
    await measured("1000 replay 20 000 entries at once", server, async () => {
      await load.tell("join", { group: "back", room, count: 1000, since: 0, atOnce: 1000 });
      await load.tell("reach", { group: "back", seq: 20_000 });
    });
  },

  /** Ten thousand of a room who all stop, fall behind, and read again. */
  async stalled({ server, load }) {
    await load.tell("join", { group: "crowd", room, count: 10_000 });
    await load.tell("join", { group: "talker", room, count: 1 });
    await load.tell("stop", { group: "crowd" });
    await measured("10 000 stop reading, 500 messages of 2 KB", server, async () => {
      await load.tell("talk", { group: "talker", messages: 500, textBytes: 2000, inFlight: 8 });
      await load.tell("reach", { group: "talker", seq: 500 });
    });
    const pages = Number(/TCP: .* mem (\d+)/.exec(readFileSync("/proc/net/sockstat", "utf8"))[1]);
    print("meanwhile the system holds for all sockets", { MiB: (pages * 4096) / 1024 / 1024 });
    await load.tell("resume", { group: "crowd" });
    await measured("and read again", server, () => load.tell("reach", { group: "crowd", seq: 500 }));
  },

  /** As many connects as the system lets wait, in one moment. */
  async connects({ server, load }) {
    await measured("10 000 connect at once", server, () =>
      load.tell("connect", { group: "crowd", count: 10_000, atOnce: 10_000 }),
    );
    await measured("and are let go as they say nothing", server, () =>
      load.tell("close", { group: "crowd" }),
    );
  },

  /** A hundred who send as fast as they can, and one who does not. */
  async floods({ server, load }) {
    await load.tell("join", { group: "one", room, count: 1 });
    await load.tell("connect", { group: "flood", count: 100 });
    await measured("a million pings of 100 connections", server, async () => {
      await load.tell("say", { group: "flood", text: '{"type":"ping"}\n', times: 10_000 });
      const flooding = load.tell("lines", { group: "flood", of: "pong", count: 1_000_000 });
      await roundTrips("one of another room meanwhile", load, "one", flooding);
    });
  },

  /** A message in a small room while a room of a thousand always has something new. */
  async beside({ server, load }) {
    await load.tell("join", { group: "busy", room: "busy", count: 1000 });
    // A process of its own, so that the time is not that of the other's thousand sockets.
    const small = startLoad(server.port);
    await small.tell("join", { group: "small", room: "small", count: 2 });
    await measured("20 000 messages to 1000", server, async () => {
      await load.tell("talk", { group: "busy", messages: 20_000, textBytes: 200, inFlight: 256 });
      const talking = load.tell("reach", { group: "busy", seq: 20_000 });
      await roundTrips("a message in another room meanwhile", small, "small", talking);
    });
    await small.stop();
  },
};

const named = process.argv.slice(2);
for (const [name, scene] of Object.entries(scenes)) {
  if (named.length > 0 && !named.includes(name)) continue;
  const server = await startServer();
  const load = startLoad(server.port);
  try {
    if (await hasDescriptors(load, 10_100)) await scene({ server, load });
  } finally {
    await load.stop();
    await server.stop();
  }
}

/** One message after the other until the work is done; the time includes that of this program and of the load. */
async function roundTrips(what, load, group, work) {
  const state = { isOver: false };
  void work.then(() => (state.isOver = true));
  const times = [];
  while (!state.isOver) {
    const { head } = await load.tell("facts", { group });
    const start = performance.now();
    await load.tell("talk", { group, messages: 1, textBytes: 10, inFlight: 1 });
    await load.tell("reach", { group, seq: head + 1 });
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.floor(times.length * share)] ?? 0;
  print(what, { "ms p50": at(0.5), "ms p99": at(0.99), "ms longest": times.at(-1), taken: times.length });
}

async function measured(what, server, work) {
  await server.delay();
  const before = { memory: server.memoryMiB(), cpu: server.cpuSeconds(), waited: server.waitedSeconds() };
  const state = { most: before.memory, isOver: false };
  const watching = watch(server, state);
  const start = performance.now();
  await work();
  state.isOver = true;
  await watching;
  print(what, {
    seconds: (performance.now() - start) / 1000,
    "server CPU s": server.cpuSeconds() - before.cpu,
    "s waited for a core": server.waitedSeconds() - before.waited,
    "MiB more at most": state.most - before.memory,
  });
  printDelay(what, await server.delay());
}

async function watch(server, state) {
  for (; !state.isOver; await sleep(20)) state.most = Math.max(state.most, server.memoryMiB());
}
