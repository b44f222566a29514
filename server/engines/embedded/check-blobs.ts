// Every blob that the database refers to: that it is there, of the right size, with the bytes of its hash; and those
// that nothing refers to: the server takes them away when it has noted that, and knows nothing of any other. Called by
// check.ts.
//
// A running server removes blobs and makes new ones meanwhile: what seems to be missing is asked for again.

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { counted, inBytes } from "./amounts.js";
import { contentOf } from "./blob-copies.js";
import type { Findings } from "./check.js";
import type { Database, Row, Statement } from "./database.js";
import { hasCode } from "./disk.js";
import { blobPath, blobsFolder, unfinishedFolder } from "./layout.js";
import { Listing } from "./listing.js";

export interface CheckBlobsParts extends Findings {
  readonly database: Database;
  readonly dataFolder: string;
}

const blobsAtOnce = 1000;

/** Of files that nobody knows, so many are named. */
const maxStrays = 100;

export class CheckBlobs {
  readonly #parts: CheckBlobsParts;
  readonly #selectFile: Statement;
  readonly #selectFreed: Statement;
  readonly #selectUpload: Statement;

  constructor(parts: CheckBlobsParts) {
    this.#parts = parts;
    this.#selectFile = parts.database.prepare(
      `SELECT f.name, r.name AS room, f.seq FROM files f LEFT JOIN rooms r ON r.id = f.room WHERE f.sha256 = ? LIMIT 1`,
    );
    this.#selectFreed = parts.database.prepare("SELECT 1 FROM freed WHERE sha256 = ?");
    this.#selectUpload = parts.database.prepare("SELECT 1 FROM uploads WHERE id = ?");
  }

  async checkAll(): Promise<void> {
    const select = this.#parts.database.prepare(
      `SELECT sha256, count(*) AS files, min(size) AS least, max(size) AS size FROM files
       WHERE sha256 > ? GROUP BY sha256 ORDER BY sha256 LIMIT ?`,
    );
    for (let after = "", isMore = true; isMore;) {
      const rows = select.all(after, blobsAtOnce);
      for (const row of rows) {
        after = String(row.sha256);
        await this.#check(row);
      }
      isMore = rows.length === blobsAtOnce;
    }
    await this.#noteOrphans();
  }

  async #check({ sha256, files, least, size }: Row): Promise<void> {
    const hash = String(sha256);
    const sizes = [Number(least), Number(size)];
    for (let look = 1; look <= 2; look++) {
      const wrong = await this.#faultOf(hash, sizes);
      if (wrong === undefined) break;
      // Whoever deletes a file takes it from the database first; and may have shared it again since.
      const file = this.#selectFile.get(hash);
      if (file === undefined) return;
      const { name, room, seq } = file;
      const which = `${JSON.stringify(name)} (room ${String(room)}, number ${String(seq)})`;
      if (look === 2) this.#parts.fault(`file ${which}: its blob ${hash} ${wrong}`);
    }
    this.#parts.seen.files += Number(files);
    this.#parts.seen.bytes += Number(size);
  }

  async #faultOf(sha256: string, sizes: readonly number[]): Promise<string | undefined> {
    if (!/^[0-9a-f]{64}$/.test(sha256)) return "has no SHA-256 for a name";
    const content = await contentOf(blobPath(this.#parts.dataFolder, sha256));
    if (content === undefined) return "is missing";
    const other = sizes.find((size) => size !== content.size);
    if (other !== undefined) return `has ${counted(content.size, "byte")} and not ${other}`;
    return content.sha256 === sha256 ? undefined : "has other bytes than its SHA-256 says";
  }

  async #noteOrphans(): Promise<void> {
    const { database, dataFolder, note } = this.#parts;
    const listing = new Listing(database);
    let [count, bytes] = [0, 0];
    const strays: string[] = [];
    for await (const hashes of blobsIn(join(dataFolder, blobsFolder))) {
      for (const sha256 of listing.orphans(hashes)) {
        const path = blobPath(dataFolder, sha256);
        const isFreed = this.#selectFreed.get(sha256) !== undefined;
        // Last, since a running server takes away a file before what it has noted of it.
        const size = await sizeOf(path);
        if (size === undefined) continue;
        if (!isFreed) strays.push(path);
        else [count, bytes] = [count + 1, bytes + size];
      }
    }
    for (const id of await namesIn(join(dataFolder, unfinishedFolder))) {
      const path = join(dataFolder, unfinishedFolder, id);
      const hasRecord = this.#selectUpload.get(id) !== undefined;
      if (!hasRecord && (await sizeOf(path)) !== undefined) strays.push(path);
    }
    if (count > 0) {
      note(
        `note: ${counted(count, "blob")} (${inBytes(bytes)}) that nothing refers to; gone with the next start`,
      );
    }
    for (const path of strays.slice(0, maxStrays)) {
      note(`note: ${path} is nobody's: no record names it, and it may be removed by hand`);
    }
    if (strays.length > maxStrays) note(`note: and ${strays.length - maxStrays} more that are nobody's`);
  }
}

/** The hashes of the blobs that are there, a folder of them at a time. */
async function* blobsIn(folder: string): AsyncIterable<string[]> {
  for (const shard of await namesIn(folder)) {
    if (!/^[0-9a-f]{2}$/.test(shard)) continue;
    const names = await namesIn(join(folder, shard));
    yield names.filter((name) => /^[0-9a-f]{62}$/.test(name)).map((name) => shard + name);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
