// How many entries of a data folder are recorded and not yet in its search index. An outsider's look at both databases,
// with Python's SQLite, since nothing on the wire says it. Undefined where there is no Python.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const program = `
import sqlite3, sys
log = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True, timeout=5, isolation_level=None)
index = sqlite3.connect("file:" + sys.argv[2] + "?mode=ro", uri=True, timeout=5, isolation_level=None)
for _ in sys.stdin:
    heads = log.execute("SELECT id, (SELECT max(seq) FROM entries WHERE room = rooms.id) FROM rooms").fetchall()
    seen = dict(index.execute("SELECT room, seq FROM indexed").fetchall())
    print(sum(max(0, (head or 0) - seen.get(room, 0)) for room, head in heads), flush=True)
`;

/** For a server that is running on the folder. */
export async function openIndexLag(folder) {
  const paths = ["roomline.db", "search.db"].map((name) => join(folder, name));
  const child = spawn("python3", ["-c", program, ...paths], { stdio: ["pipe", "pipe", "inherit"] });
  const isThere = await Promise.race([once(child, "spawn"), once(child, "error")]).catch(() => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async entries() {
      if (isThere === undefined) return undefined;
      child.stdin.write("\n");
      return Number((await lines.next()).value);
    },
    async close() {
      if (isThere === undefined) return;
      child.stdin.end();
      await once(child, "exit");
    },
  };
}
