// Puts entries of long ago into the database of a server that is stopped, since nothing can be said in the past over the
// wire. With Python's SQLite, past the server, as somebody would who brings a log from elsewhere.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { openTexts } from "./words.js";

const program = `
import sqlite3, sys
log = sqlite3.connect(sys.argv[1], isolation_level=None)
log.execute("PRAGMA synchronous = OFF")
ids = {}
heads = {}
def rows():
    for line in sys.stdin:
        room, time, body = line.rstrip("\\n").split("\\t")
        if room not in ids:
            ids[room] = log.execute("INSERT INTO rooms (key, name, epoch) VALUES (?, ?, lower(hex(randomblob(16))))", (room, room)).lastrowid
        heads[room] = heads.get(room, 0) + 1
        yield ids[room], heads[room], int(time), body
log.execute("BEGIN")
for row in rows():
    log.execute("INSERT INTO entries (room, seq, time, type, sender, id, body) VALUES (?, ?, ?, 'message', 'old', NULL, ?)", row)
for room, head in heads.items():
    log.execute("UPDATE rooms SET keyed = ? WHERE key = ?", (head, room))
log.execute("COMMIT")
log.execute("PRAGMA wal_checkpoint(TRUNCATE)")
`;

/** So many messages of some rooms in turn, spread over the time from then until now. */
export async function addOldEntries(data, { rooms, entries, fromMs }) {
  const child = spawn("python3", ["-c", program, join(data, "roomline.db")], {
    stdio: ["pipe", "inherit", "inherit"],
  });
  const exited = once(child, "exit");
  const text = openTexts({ seed: 5 });
  const stepMs = (Date.now() - fromMs) / entries;
  for (let n = 0; n < entries;) {
    let lines = "";
    for (const end = Math.min(entries, n + 1000); n < end; n++) {
      const room = rooms[n % rooms.length];
      const body = JSON.stringify({ from: `person-${n % 20}`, text: text() }).slice(1);
      lines += `${room}\t${Math.floor(fromMs + n * stepMs)}\t${body}\n`;
    }
    if (!child.stdin.write(lines)) await Promise.race([once(child.stdin, "drain"), exited]);
  }
  child.stdin.end();
  const [code] = await exited;
  if (code !== 0) throw new Error("The old entries could not be written.");
}
