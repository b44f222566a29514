// The tables of the database, as the steps that made them: step n brings a database of version n to n + 1, so that
// a fresh one and one of any age come out the same. A step that was released is never changed. Run by migration.ts.

// Rows are clustered by room and number, so that a page of history is one walk along one b-tree.
const firstVersion = `
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

// What a repeat is known by (keys.ts). `rooms.keyed`: the number up to which a room's keys are in segments.
const keySegments = `
  ALTER TABLE rooms ADD COLUMN keyed INTEGER NOT NULL DEFAULT 0;

  CREATE TABLE key_secret (secret TEXT NOT NULL) STRICT;
  INSERT INTO key_secret VALUES (lower(hex(randomblob(16))));

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

export const steps: readonly string[] = [firstVersion, keySegments];

/** Written to `user_version`; a file with a higher one belongs to a newer program. */
export const schemaVersion = steps.length;
