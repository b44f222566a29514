// Loaded into the server with --import: measures how long its event loop was held, and tells on file descriptor 3
// when asked by a signal. The server itself knows nothing of it.
//
// The monitor is a timer that expects to be woken every millisecond; what it measures is the time between two
// wakings, so that a millisecond of each value is its own.

import { writeSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { isMainThread } from "node:worker_threads";

const resolutionMs = 1;

if (isMainThread) {
  const monitor = monitorEventLoopDelay({ resolution: resolutionMs });
  monitor.enable();
  process.on("SIGUSR2", () => {
    const delayMs = (ns) => Math.max(0, ns / 1e6 - resolutionMs);
    const [p50, p99, p999] = [50, 99, 99.9].map((share) => delayMs(monitor.percentile(share)));
    writeSync(3, `${JSON.stringify({ p50, p99, p999, max: delayMs(monitor.max), count: monitor.count })}\n`);
    monitor.reset();
  });
}
