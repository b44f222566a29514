// A program: what the log takes when nobody has to speak the wire. Opens the built engine in a new folder, has one room
// with one listener, and appends drafts one by one as the server does, with ids that are random. Prints figures and
// asserts nothing.
//
//   npm run build && node test/support/append-rate.js [entries] [rooms]

import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openIndexLag } from "../../bench/index-lag.js";
import { printShares, watchThreads } from "../../bench/thread-times.js";
import { openTexts } from "../../bench/words.js";
import { openEmbeddedEngine } from "../../dist/server/engines/embedded/index.js";
import { bodyOf } from "../../dist/shared/entry.js";
import { parseRoomName } from "../../dist/shared/names.js";

const entries = Number(process.argv[2] ?? 1_000_000);
const roomCount = Number(process.argv[3] ?? 1);
/** Drafts that are on their way at once, as many as a few hundred busy connections have. */
const inFlight = 8192;

const folder = mkdtempSync(join(tmpdir(), "roomline-append-"));
const threadFolder = fileURLToPath(new URL("../../dist/server/engines/embedded", import.meta.url));
const engine = await openEmbeddedEngine({ dataFolder: folder, threadFolder });
try {
  await measure();
} finally {
  await engine.close();
  rmSync(folder, { recursive: true });
}

async function measure() {
  const rooms = Array.from({ length: roomCount }, (_, n) => parseRoomName(`room-${n}`));
  let delivered = 0;
  for (const room of rooms) await engine.log.subscribe(room, ({ from, to }) => (delivered += to - from + 1));
  const drafts = makeDrafts();
  const lag = await openIndexLag(folder);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const shares = watchThreads(process.pid);
  const start = performance.now();
  await appendAll(rooms, drafts);
  const seconds = (performance.now() - start) / 1000;
  print("durable appends", { "entries/s": entries / seconds, delivered });
  printShares("durable appends", shares(), entries);
  const ms = (share) => Math.max(0, delay.percentile(share) / 1e6 - 1);
  print("event loop held", { "ms p50": ms(50), p99: ms(99) });
  print("the index is behind by", { entries: await lag.entries() });
  const catching = watchThreads(process.pid);
  const from = performance.now();
  while ((await lag.entries()) > 0) await sleep(100);
  const toGo = (performance.now() - from) / 1000;
  print("and has it all", { "seconds later": toGo });
  printShares("until then", catching());
  const total = (performance.now() - start) / 1000;
  print("indexed", { "entries/s since the start": entries / total });
  const MiB = (name) => statSync(join(folder, name)).size / 2 ** 20;
  print("on disk", { "MiB of log": MiB("roomline.db"), "of index": MiB("search.db") });
  await lag.close();
}

/** Made before, so that what is measured is the log. */
function makeDrafts() {
  const text = openTexts();
  const made = [];
  for (let n = 0; n < Math.min(entries, 200_000); n++) {
    made.push(bodyOf({ from: `member-${n % 50}`, id: "", text: text() }));
  }
  return made;
}

async function appendAll(rooms, bodies) {
  let [next, waiting] = [0, 0];
  await new Promise((resolve, reject) => {
    const more = () => {
      while (waiting < inFlight && next < entries) {
        waiting++;
        const id = randomBytes(12).toString("base64url");
        const body = bodies[next % bodies.length].replace('"id":""', `"id":"${id}"`);
        const draft = { type: "message", sender: `sender-${next % 50}`, id, body };
        engine.log.append(rooms[next++ % rooms.length], [draft]).then(done, reject);
      }
      if (waiting === 0) resolve();
    };
    const done = ([appended]) => {
      if (!("seq" in appended)) reject(appended.error);
      waiting--;
      if (waiting % 256 === 0) more();
    };
    more();
  });
}

function print(what, figures) {
  const shown = Object.entries(figures).map(([name, value]) => `${format(value)} ${name}`);
  console.log(`${what}: ${shown.join(", ")}`);
}

function format(value) {
  if (typeof value !== "number") return value;
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
}
