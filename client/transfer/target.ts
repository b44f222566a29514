// A file on its way to the downloads folder: a `.part` beside it that gets its name only when it is complete, verified
// and synced. It goes on with what an earlier process left of the same content, never overwrites anything and never
// follows a link.

import { createHash, type Hash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { Arriving, type FileFacts } from "./arriving.js";
import { diskFailure } from "../failures.js";
import type { Landing } from "./fetching.js";
import { localFileName } from "./filenames.js";
import { giveName } from "./given-name.js";
import { claim, leftovers, newPart, type Part } from "./parts.js";

export interface TargetOptions {
  /** Made when missing. */
  readonly folder: string;
  /** The name to save it under, and no other; else it is made from the file's. */
  readonly fileName?: string | undefined;
}

/** What is there already: how much, of a file of which hash. */
export interface Start {
  readonly offset: number;
  readonly sha256: string;
}

const readBytes = 1024 * 1024;

export class Target implements Landing<string> {
  /** It can be gone on with, and begun anew. */
  readonly again = this;
  readonly #options: TargetOptions;
  #part: Part | undefined;
  #hash: Hash = createHash("sha256");
  #offset = 0;
  #name = "";
  #arriving: Arriving | undefined;

  constructor(options: TargetOptions) {
    this.#options = options;
  }

  /**
   * Takes over what is left of a file of this name, and of that hash if one is given, and hashes it; undefined when
   * nothing is, or when somebody else was faster.
   * @throws ClientError bad-file; what the signal was aborted with
   */
  async resume(name: string, sha256: string | undefined, signal: AbortSignal): Promise<Start | undefined> {
    const { folder } = this.#options;
    const local = (this.#name = this.#localName(name));
    for (const leftover of await leftovers({ folder, name: local, sha256 })) {
      const part = await claim(leftover, { folder, name: local, sha256: leftover.sha256 });
      if (part === undefined) continue;
      this.#part = part;
      await this.#onDisk(this.#readPart(part, signal));
      return { offset: this.#offset, sha256: leftover.sha256 };
    }
    return undefined;
  }

  /** Whether something is left of this file that could be gone on with. */
  async hasLeftover({ name, sha256 }: FileFacts): Promise<boolean> {
    const found = await leftovers({ folder: this.#options.folder, name: this.#localName(name), sha256 });
    return found.some(({ bytes }) => bytes > 0);
  }

  /** Begins, or goes on with what was taken over. @throws ClientError bad-file */
  async begin(facts: FileFacts): Promise<Arriving> {
    this.#name = this.#localName(facts.name);
    this.#part ??= await this.#onDisk(this.#newPart(facts.sha256));
    const { handle } = this.#part;
    let offset = this.#offset;
    this.#arriving = new Arriving({
      facts,
      hash: this.#hash,
      offset,
      write: async (bytes) => {
        for (let done = 0; done < bytes.length;) {
          const left = bytes.subarray(done);
          const { bytesWritten } = await this.#onDisk(handle.write(left, 0, left.length, offset));
          done += bytesWritten;
          offset += bytesWritten;
        }
      },
    });
    return this.#arriving;
  }

  /**
   * Verifies, syncs and names the file; resolves with its path.
   * @throws ClientError damaged when it is not the file that was promised; bad-file
   */
  async finish(): Promise<string> {
    if (this.#arriving === undefined || this.#part === undefined) throw new Error("Nothing was begun.");
    await this.#arriving.finish();
    return this.#onDisk(this.#seal(this.#part));
  }

  /** Lets go of what is there, so that another attempt can go on with it. Nothing is kept of nothing. */
  async keep(): Promise<void> {
    await this.#arriving?.settled();
    const part = this.#letGo();
    await (part !== undefined && (await part.isEmpty()) ? part.remove() : part?.close());
  }

  /** Removes what was written. Does nothing after a `finish` that succeeded. */
  async discard(): Promise<void> {
    await this.#arriving?.settled();
    await this.#letGo()?.remove();
  }

  #letGo(): Part | undefined {
    const part = this.#part;
    this.#part = undefined;
    this.#arriving = undefined;
    this.#hash = createHash("sha256");
    this.#offset = 0;
    return part;
  }

  async #newPart(sha256: string): Promise<Part> {
    const { folder } = this.#options;
    await mkdir(folder, { recursive: true });
    return newPart({ folder, name: this.#name, sha256 });
  }

  // Hashed from its first byte, so that what was promised is verified whole.
  async #readPart({ handle }: Part, signal: AbortSignal): Promise<void> {
    const buffer = Buffer.allocUnsafe(readBytes);
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, this.#offset);
      if (bytesRead === 0) return;
      this.#hash.update(buffer.subarray(0, bytesRead));
      this.#offset += bytesRead;
    }
  }

  async #seal(part: Part): Promise<string> {
    const { folder, fileName } = this.#options;
    await part.handle.sync();
    await part.handle.close();
    const naming = { part: part.path, folder, name: this.#name, isExact: fileName !== undefined };
    const path = await giveName(naming);
    await this.#letGo()?.close();
    return path;
  }

  #localName(name: string): string {
    return this.#options.fileName ?? localFileName(name);
  }

  async #onDisk<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw diskFailure(`save ${this.#name} in ${this.#options.folder}`, error);
    }
  }
}
