// A load on a server from a process of its own: groups of members, told what to do by JSON lines on stdin; each
// line is answered by one on stdout with the same `id`. For the benches and the tests, not for people.
//
//   node bench/load PORT

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { churn } from "./churn.js";
import { flood } from "./flood.js";
import { Group } from "./group.js";
import { Pace } from "./pace.js";
import { RoomRecord } from "./room-record.js";
import { TinyFiles } from "./tiny-files.js";

const port = Number(process.argv[2]);
const groups = new Map();
const records = new Map();
const pace = new Pace(port);
const tinyFiles = new TinyFiles(port);

const tasks = {
  descriptors: () => ({
    most: Number(/Max open files\s+(\d+)/.exec(readFileSync("/proc/self/limits", "utf8"))[1]),
  }),
  join: (task) => groupOf(task).join({ name: task.group, ...task }),
  connect: (task) => groupOf(task).connect(task),
  stop: (task) => forEach(task, ({ socket }) => socket.pause()),
  resume: (task) => forEach(task, ({ socket }) => socket.resume()),
  crawl: (task) => forEach(task, (member) => member.crawl()),
  say: (task) => forEach(task, (member) => member.send(task.text.repeat(task.times ?? 1))),
  talk: (task) => groupOf(task).talk(task),
  reach: (task) => groupOf(task).reach(task),
  lines: (task) => groupOf(task).awaitLines({ ...task, type: task.of }),
  facts: (task) => groupOf(task).facts(),
  close: (task) => groupOf(task).close(task),
  churn: (task) => churn({ port, ...task }),
  flood: (task) => flood({ port, ...task }),
  "pace join": (task) => pace.join(task),
  "pace begin": (task) => pace.begin(task),
  "pace take": () => pace.take(),
  "pace end": (task) => pace.end(task),
  "pace close": () => pace.close(),
  "files join": (task) => tinyFiles.join(task),
  "files share": (task) => tinyFiles.share(task),
  "files list": (task) => tinyFiles.list(task),
  "files delete": () => tinyFiles.delete(),
};

createInterface({ input: process.stdin }).on("line", (line) => void answer(JSON.parse(line)));
// Whoever asked is gone.
process.stdin.on("end", () => process.exit());

async function answer(task) {
  const start = performance.now();
  const outcome = await perform(task).catch((error) => ({ failure: error.message }));
  const seconds = (performance.now() - start) / 1000;
  process.stdout.write(`${JSON.stringify({ id: task.id, seconds, ...outcome })}\n`);
}

async function perform(task) {
  return tasks[task.do](task);
}

function forEach(task, work) {
  groupOf(task).members.forEach(work);
}

function groupOf({ group, room }) {
  if (!groups.has(group)) groups.set(group, new Group(port, recordOf(room ?? group)));
  return groups.get(group);
}

function recordOf(room) {
  if (!records.has(room)) records.set(room, new RoomRecord());
  return records.get(room);
}
