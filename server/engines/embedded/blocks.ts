// Blocks of memory in which the bytes of uploads wait for the disk, used again: a new buffer for each chunk would cost the
// garbage collector more than the disk costs. The pool is the store's; each upload gathers into blocks of its own.

export const blockBytes = 256 * 1024;

/** Kept for the next uploads: 8 MiB. */
const maxSpare = 32;

export class BlockPool {
  readonly #spare: Buffer[] = [];

  /** Not cleared. */
  take(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(blockBytes);
  }

  /** Nobody reads or writes them any more. */
  giveBack(blocks: readonly Buffer[]): void {
    this.#spare.push(...blocks.slice(0, maxSpare - this.#spare.length));
  }
}

export class Gathering {
  readonly #pool: BlockPool;
  #blocks: Buffer[] = [];
  #bytes = 0;

  constructor(pool: BlockPool) {
    this.#pool = pool;
  }

  /** Copies bytes behind those that are there. */
  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const filled = this.#bytes % blockBytes;
      if (filled === 0) this.#blocks.push(this.#pool.take());
      const piece = bytes.subarray(at, at + blockBytes - filled);
      this.#blocks.at(-1)?.set(piece, filled);
      this.#bytes += piece.length;
      at += piece.length;
    }
  }

  /** Hands over what is there, and begins anew. */
  take(): { readonly bytes: number; readonly pieces: Buffer[]; readonly giveBack: () => void } {
    const [blocks, bytes] = [this.#blocks, this.#bytes];
    this.#blocks = [];
    this.#bytes = 0;
    return {
      bytes,
      pieces: blocks.map((block, index) =>
        block.subarray(0, Math.min(blockBytes, bytes - index * blockBytes)),
      ),
      giveBack: () => {
        this.#pool.giveBack(blocks);
      },
    };
  }
}
