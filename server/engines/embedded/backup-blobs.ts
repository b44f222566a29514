// The blobs of a backup: every one that its database refers to, hashed while it is copied. What was deleted since the
// database was copied is deleted in it. Called by backup.ts.

import { dirname, join } from "node:path";
import { deletedBody } from "../../../shared/entry.js";
import { copyBlob } from "./blob-copies.js";
import { inTransaction, type Database, type Statement } from "./database.js";
import { makeFolder, syncFolder } from "./disk.js";
import { blobPath, blobsFolder } from "./layout.js";

export interface BackupBlobsParts {
  /** The database that was copied, as it is at each moment. */
  readonly source: Database;
  readonly copy: Database;
  /** Data folders. */
  readonly folders: { readonly from: string; readonly to: string };
  readonly tell: (sentence: string) => void;
}

/** Read at a time, so that no statement is open while the copy is written to. */
const blobsAtOnce = 1000;

export class BackupBlobs {
  readonly #parts: BackupBlobsParts;
  readonly #selectReference: Statement;
  readonly #selectFiles: Statement;
  readonly #selectBody: Statement;
  readonly #updateBody: Statement;
  readonly #deleteFiles: Statement;
  #shard = "";
  files = 0;
  bytes = 0;
  faults = 0;

  constructor(parts: BackupBlobsParts) {
    const { source, copy } = parts;
    this.#parts = parts;
    this.#selectReference = source.prepare("SELECT 1 FROM files WHERE sha256 = ? LIMIT 1");
    this.#selectFiles = copy.prepare("SELECT room, seq FROM files WHERE sha256 = ?");
    this.#selectBody = copy.prepare("SELECT body FROM entries WHERE room = ? AND seq = ?");
    this.#updateBody = copy.prepare("UPDATE entries SET body = ? WHERE room = ? AND seq = ?");
    this.#deleteFiles = copy.prepare("DELETE FROM files WHERE sha256 = ?");
  }

  async copyAll(): Promise<void> {
    const { copy, folders } = this.#parts;
    const blobs = join(folders.to, blobsFolder);
    await makeFolder(blobs);
    const select = copy.prepare(
      `SELECT sha256, count(*) AS files, max(size) AS size, max(name) AS name FROM files
       WHERE sha256 > ? GROUP BY sha256 ORDER BY sha256 LIMIT ?`,
    );
    for (let after = "", isMore = true; isMore;) {
      const rows = select.all(after, blobsAtOnce);
      for (const { sha256, files, size, name } of rows) {
        after = String(sha256);
        if (!(await this.#copy(after, String(name)))) continue;
        this.files += Number(files);
        this.bytes += Number(size);
      }
      isMore = rows.length === blobsAtOnce;
    }
    await this.#leaveShard("");
    await syncFolder(blobs);
  }

  async #copy(sha256: string, name: string): Promise<boolean> {
    const { folders, tell } = this.#parts;
    const to = blobPath(folders.to, sha256);
    await this.#leaveShard(dirname(to));
    let outcome = await copyBlob(blobPath(folders.from, sha256), to, sha256);
    if (outcome === "missing") {
      if (this.#selectReference.get(sha256) === undefined) {
        this.#delete(sha256);
        return false;
      }
      // Deleted, and shared again meanwhile.
      outcome = await copyBlob(blobPath(folders.from, sha256), to, sha256);
    }
    if (outcome === "copied") return true;
    this.faults++;
    tell(`The file ${JSON.stringify(name)} (${sha256}) is ${outcome}; see node server check.`);
    return false;
  }

  /** What the server did to its own database when the files were deleted. */
  #delete(sha256: string): void {
    inTransaction(this.#parts.copy, () => {
      for (const { room, seq } of this.#selectFiles.all(sha256)) {
        const place = [Number(room), Number(seq)] as const;
        // A file may outlive its entry.
        const entry = this.#selectBody.get(...place);
        if (entry !== undefined) this.#updateBody.run(deletedBody(String(entry.body)), ...place);
      }
      this.#deleteFiles.run(sha256);
    });
  }

  /** Blobs come in the order of their hashes, so each folder of them is done when the next begins. */
  async #leaveShard(next: string): Promise<void> {
    if (this.#shard === next) return;
    if (this.#shard !== "") await syncFolder(this.#shard);
    if (next !== "") await makeFolder(next);
    this.#shard = next;
  }
}
