// The files of an export: the blobs that lines of a room refer to, copied into a folder under their hash, each once.
// Called by export.ts.

import { join } from "node:path";
import { contentOf, copyBlob } from "./blob-copies.js";
import type { Database, Statement } from "./database.js";
import { makeDurableFolder, syncFolder } from "./disk.js";
import { blobPath } from "./layout.js";

interface FilesOutParts {
  readonly database: Database;
  readonly dataFolder: string;
  readonly folder: string;
  readonly tell: (sentence: string) => void;
}

export class FilesOut {
  readonly #parts: FilesOutParts;
  readonly #selectReference: Statement;
  readonly #done = new Set<string>();
  #isWhole = true;

  private constructor(parts: FilesOutParts) {
    this.#parts = parts;
    this.#selectReference = parts.database.prepare("SELECT 1 FROM files WHERE sha256 = ? LIMIT 1");
  }

  static async open(parts: FilesOutParts): Promise<FilesOut> {
    await makeDurableFolder(parts.folder);
    return new FilesOut(parts);
  }

  /** False when a file is missing or damaged that nobody has deleted. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Copies what the files of some lines are. */
  async copyAll(lines: Uint8Array): Promise<void> {
    for (const line of Buffer.from(lines).toString().split("\n")) {
      if (!line.startsWith('{"type":"file"')) continue;
      const { sha256, name } = JSON.parse(line) as Record<string, unknown>;
      if (typeof sha256 !== "string" || this.#done.has(sha256)) continue;
      this.#done.add(sha256);
      await this.#copy(sha256, String(name));
    }
  }

  async finish(): Promise<void> {
    await syncFolder(this.#parts.folder);
  }

  async #copy(sha256: string, name: string): Promise<void> {
    const { dataFolder, folder, tell } = this.#parts;
    const to = join(folder, sha256);
    const there = await contentOf(to);
    if (there?.sha256 === sha256) return;
    if (there !== undefined) throw new Error(`${to} is there already, and is something else.`);
    const outcome = await copyBlob(blobPath(dataFolder, sha256), to, sha256);
    if (outcome === "copied") return;
    const isDeleted = outcome === "missing" && this.#selectReference.get(sha256) === undefined;
    if (!isDeleted) this.#isWhole = false;
    const what = isDeleted ? "is not there any more" : `is ${outcome}; see node server check`;
    tell(`The file ${JSON.stringify(name)} (${sha256}) ${what}.`);
  }
}
