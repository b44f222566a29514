// What each thread of a server took, as the operating system counted it, to tell who is busy and who is not: the main
// thread, the one that records, the one that indexes and searches, and all others together. Linux only.

import { readFileSync, readdirSync } from "node:fs";

/** Of each since the process began: seconds on a core, and seconds that it could have run and had none. */
export function threadSeconds(pid) {
  const threads = readdirSync(`/proc/${pid}/task`).flatMap((tid) => readThread(pid, tid));
  const main = threads.find(({ tid }) => tid === String(pid));
  // It alone is of lower rank.
  const indexer = threads.find(({ nice }) => nice > 0);
  // Of those that are left, who writes to files is who records.
  const rest = threads.filter((thread) => thread !== main && thread !== indexer);
  const [writer, ...others] = rest.sort((a, b) => b.written - a.written);
  return { main: sum([main]), writer: sum([writer]), indexer: sum([indexer]), others: sum(others) };
}

/** Starts a watch on the threads; the function that it returns says what each took since then. */
export function watchThreads(pid) {
  const before = threadSeconds(pid);
  const start = performance.now();
  return () => {
    const seconds = (performance.now() - start) / 1000;
    const threads = Object.entries(threadSeconds(pid)).map(([name, { onCore, waited }]) => ({
      name,
      onCore: onCore - before[name].onCore,
      waited: waited - before[name].waited,
    }));
    return { seconds, threads };
  };
}

/** @param entries when there are any, what one of them cost each thread is printed too */
export function printShares(what, { seconds, threads }, entries) {
  const shown = threads.map(({ name, onCore, waited }) => {
    const each = entries === undefined ? "" : `, ${((onCore * 1e6) / entries).toFixed(1)} us each`;
    return `${name} ${percent(onCore / seconds)}${each} (and ${percent(waited / seconds)} waiting for one)`;
  });
  console.log(`${what}, share of a core: ${shown.join("; ")}`);
}

function percent(share) {
  return `${Math.round(100 * share)} %`;
}

function sum(threads) {
  const total = { onCore: 0, waited: 0 };
  for (const thread of threads) {
    total.onCore += thread?.onCore ?? 0;
    total.waited += thread?.waited ?? 0;
  }
  return total;
}

// A thread may end between the listing and the reading.
function readThread(pid, tid) {
  const read = (name) => readFileSync(`/proc/${pid}/task/${tid}/${name}`, "utf8");
  try {
    const nice = Number(read("stat").split(") ")[1].split(" ")[16]);
    const [onCore, waited] = read("schedstat")
      .split(" ")
      .map((ns) => Number(ns) / 1e9);
    return [{ tid, nice, onCore, waited, written: Number(/wchar: (\d+)/.exec(read("io"))[1]) }];
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ESRCH") return [];
    throw error;
  }
}
