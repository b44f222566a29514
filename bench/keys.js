// How long it takes until a key is seen at a terminal while its room talks: a client in a pseudo-terminal, thousands of
// messages a second from another process, and somebody who types meanwhile. Linux, with `script` of util-linux.
//
//   npm run build && node bench/keys.js [messages a second] [keys]

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clearTimeout, setTimeout } from "node:timers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { print, spread, startLoad, startServer } from "./measured-server.js";

const [perSecond = 5000, keyCount = 200] = process.argv.slice(2).map(Number);
const room = "lab";
const typed = "q";
const keyEveryMs = 50;
const deadlineMs = 10_000;

const server = await startServer();
const load = startLoad(server.port);
const home = mkdtempSync(join(tmpdir(), "roomline-bench-"));
const client = startClient(server.port);
try {
  await client.shows("lab>");
  await load.tell("pace join", { rooms: [{ room, people: 10 }] });
  const quiet = await type("nothing is said");
  await load.tell("pace begin", { perSecond });
  await sleep(1000);
  const busy = await type(`${perSecond} messages a second`);
  const { sent } = await load.tell("pace end");
  print("slower by", { times: busy / quiet, "messages sent": sent });
} finally {
  client.stop();
  await load.stop();
  await server.stop();
  rmSync(home, { recursive: true });
}

/** Types keys one by one and waits for each to be seen; resolves with the 99th percentile, in ms. */
async function type(what) {
  const times = [];
  const cpuBefore = client.cpuSeconds();
  for (let n = 1; n <= keyCount; n++) {
    const at = performance.now();
    client.press(typed);
    await client.shows(typed.repeat(n));
    times.push(performance.now() - at);
    await sleep(keyEveryMs);
  }
  // The line is empty again.
  client.press("\x15");
  const figures = spread(times);
  print(`a key until it is seen, ${what}`, { ...figures, "client CPU s": client.cpuSeconds() - cpuBefore });
  return figures["ms p99"];
}

function startClient(port) {
  const command = [
    process.execPath,
    fileURLToPath(new URL("../client", import.meta.url)),
    ...["--port", port, "--name", "typist", "--room", room],
  ].join(" ");
  const env = { ...process.env, TERM: "xterm-256color", XDG_STATE_HOME: home, XDG_CONFIG_HOME: home };
  // Wide enough that all that is typed stays in one row.
  const shell = `stty rows 40 cols 400; echo $$ >&3; exec ${command}`;
  const child = spawn("script", ["-qfec", shell, "/dev/null"], {
    env,
    stdio: ["pipe", "pipe", "inherit", "pipe"],
  });
  let pid = child.pid;
  child.stdio[3]?.once("data", (bytes) => (pid = Number(bytes)));
  // What is typed may be broken over two pieces of the output.
  let tail = "";
  let look = () => undefined;
  child.stdout.setEncoding("latin1").on("data", (text) => {
    tail = (tail + text).slice(-100_000);
    look();
  });
  return {
    press: (keys) => child.stdin.write(keys),
    async shows(text) {
      const timer = setTimeout(() => {
        throw new Error(`Never seen: ${text}`);
      }, deadlineMs);
      await new Promise((resolve) => {
        look = () => {
          if (!tail.includes(text)) return;
          tail = "";
          resolve();
        };
        look();
      });
      clearTimeout(timer);
    },
    cpuSeconds() {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    async stop() {
      child.kill();
      await once(child, "exit");
    },
  };
}
