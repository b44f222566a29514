// Lists of rooms and files out of the database. Lives in the reading thread, which reader.ts is.

import type { FileItem } from "../../../shared/answers.js";
import type { Name } from "../../../shared/names.js";
import type { Database, Row, Statement } from "./database.js";

/** Files of a room, the newest first, below number `after`. */
export interface FilesPage {
  readonly roomKey: string;
  readonly key: string | undefined;
  readonly after: number | undefined;
  readonly limit: number;
}

export class Listing {
  readonly #selectRoom: Statement;
  readonly #selectRooms: Statement;
  readonly #selectFiles: Statement;
  readonly #selectById: Statement;
  readonly #selectNewest: Statement;
  readonly #selectVersion: Statement;
  readonly #selectVersions: Statement;
  readonly #selectOrphans: Statement;
  readonly #selectFreed: Statement;
  readonly #selectWhole: Statement;

  constructor(database: Database) {
    const facts = `SELECT f.seq, f.time, f.author, f.file, f.name, f.version, f.size, f.mime, f.sha256
      FROM files f`;
    const files = `${facts} WHERE f.room = ?`;
    this.#selectRoom = database.prepare("SELECT id FROM rooms WHERE key = ?");
    this.#selectRooms = database.prepare(
      "SELECT key, name FROM rooms WHERE key > ? AND name <> '' ORDER BY key LIMIT ?",
    );
    this.#selectFiles = database.prepare(`${files} AND f.seq < ? ORDER BY f.seq DESC LIMIT ?`);
    // By itself SQLite would walk all files of the room for those of one name.
    this.#selectVersions = database.prepare(
      `${facts} INDEXED BY files_by_name WHERE f.room = ? AND f.key = ? AND f.seq < ?
       ORDER BY f.seq DESC LIMIT ?`,
    );
    this.#selectById = database.prepare(`${files} AND f.file = ?`);
    this.#selectNewest = database.prepare(`${files} AND f.key = ? ORDER BY f.version DESC LIMIT 1`);
    this.#selectVersion = database.prepare(`${files} AND f.key = ? AND f.version = ?`);
    this.#selectOrphans = database.prepare(
      `SELECT value FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM files WHERE sha256 = value)
       AND NOT EXISTS (SELECT 1 FROM uploads WHERE blob = value)`,
    );
    this.#selectFreed = database.prepare("SELECT sha256 FROM freed ORDER BY sha256 LIMIT ?");
    this.#selectWhole = database.prepare(
      "SELECT id FROM uploads WHERE id > ? AND state = 'whole' ORDER BY id LIMIT ?",
    );
  }

  rooms(page: { after: string; limit: number }): Name[] {
    const rows = this.#selectRooms.all(page.after, page.limit);
    return rows.map(({ key, name }) => ({ key: String(key), shown: String(name) }));
  }

  /** Of one name, when there is a `key`. */
  files({ roomKey, key, after = Number.MAX_SAFE_INTEGER, limit }: FilesPage): FileItem[] {
    const rowId = this.#rowIdOf(roomKey);
    const rows =
      key === undefined
        ? this.#selectFiles.all(rowId, after, limit)
        : this.#selectVersions.all(rowId, key, after, limit);
    return rows.map(fileItem);
  }

  fileById(query: { roomKey: string; file: string }): FileItem | undefined {
    return optional(this.#selectById.get(this.#rowIdOf(query.roomKey), query.file));
  }

  /** The newest version when none is asked for. */
  fileByName(query: { roomKey: string; key: string; version: number | undefined }): FileItem | undefined {
    const rowId = this.#rowIdOf(query.roomKey);
    if (query.version === undefined) return optional(this.#selectNewest.get(rowId, query.key));
    return optional(this.#selectVersion.get(rowId, query.key, query.version));
  }

  /** Blobs that may have lost their last reference. */
  freed(limit: number): string[] {
    return this.#selectFreed.all(limit).map(({ sha256 }) => String(sha256));
  }

  /** Uploads that nobody can go on with: too old, or of one line, of this process or of one that was cut off. */
  wholeUploads({ after, limit }: { after: string; limit: number }): string[] {
    return this.#selectWhole.all(after, limit).map(({ id }) => String(id));
  }

  /** Those of some hashes that no file of any room has, and no upload. */
  orphans(hashes: readonly string[]): string[] {
    return this.#selectOrphans.all(JSON.stringify(hashes)).map(({ value }) => String(value));
  }

  #rowIdOf(roomKey: string): number {
    return Number(this.#selectRoom.get(roomKey)?.id ?? -1);
  }
}

function optional(row: Row | undefined): FileItem | undefined {
  return row && fileItem(row);
}

function fileItem(row: Row): FileItem {
  return {
    seq: Number(row.seq),
    time: new Date(Number(row.time)).toISOString(),
    from: String(row.author),
    file: String(row.file),
    name: String(row.name),
    version: Number(row.version),
    size: Number(row.size),
    mime: String(row.mime),
    sha256: String(row.sha256),
  };
}
