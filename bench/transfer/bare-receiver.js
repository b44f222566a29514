// The least that can take a file: bytes of a TCP connection, hashed, written and synced, answered with the hash. No
// names, no room, no resuming. What transfers.js holds an upload against.

import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";

const [folder] = process.argv.slice(2);
const server = createServer({ allowHalfOpen: true }, (socket) => void receive(socket));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));

async function receive(socket) {
  const path = join(folder, "received");
  const file = createWriteStream(path, { flush: true, highWaterMark: 1024 * 1024 });
  const hash = createHash("sha256");
  for await (const bytes of socket) {
    hash.update(bytes);
    if (!file.write(bytes)) await once(file, "drain");
  }
  file.end();
  await once(file, "finish");
  socket.end(hash.digest("hex"));
  await rm(path);
}
