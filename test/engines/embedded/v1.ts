// A database as version 1 of the schema made it, kept as it was: what an upgrade begins with.

import { DatabaseSync } from "@photostructure/sqlite";
import { join } from "node:path";

const schema = `
  CREATE TABLE rooms (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    epoch TEXT NOT NULL
  ) STRICT;

  CREATE TABLE entries (
    room INTEGER NOT NULL REFERENCES rooms (id),
    seq INTEGER NOT NULL,
    time INTEGER NOT NULL,
    type TEXT NOT NULL,
    sender TEXT NOT NULL,
    id TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (room, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE files (
    room INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    file TEXT NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    author TEXT NOT NULL,
    size INTEGER NOT NULL,
    mime TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (room, seq),
    FOREIGN KEY (room, seq) REFERENCES entries (room, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE UNIQUE INDEX files_by_version ON files (room, key, version);
  CREATE UNIQUE INDEX files_by_id ON files (room, file);
  CREATE INDEX files_by_content ON files (sha256);
`;

const settings = `
  PRAGMA auto_vacuum = INCREMENTAL;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA secure_delete = ON;
  PRAGMA foreign_keys = ON;
`;

/**
 * Makes it in a folder, with so many messages of alice's in the lab, m1, m2 and so on, of which the older half is
 * two days old.
 */
export function makeFirstVersion(folder: string, entries: number): void {
  const database = new DatabaseSync(join(folder, "roomline.db"));
  database.exec(`${settings} BEGIN; ${schema} PRAGMA user_version = 1; COMMIT;`);
  database.exec("INSERT INTO rooms (key, name, epoch) VALUES ('lab', 'Lab', 'an epoch')");
  const dayMs = 24 * 3600 * 1000;
  database.exec(`
    WITH RECURSIVE n (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n WHERE seq < ${entries})
    INSERT INTO entries (room, seq, time, type, sender, id, body)
    SELECT 1, seq, ${Date.now()} - iif(seq <= ${entries} / 2, ${2 * dayMs}, 60000), 'message', 'alice', 'm' || seq,
      '"from":"alice","id":"m' || seq || '","text":"hi"}' FROM n
  `);
  database.close();
}
