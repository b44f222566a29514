// Fills rooms as fast as the server takes it: people who send what they have, each message with an id that is random,
// and read what comes back without looking at it. One of a room hears itself; several hear each other.

import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { openTexts } from "../words.js";

const messagesAtOnce = 500;
const idBytes = 12;
const readBuffer = Buffer.allocUnsafe(256 * 1024);
const pong = Buffer.from('"type":"pong"');
const error = Buffer.from('"type":"error"');

/** @param rooms of each its name, how many messages it gets, and from how many people */
export async function flood({ port, rooms }) {
  const text = openTexts();
  const people = rooms.flatMap(({ room, count, senders }) =>
    Array.from({ length: senders }, (_, n) => ({
      name: `${room}-${n}`,
      room,
      count: Math.floor((count + n) / senders),
    })),
  );
  const before = process.cpuUsage();
  await Promise.all(people.map((person) => sendAll({ port, text, ...person })));
  const { user, system } = process.cpuUsage(before);
  return { loadCpu: (user + system) / 1e6 };
}

async function sendAll({ port, text, name, room, count }) {
  const { socket, answered } = open(port);
  socket.write(`${JSON.stringify({ type: "connect", name, room })}\n`);
  for (let left = count; left > 0; left -= messagesAtOnce) {
    const hasRoom = socket.write(linesOf(Math.min(left, messagesAtOnce), text), "latin1");
    if (!hasRoom) await Promise.race([once(socket, "drain"), answered]);
  }
  socket.write('{"type":"ping"}\n');
  await answered;
  socket.destroy();
}

/** A connection, and what settles with its pong or its first error. */
function open(port) {
  let socket;
  const answered = new Promise((resolve, reject) => {
    const callback = (length) => {
      const bytes = readBuffer.subarray(0, length);
      if (bytes.includes(error))
        reject(new Error(bytes.toString("utf8", bytes.indexOf(error)).slice(0, 300)));
      if (bytes.includes(pong)) resolve();
      return true;
    };
    socket = connect({ port, host: "127.0.0.1", onread: { buffer: readBuffer, callback } });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("The server ended the connection.")));
  });
  answered.catch(() => undefined);
  return { socket, answered };
}

function linesOf(count, text) {
  const ids = randomBytes(idBytes * count).toString("base64url");
  const idLength = (idBytes / 3) * 4;
  let lines = "";
  for (let n = 0; n < count; n++) {
    const id = ids.slice(n * idLength, (n + 1) * idLength);
    lines += `{"type":"message","id":"${id}","text":"${text()}"}\n`;
  }
  return lines;
}
