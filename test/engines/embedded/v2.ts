// A database as version 2 of the schema made it, kept as it was: what an upgrade begins with. It has files, and knows
// repeats by keys; nothing in it can be edited, deleted or too old.

import { DatabaseSync } from "@photostructure/sqlite";
import { join } from "node:path";

const schema = `
  CREATE TABLE rooms (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    epoch TEXT NOT NULL,
    keyed INTEGER NOT NULL DEFAULT 0
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

  CREATE TABLE key_secret (secret TEXT NOT NULL) STRICT;
  INSERT INTO key_secret VALUES ('00112233445566778899aabbccddeeff');

  CREATE TABLE key_segments (
    id INTEGER PRIMARY KEY,
    newest INTEGER NOT NULL,
    hashes BLOB NOT NULL
  ) STRICT;

  CREATE TABLE key_pages (
    segment INTEGER NOT NULL,
    page INTEGER NOT NULL,
    places BLOB NOT NULL,
    PRIMARY KEY (segment, page)
  ) STRICT;
`;

const settings = `
  PRAGMA auto_vacuum = INCREMENTAL;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA secure_delete = ON;
  PRAGMA foreign_keys = ON;
`;

/** Every so many entries there is a file: f10, f20 and so on, all versions of one name, all of the same bytes. */
export const fileEvery = 10;

/**
 * Makes it in a folder, with so many entries of alice's in the lab: messages with the ids m1, m2 and so on, and files,
 * of which the older half is two days old.
 */
export function makeSecondVersion(folder: string, entries: number): void {
  const database = new DatabaseSync(join(folder, "roomline.db"));
  database.exec(`${settings} BEGIN; ${schema} PRAGMA user_version = 2; COMMIT;`);
  database.exec("INSERT INTO rooms (key, name, epoch) VALUES ('lab', 'Lab', 'an epoch')");
  const dayMs = 24 * 3600 * 1000;
  const facts = `'"file":"f' || seq || '","name":"A.txt","size":2,"mime":"text/plain","sha256":"${sha256}","version":' || (seq / ${fileEvery})`;
  database.exec(`
    WITH RECURSIVE n (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n WHERE seq < ${entries})
    INSERT INTO entries (room, seq, time, type, sender, id, body)
    SELECT 1, seq, ${Date.now()} - iif(seq <= ${entries} / 2, ${2 * dayMs}, 60000),
      iif(seq % ${fileEvery} = 0, 'file', 'message'), 'alice', 'm' || seq,
      '"from":"alice","id":"m' || seq || '",' || iif(seq % ${fileEvery} = 0, ${facts}, '"text":"hi"') || '}' FROM n;
    INSERT INTO files (room, seq, file, key, version, name, author, size, mime, sha256)
    SELECT 1, seq, 'f' || seq, 'a.txt', seq / ${fileEvery}, 'A.txt', 'alice', 2, 'text/plain', '${sha256}'
    FROM entries WHERE type = 'file';
  `);
  database.close();
}

/** Of "hi". */
const sha256 = "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4";
