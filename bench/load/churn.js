// Connections that come, say something, and go at once, in all the ways that one can go.

import { connect } from "node:net";

const ends = ["quit", "end", "reset"];

/** Resolves when so many have come and gone, `atOnce` at a time; says how many messages came back. */
export async function churn({ port, first, count, messages, rooms, atOnce }) {
  const totals = { connects: 0, entries: 0, errors: [] };
  let next = first;
  const visitor = async () => {
    while (next < first + count) await visit({ port, number: next++, messages, rooms }, totals);
  };
  await Promise.all(Array.from({ length: atOnce }, visitor));
  return totals;
}

function visit({ port, number, messages, rooms }, totals) {
  const how = ends[number % ends.length];
  // Other addresses of this machine, because one has too few ports for as many as come and go.
  const localAddress = `127.0.${(number >> 8) % 4}.${1 + (number % 250)}`;
  const socket = connect({ port, host: "127.0.0.1", localAddress, allowHalfOpen: true, noDelay: true });
  const name = `visitor-${number}`;
  let lines = `{"type":"connect","name":"${name}","room":"churn-${number % rooms}"}\n`;
  for (let said = 0; said < messages; said++) {
    lines += `{"type":"message","id":"${name}-${said}","text":"${"x".repeat(100)}"}\n`;
  }
  socket.write(how === "quit" ? `${lines}{"type":"quit"}\n` : lines);
  if (how === "end") socket.end();
  let own = 0;
  socket.setEncoding("latin1");
  let partial = "";
  socket.on("data", (text) => {
    const complete = (partial + text).split("\n");
    partial = complete.pop();
    for (const line of complete) {
      if (line.startsWith('{"type":"message"') && line.includes(`"from":"${name}"`)) own++;
      if (line.startsWith('{"type":"error"')) totals.errors.push(line);
    }
    if (how === "reset" && own === messages) socket.resetAndDestroy();
  });
  socket.on("error", (error) => totals.errors.push(error.message));
  socket.on("end", () => socket.end());
  return new Promise((resolve) => {
    socket.on("close", () => {
      totals.connects++;
      totals.entries += own;
      resolve();
    });
  });
}
