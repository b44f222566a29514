// A bot on the client library: repeats whatever is said after "!echo" in its room, until Ctrl-C.
//
//   node examples/echo-bot.js [room] [port] [host]        (or ROOMLINE_ROOM, ROOMLINE_PORT, ROOMLINE_HOST)

import { openSession } from "roomline";

const [, , room = process.env.ROOMLINE_ROOM, port = process.env.ROOMLINE_PORT ?? 4040, host] = process.argv;
const session = await openSession({
  name: "echo-bot",
  room,
  port: Number(port),
  host: host ?? process.env.ROOMLINE_HOST,
  retryForMs: 60_000,
}).catch(({ message }) => {
  console.error(message);
  process.exit(1);
});

session.on("message", async ({ from, room, text }) => {
  // Its own words come back to it as well.
  if (from !== session.name && text.startsWith("!echo ")) await session.say(text.slice(6), room);
});

process.once("SIGINT", () => session.close());
console.log(`${session.name} listens; say "!echo hello".`);
const { kind } = await session.closed;
process.exitCode = kind === "quit" ? 0 : 1;
