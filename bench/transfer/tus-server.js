// A tus server that does what ours does: it hashes the bytes as they come, and syncs them once before it answers. The
// download is its plain GET. It keeps no log and tells nobody.

import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { createServer } from "node:http";
import { Transform } from "node:stream";
import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";

const [directory] = process.argv.slice(2);

class HashingStore extends FileStore {
  hashes = new Map();

  async write(readable, id, offset) {
    const hash = createHash("sha256");
    const hashed = new Transform({
      transform(bytes, _encoding, done) {
        hash.update(bytes);
        done(undefined, bytes);
      },
    });
    readable.once("error", (error) => hashed.destroy(error));
    const written = await super.write(readable.pipe(hashed), id, offset);
    this.hashes.set(id, hash.digest("hex"));
    return written;
  }
}

const datastore = new HashingStore({ directory });
const tus = new Server({
  path: "/files",
  datastore,
  async onUploadFinish(_request, { id, storage }) {
    const handle = await open(storage.path, "r+");
    await handle.sync().finally(() => handle.close());
    return { headers: { "Content-SHA256": datastore.hashes.get(id) } };
  },
});
const server = createServer((request, response) => void tus.handle(request, response));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
