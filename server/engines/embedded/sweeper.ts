// Takes away the blobs that nothing refers to any more, in the background, a batch at a time. Which they may be is
// recorded in the commit that takes a file away (`freed` of schema.ts), so that nothing is forgotten whatever ends the
// process, and no names need be listed: what is left of an earlier process is swept when this begins.

import { dirname } from "node:path";
import { hasCode, removeFile, syncFolder } from "./disk.js";
import type { KeyTurns } from "./key-turns.js";
import { blobPath } from "./layout.js";
import type { Records } from "./records.js";

export interface SweeperParts {
  readonly dataFolder: string;
  readonly records: Records;
  /** By hash: no blob is published while it is looked at. */
  readonly turns: KeyTurns;
  /** Some of the blobs that may have lost their last reference. */
  readonly freed: (limit: number) => Promise<readonly string[]>;
  /** Those of some that nothing refers to. */
  readonly findOrphans: (hashes: readonly string[]) => Promise<readonly string[]>;
  /** Called with what went wrong; it is tried again with the next that is freed. */
  readonly onFailed: (error: unknown) => void;
}

const blobsAtOnce = 256;

export class Sweeper {
  readonly #parts: SweeperParts;
  #sweeping: Promise<void> | undefined;
  #isDue = false;
  #isClosed = false;

  constructor(parts: SweeperParts) {
    this.#parts = parts;
  }

  /** There may be something to take away. Never throws, and need not be waited for. */
  sweep(): Promise<void> {
    this.#isDue = true;
    this.#sweeping ??= this.#run();
    return this.#sweeping;
  }

  /** Resolves when nothing is being taken away any more; what is left goes after the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#sweeping;
  }

  async #run(): Promise<void> {
    try {
      while (this.#isDue && !this.#isClosed) {
        this.#isDue = false;
        while (await this.#sweepSome());
      }
    } catch (error) {
      if (!this.#isClosed) this.#parts.onFailed(error);
    } finally {
      this.#sweeping = undefined;
    }
  }

  /** Whether there were any. */
  async #sweepSome(): Promise<boolean> {
    const { freed, turns } = this.#parts;
    const hashes = new Set(this.#isClosed ? [] : await freed(blobsAtOnce));
    if (hashes.size > 0) await turns.runInAll(hashes, () => this.#remove([...hashes]));
    return hashes.size > 0;
  }

  // No reference can come to what has none while this has its turn: an upload that publishes the same bytes waits, and
  // one that needs none finds a file that has them.
  async #remove(hashes: readonly string[]): Promise<void> {
    const { dataFolder, records, findOrphans } = this.#parts;
    const orphans = await findOrphans(hashes);
    const paths = orphans.map((sha256) => blobPath(dataFolder, sha256));
    // What an import that was killed may have left beside it goes, too.
    await Promise.all(paths.flatMap((path) => [path, `${path}.part`]).map(removeFile));
    // Deleted means deleted, also after a power cut.
    await Promise.all(Array.from(new Set(paths.map(dirname)), syncIfThere));
    const kept = hashes.filter((sha256) => !orphans.includes(sha256));
    await Promise.all([
      records.ask({ do: "swept", hashes: orphans, areGone: true }),
      records.ask({ do: "swept", hashes: kept, areGone: false }),
    ]);
  }
}

async function syncIfThere(folder: string): Promise<void> {
  try {
    await syncFolder(folder);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}
