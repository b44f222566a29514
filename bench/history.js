// History that can be found: rooms of very different size are filled as fast as the server takes it, while its index
// reads along; then pages out of all of it, searches, and the same searches while ten thousand messages a second
// arrive. The server, the load and who asks are processes of their own on one machine. Linux, and Python for the lag.
//
//   npm run build && node bench/history.js [entries]         the full figure is that of 10000000

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openAsker } from "./asker.js";
import { openIndexLag } from "./index-lag.js";
import { print, printDelay, spread, startLoad, startServer } from "./measured-server.js";
import { printShares, watchThreads } from "./thread-times.js";
import { openTexts, randomFrom, wordOf } from "./words.js";

const entries = Number(process.argv[2] ?? 1_000_000);
const perSecond = 10_000;
const arrivingMs = 20_000;
const repetitions = 200;
const starts = 3;
const rooms = [
  { room: "hall", share: 0.6, senders: 4 },
  { room: "lab", share: 0.25, senders: 2 },
  { room: "kitchen", share: 0.1, senders: 1 },
  { room: "garden", share: 0.04, senders: 1 },
  { room: "attic", share: 0.01, senders: 1 },
].map(({ share, ...room }) => ({ ...room, count: Math.round(share * entries) }));
const [largest] = rooms;

const data = mkdtempSync(join(tmpdir(), "roomline-bench-"));
try {
  await filled();
  await started();
  const server = await startServer({ data });
  const queries = chooseQueries();
  await idle(server, queries);
  await arriving(server, queries);
  await server.stop();
} finally {
  rmSync(data, { recursive: true, force: true });
}

/** As fast as it goes, and how long the index takes to have it all. */
async function filled() {
  const server = await startServer({ data });
  const load = startLoad(server.port);
  const lag = await openIndexLag(data);
  const shares = watchThreads(server.pid);
  await server.delay();
  const { seconds } = await load.tell("flood", { rooms });
  print(`${entries.toLocaleString("en")} messages`, { "durable messages/s": entries / seconds, seconds });
  printShares("meanwhile", shares(), entries);
  printDelay("meanwhile", await server.delay());
  await load.stop();
  await caughtUp({ server, lag, sinceMs: performance.now(), seconds });
  await lag.close();
  await server.stop();
  const MiB = (name) => statSync(join(data, name)).size / 2 ** 20;
  print("on disk", { "MiB of log": MiB("roomline.db"), "of index": MiB("search.db") });
}

async function caughtUp({ server, lag, sinceMs, seconds }) {
  const behind = await lag.entries();
  if (behind === undefined) return;
  const shares = watchThreads(server.pid);
  await findable(server, rooms.at(-1).room, "in the smallest room, with the index behind");
  while ((await lag.entries()) > 0) await sleep(50);
  const more = (performance.now() - sinceMs) / 1000;
  print("the index at the end", {
    "entries behind": behind,
    "s until it has all": more,
    "indexed entries/s, both together": entries / (seconds + more),
  });
  printShares("until then", shares());
}

/** From the start of the program until it listens. */
async function started() {
  const times = [];
  for (let n = 0; n < starts; n++) {
    const server = await startServer({ data });
    times.push(server.listeningMs);
    await server.stop(n === 0 ? "SIGKILL" : "SIGTERM");
  }
  print(`start to listening with ${entries.toLocaleString("en")} entries`, {
    ...{ "ms after a clean stop": times[0], "after kill -9": times[1], "after a clean one again": times[2] },
  });
}

async function idle(server, queries) {
  const asker = await openAsker(server.port, { name: "reader", rooms: rooms.map(({ room }) => room) });
  await pages(asker);
  await searches(asker, queries, "idle");
  await found(asker, "idle");
  asker.close();
}

/** Pages of the largest room: anywhere, and at both ends. */
async function pages(asker) {
  const random = randomFrom(3);
  const { room, count: head } = largest;
  for (const limit of [100, 500]) {
    const places = {
      "at random": () => ({ after: Math.floor(random() * (head - limit)) }),
      "backwards from a random number": () => ({ before: limit + Math.floor(random() * (head - limit)) }),
      "with changes": () => ({ after: Math.floor(random() * (head - limit)), changes: true }),
      "the oldest": () => ({ after: 0 }),
      "the newest": () => ({}),
    };
    for (const [place, range] of Object.entries(places)) {
      const times = [];
      for (let n = 0; n < repetitions; n++) {
        const { ms, count } = await asker.ask({ type: "history", room, limit, ...range() });
        if (count !== limit) throw new Error(`A page of ${limit} has ${count} entries.`);
        times.push(ms);
      }
      print(`a page of ${limit}, ${place}`, spread(times));
    }
  }
}

/** Words as they are met: from the vocabulary and out of texts of the pool. */
function chooseQueries() {
  const text = openTexts();
  const texts = Array.from({ length: 2 ** 16 }, text);
  const counts = new Map();
  for (const line of texts) for (const word of line.split(" ")) counts.set(word, (counts.get(word) ?? 0) + 1);
  const rare = [...counts].filter(([, count]) => count === 1).map(([word]) => word);
  const random = randomFrom(4);
  const any = (words) => words[Math.floor(random() * words.length)];
  const phrase = () => any(texts).split(" ").slice(2, 5).join(" ");
  return {
    "a common word": () => ({ query: wordOf(Math.floor(random() * 20)) }),
    "a rare word": () => ({ query: any(rare) }),
    "two words, common and middling": () => ({
      query: `${wordOf(3)} ${wordOf(500 + Math.floor(random() * 500))}`,
    }),
    "two common words": () => ({ query: `${wordOf(1)} ${wordOf(2 + Math.floor(random() * 20))}` }),
    "a phrase of three words": () => ({ query: `"${phrase()}"` }),
    "a prefix of two letters": () => ({ query: `${wordOf(Math.floor(random() * 80))}*` }),
    "a prefix of three letters": () => ({
      query: `${wordOf(85 + Math.floor(random() * 6000)).slice(0, 3)}*`,
    }),
    "a common word from one person": () => ({
      query: wordOf(Math.floor(random() * 20)),
      from: `${largest.room}-${Math.floor(random() * largest.senders)}`,
    }),
    "nothing that was said": () => ({ query: "xylophone" }),
  };
}

async function searches(asker, queries, when) {
  const all = [];
  for (const [what, query] of Object.entries(queries)) {
    const [times, counts] = [[], []];
    for (let n = 0; n < repetitions / 2; n++) {
      const { ms, count } = await asker.ask(
        { type: "search", room: largest.room, limit: 50, ...query() },
        "results",
      );
      times.push(ms);
      counts.push(count);
    }
    all.push(...times);
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    print(`search for ${what}, ${when}`, { ...spread(times), "found of 50 at most": mean });
  }
  print(`search for any of these, ${when}`, spread(all));
}

/** From before a message is sent until a search for it has found it. */
async function found(asker, when) {
  const times = { said: [], all: [] };
  for (let n = 0; n < repetitions / 2; n++) {
    const word = `unheard${n}of${Math.floor(Math.random() * 2 ** 40).toString(36)}`;
    const start = performance.now();
    const { ms } = await asker.say(largest.room, word, `nobody has said ${word} before`);
    const { count } = await asker.ask({ type: "search", room: largest.room, query: word }, "results");
    if (count !== 1) throw new Error(`${count} were found of what was just said once.`);
    times.said.push(ms);
    times.all.push(performance.now() - start);
    await sleep(10);
  }
  print(`from sent to seen, ${when}`, spread(times.said));
  print(`from sent to found, ${when}`, spread(times.all));
}

async function findable(server, room, when) {
  const asker = await openAsker(server.port, { name: "seeker", rooms: [room] });
  const start = performance.now();
  await asker.say(room, "only-once", "nobody has said onlyonce before");
  const { count } = await asker.ask({ type: "search", room, query: "onlyonce" }, "results");
  print(`from sent to found, ${when}`, { ms: performance.now() - start, found: count });
  asker.close();
}

/** Ten thousand messages a second from a process of their own: without anybody who searches, and with. */
async function arriving(server, queries) {
  const load = startLoad(server.port);
  const lag = await openIndexLag(data);
  await load.tell("pace join", { rooms: rooms.map(({ room, senders }) => ({ room, people: senders + 1 })) });
  await load.tell("pace begin", { perSecond });
  await sleep(3000);
  await watched({ server, load, lag }, "nobody searches", () => sleep(arrivingMs));
  const asker = await openAsker(server.port, { name: "reader", rooms: [largest.room] });
  await watched({ server, load, lag }, "somebody searches", () =>
    searches(asker, queries, "while they arrive"),
  );
  await watched({ server, load, lag }, "somebody says and finds", () => found(asker, "while they arrive"));
  asker.close();
  await load.tell("pace end");
  await load.tell("pace close");
  await lag.close();
  await load.stop();
}

async function watched({ server, load, lag }, what, work) {
  const shares = watchThreads(server.pid);
  await Promise.all([server.delay(), load.tell("pace take")]);
  const state = { isOver: false };
  const watching = watchLag(lag, state);
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  state.isOver = true;
  const behind = await watching;
  const { count, p50, p99, longest } = await load.tell("pace take");
  const title = `${perSecond.toLocaleString("en")} messages/s, ${what}`;
  print(`${title}, a message to its sender`, {
    ...{ "ms p50": p50, "ms p99": p99, "ms longest": longest, "messages/s": count / seconds },
  });
  printShares(title, shares());
  printDelay(title, await server.delay());
  if (behind.length === 0) return;
  behind.sort((a, b) => a - b);
  print(`${title}, the index is behind by`, {
    "entries p50": behind[behind.length >> 1],
    most: behind.at(-1),
  });
}

async function watchLag(lag, state) {
  const behind = [];
  for (; !state.isOver; await sleep(250)) {
    const entries = await lag.entries();
    if (entries !== undefined) behind.push(entries);
  }
  return behind;
}
