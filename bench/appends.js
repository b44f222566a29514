// How many messages a second a server takes over the wire: random ids, texts of words, every one synced, the index
// reading along. Each connection sends into a room of its own as fast as it may and reads what comes back without
// looking at it, so that the load costs little beside what it measures. Says which thread is the limit.
//
//   npm run build && node bench/appends.js [messages] [connections]
//
// What the log takes when nobody has to speak the wire: node test/support/append-rate.js

import { openIndexLag } from "./index-lag.js";
import { print, printDelay, startLoad, startServer } from "./measured-server.js";
import { printShares, watchThreads } from "./thread-times.js";

const messages = Number(process.argv[2] ?? 500_000);
const connections = Number(process.argv[3] ?? 16);

for (const rooms of [1, connections]) await appends(rooms);

async function appends(rooms) {
  const what = `${connections} connections, ${rooms} rooms`;
  const server = await startServer();
  const load = startLoad(server.port);
  const lag = await openIndexLag(server.folder);
  await load.tell("flood", { rooms: shared(rooms, messages / 20, "warm") });
  await server.delay();
  const before = server.cpuSeconds();
  const shares = watchThreads(server.pid);
  const { seconds, loadCpu } = await load.tell("flood", { rooms: shared(rooms, messages, "room") });
  const cpu = server.cpuSeconds() - before;
  const behind = await lag.entries();
  print(what, {
    "durable messages/s": messages / seconds,
    "per server CPU second": messages / cpu,
    "CPU s of the load": loadCpu,
  });
  printShares(what, shares(), messages);
  printDelay(what, await server.delay());
  if (behind !== undefined) print(`${what}, the index is behind by`, { entries: behind });
  await lag.close();
  await load.stop();
  await server.stop();
}

function shared(rooms, count, name) {
  return Array.from({ length: rooms }, (_, n) => ({
    room: `${name}-${n}`,
    count: Math.round(count / rooms),
    senders: Math.round(connections / rooms),
  }));
}
