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

// What changes entries and takes them away. `rooms.pruned`: the number up to which entries are not kept any more.
// A file knows its own time, since it may outlive its entry. A conversation of two is a row of `rooms` without a
// name; each of the two finds it by the other's name.
const corrections = `
  ALTER TABLE rooms ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE rooms ADD COLUMN topic TEXT NOT NULL DEFAULT '';
  ALTER TABLE rooms ADD COLUMN topic_seq INTEGER NOT NULL DEFAULT 0;

  CREATE TABLE changes (
    room INTEGER NOT NULL,
    target INTEGER NOT NULL,
    type TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (room, target, type, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE conversations (
    sender TEXT NOT NULL,
    key TEXT NOT NULL,
    other TEXT NOT NULL,
    name TEXT NOT NULL,
    room INTEGER NOT NULL REFERENCES rooms (id),
    PRIMARY KEY (sender, key)
  ) STRICT, WITHOUT ROWID;

  CREATE INDEX conversations_by_room ON conversations (room);

  CREATE TABLE read_marks (
    room INTEGER NOT NULL REFERENCES rooms (id),
    sender TEXT NOT NULL,
    seq INTEGER NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (room, sender)
  ) STRICT, WITHOUT ROWID;

  ALTER TABLE files RENAME TO files_before;
  DROP INDEX files_by_version;
  DROP INDEX files_by_id;
  DROP INDEX files_by_content;

  CREATE TABLE files (
    room INTEGER NOT NULL REFERENCES rooms (id),
    seq INTEGER NOT NULL,
    time INTEGER NOT NULL,
    file TEXT NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    author TEXT NOT NULL,
    size INTEGER NOT NULL,
    mime TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (room, seq)
  ) STRICT, WITHOUT ROWID;

  INSERT INTO files (room, seq, time, file, key, version, name, author, size, mime, sha256)
    SELECT f.room, f.seq, e.time, f.file, f.key, f.version, f.name, f.author, f.size, f.mime, f.sha256
    FROM files_before f JOIN entries e ON e.room = f.room AND e.seq = f.seq;
  DROP TABLE files_before;

  CREATE UNIQUE INDEX files_by_version ON files (room, key, version);
  CREATE UNIQUE INDEX files_by_id ON files (room, file);
  CREATE INDEX files_by_content ON files (sha256);
`;

// Files that are not whole yet, blobs that may have lost their last reference, and what is counted of the files. A row
// of `uploads` is there before its bytes and goes after them; `freed` is filled in the commit that takes a file away,
// whatever does: so nothing that lies in the folder is ever without a record. `file_versions`: the highest version that
// a name had since it was last free, so that no number is given twice.
const transfers = `
  ALTER TABLE files ADD COLUMN sender TEXT NOT NULL DEFAULT '';
  UPDATE files SET sender = coalesce(
    (SELECT e.sender FROM entries e WHERE e.room = files.room AND e.seq = files.seq), '');
  CREATE INDEX files_by_name ON files (room, key, seq);

  CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    room TEXT NOT NULL,
    sender TEXT NOT NULL,
    key TEXT NOT NULL,
    request TEXT,
    size INTEGER,
    sha256 TEXT,
    state TEXT NOT NULL,
    offset INTEGER NOT NULL,
    blob TEXT,
    touched INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE INDEX uploads_by_name ON uploads (sender, room, key);
  CREATE INDEX uploads_by_room ON uploads (room);
  CREATE INDEX uploads_by_blob ON uploads (blob) WHERE blob IS NOT NULL;

  CREATE TABLE freed (sha256 TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

  CREATE TABLE file_bytes (
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (kind, owner)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE file_versions (
    room INTEGER NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (room, key)
  ) STRICT, WITHOUT ROWID;

  INSERT INTO file_bytes SELECT 'room', room, sum(size) FROM files GROUP BY room;
  INSERT INTO file_bytes SELECT 'sender', sender, sum(size) FROM files GROUP BY sender;
  INSERT INTO file_versions SELECT room, key, max(version) FROM files GROUP BY room, key;

  CREATE TRIGGER file_added AFTER INSERT ON files BEGIN
    INSERT INTO file_bytes VALUES ('room', NEW.room, NEW.size), ('sender', NEW.sender, NEW.size)
      ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;
    INSERT INTO file_versions VALUES (NEW.room, NEW.key, NEW.version)
      ON CONFLICT DO UPDATE SET version = max(version, excluded.version);
  END;

  CREATE TRIGGER file_gone AFTER DELETE ON files BEGIN
    INSERT INTO freed VALUES (OLD.sha256) ON CONFLICT DO NOTHING;
    UPDATE file_bytes SET bytes = bytes - OLD.size
      WHERE (kind, owner) IN (VALUES ('room', CAST(OLD.room AS TEXT)), ('sender', OLD.sender));
    DELETE FROM file_bytes
      WHERE (kind, owner) IN (VALUES ('room', CAST(OLD.room AS TEXT)), ('sender', OLD.sender)) AND bytes <= 0;
    DELETE FROM file_versions WHERE room = OLD.room AND key = OLD.key
      AND NOT EXISTS (SELECT 1 FROM files WHERE room = OLD.room AND key = OLD.key);
  END;
`;

export const steps: readonly string[] = [firstVersion, keySegments, corrections, transfers];

/** Written to `user_version`; a file with a higher one belongs to a newer program. */
export const schemaVersion = steps.length;
