// A bot with nothing but a socket: says hello to everybody who joins its room, until Ctrl-C. The same few lines
// do in any language: one JSON object per line, both ways.
//
//   node examples/socket-bot.js [room] [port] [host]      (or ROOMLINE_ROOM, ROOMLINE_PORT, ROOMLINE_HOST)

import { connect } from "node:net";
import { createInterface } from "node:readline";

const { ROOMLINE_ROOM = "lobby", ROOMLINE_PORT = 4040, ROOMLINE_HOST = "127.0.0.1" } = process.env;
const [, , room = ROOMLINE_ROOM, port = ROOMLINE_PORT, host = ROOMLINE_HOST] = process.argv;

const socket = connect(Number(port), host);
const send = (request) => socket.write(JSON.stringify(request) + "\n");
send({ type: "connect", name: "greeter", room });

process.exitCode = 1; // unless it ends as it should
process.once("SIGINT", () => {
  process.exitCode = 0;
  send({ type: "quit" });
});
socket.on("error", ({ message }) => console.error(message));

createInterface({ input: socket }).on("line", (line) => {
  const answer = JSON.parse(line);
  if (answer.type === "joined") console.log(`greeter is in ${answer.room}`);
  if (answer.type === "error") {
    console.error(answer.message);
    socket.end();
  }
  if (answer.type !== "presence") return;
  for (const name of answer.joined.filter((name) => name !== "greeter")) {
    send({ type: "message", room: answer.room, text: `Hello, ${name}!` });
  }
});
