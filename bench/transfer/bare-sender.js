// Pumps a file into bare-receiver.js and waits for the hash.

import { createReadStream } from "node:fs";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { report } from "./report.js";

const [port, path] = process.argv.slice(2);
await report(async () => {
  const socket = connect({ port: Number(port), host: "127.0.0.1", allowHalfOpen: true });
  await pipeline(createReadStream(path, { highWaterMark: 256 * 1024 }), socket, { end: true });
  return { sha256: await text(socket) };
});
