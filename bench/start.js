// How long `node server` takes from its start to the line that it listens, with a million messages of the last hour
// in its log, each with an id that it must know again. They are sent as anybody would send them.
//
//   npm run bench, or node bench/start.js 10000000

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const entries = Number(process.argv[2] ?? 1_000_000);
const senders = 4;
const starts = 7;
const messagesAtOnce = 500;
const text = "x".repeat(100);

const folder = mkdtempSync(join(tmpdir(), "roomline-bench-"));
let server = await start();

try {
  const began = performance.now();
  await Promise.all(Array.from({ length: senders }, (_, n) => fill(`sender-${n}`, entries / senders)));
  const seconds = (performance.now() - began) / 1000;
  console.log(`${entries.toLocaleString("en")} messages sent: ${Math.round(entries / seconds)} messages/s`);
  // After an end that tidies nothing up, the start that has the most to do.
  await stop("SIGKILL");
  const times = [];
  for (let n = 0; n < starts; n++) {
    server = await start();
    times.push(server.listeningMs);
    await stop("SIGTERM");
  }
  const [first] = times;
  times.sort((a, b) => a - b);
  const figures = { median: times[starts >> 1], slowest: times.at(-1), "after kill -9": first };
  const shown = Object.entries(figures).map(([name, ms]) => `${Math.round(ms)} ms ${name}`);
  console.log(`start to listening with ${entries.toLocaleString("en")} entries: ${shown.join(", ")}`);
} finally {
  await stop("SIGKILL");
  rmSync(folder, { recursive: true });
}

async function start() {
  const began = performance.now();
  const child = spawn(process.execPath, ["server", "--port", "0", "--data", folder], {
    cwd: new URL("..", import.meta.url),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const said = await Promise.race([once(child.stdout, "data"), exited]);
  const port = Number(/:(\d+);/.exec(String(said[0]))?.[1]);
  if (!port) throw new Error("The server did not start.");
  return { child, exited, port, listeningMs: performance.now() - began };
}

async function stop(signal) {
  server.child.kill(signal);
  await server.exited;
}

/** Sends so many messages to a room and waits until the last is answered. */
async function fill(name, count) {
  const socket = connect(server.port, "127.0.0.1");
  const isAnswered = new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("The server ended the connection.")));
    socket.on("data", (bytes) => {
      if (bytes.includes('"type":"error"')) reject(new Error(bytes.toString().slice(0, 500)));
      if (bytes.includes('"type":"pong"')) resolve();
    });
  });
  isAnswered.catch(() => undefined);
  socket.write(`${JSON.stringify({ type: "connect", name, room: name })}\n`);
  for (let sent = 0; sent < count; sent += messagesAtOnce) {
    const lines = Array.from({ length: Math.min(messagesAtOnce, count - sent) }, message);
    if (!socket.write(lines.join(""))) await Promise.race([once(socket, "drain"), isAnswered]);
  }
  socket.write('{"type":"ping"}\n');
  await isAnswered;
  socket.destroy();
}

function message() {
  return `{"type":"message","id":"${randomBytes(12).toString("base64url")}","text":"${text}"}\n`;
}
