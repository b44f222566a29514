// What a conversation costs the server, with every message synced: fan-out to 10, 100 and 1000 members, the time
// a message takes at 200 a second, and the memory of an idle member. Server CPU is what the operating system
// counted for its process, all threads; this program is the load and is not counted. Linux only.
//
//   npm run bench

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const inFlight = 32;
const text = "x".repeat(100);
const ticksPerSecond = 100; // of /proc: USER_HZ, the same on every Linux

const folder = mkdtempSync(join(tmpdir(), "roomline-bench-"));
const server = spawn(process.execPath, ["server", "--port", "0", "--data", folder], {
  cwd: new URL("..", import.meta.url),
  stdio: ["ignore", "pipe", "inherit"],
});
const port = await new Promise((resolve) => {
  server.stdout.on("data", (bytes) => resolve(Number(/:(\d+);/.exec(bytes)?.[1])));
});

try {
  for (const [members, messages] of [
    [10, 50_000],
    [100, 20_000],
    [1000, 3000],
  ]) {
    await fanOut(members, messages);
  }
  await latency(100, 1000);
  await idle(2000);
} finally {
  server.kill("SIGTERM");
  await new Promise((resolve) => server.once("exit", resolve));
  rmSync(folder, { recursive: true });
}

/** One sender, 32 messages on their way, everybody gets everything. */
async function fanOut(memberCount, messages) {
  const members = await openMembers(memberCount, `fan-${memberCount}`);
  const [sender] = members;
  let sent = 0;
  const send = (count) => {
    let lines = "";
    for (; count > 0 && sent < messages; count--) lines += message(sent++);
    if (lines !== "") sender.socket.write(lines);
  };
  sender.onEntries = send;
  const cpu = cpuSeconds();
  const start = performance.now();
  send(inFlight);
  await until(() => members.every(({ entries }) => entries === messages));
  const seconds = (performance.now() - start) / 1000;
  const deliveries = memberCount * messages;
  print(`fan-out to ${memberCount}`, {
    "messages/s": messages / seconds,
    "deliveries/s": deliveries / seconds,
    "deliveries per server CPU second": deliveries / (cpuSeconds() - cpu),
  });
  close(members);
}

/** From before a message is sent until another member has it. */
async function latency(memberCount, messages) {
  const members = await openMembers(memberCount, "latency");
  const [sender, other] = members;
  const times = [];
  for (let sent = 0; sent < messages; sent++) {
    const start = performance.now();
    const taken = new Promise((resolve) => (other.onEntries = () => resolve(performance.now() - start)));
    sender.socket.write(message(sent));
    times.push(await taken);
    await sleep(Math.max(0, 5 - (performance.now() - start)));
  }
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.floor(times.length * share)];
  print(`latency to one of ${memberCount}, 200 messages/s`, { "p50 ms": at(0.5), "p99 ms": at(0.99) });
  close(members);
}

async function idle(memberCount) {
  const before = residentKiB();
  const members = await openMembers(memberCount, "idle");
  await sleep(1000);
  print(`${memberCount} idle members`, { "KiB each": (residentKiB() - before) / memberCount });
  close(members);
}

function openMembers(count, room) {
  return Promise.all(Array.from({ length: count }, (_, index) => openMember(`member-${index}`, room)));
}

/** A member that counts entries and does no more. */
function openMember(name, room) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    const member = { socket, entries: 0, onEntries: () => {} };
    let isIn = false;
    socket.on("error", reject);
    socket.write(`${JSON.stringify({ type: "connect", name, room })}\n`);
    socket.on("data", (bytes) => {
      if (!isIn) {
        isIn = bytes.includes('"type":"joined"');
        if (isIn) resolve(member);
        return;
      }
      let count = 0;
      for (let at = bytes.indexOf('"seq":'); at !== -1; at = bytes.indexOf('"seq":', at + 1)) count++;
      if (count === 0) return;
      member.entries += count;
      member.onEntries(count);
    });
  });
}

function message(id) {
  return `{"type":"message","id":"${id}","text":"${text}"}\n`;
}

function close(members) {
  for (const { socket } of members) socket.destroy();
}

async function until(isTrue) {
  for (const end = performance.now() + 120_000; !isTrue(); await sleep(5)) {
    if (performance.now() > end) throw new Error("Not everything was delivered within two minutes.");
  }
}

function cpuSeconds() {
  const fields = readFileSync(`/proc/${server.pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function residentKiB() {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))[1]);
}

function print(what, figures) {
  const shown = Object.entries(figures).map(([name, value]) => `${format(value)} ${name}`);
  console.log(`${what}: ${shown.join(", ")}`);
}

function format(value) {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
}
