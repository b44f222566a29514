// How much of uploads may wait in memory for the disk, so that a disk that syncs for a moment is no pause for who sends:
// the more uploads are under way, the less each may. Beyond that a client's credit does not grow, and whoever sends all
// the same is not read.

/** Of all uploads together, beyond the least for each. */
const maxBytes = 64 * 1024 * 1024;
const maxBytesOfOne = 8 * 1024 * 1024;

export class Unwritten {
  readonly #leastBytes: number;
  #uploads = 0;

  /** @param leastBytes for each upload, however many there are */
  constructor(leastBytes: number) {
    this.#leastBytes = leastBytes;
  }

  /** Of one upload, as many as may wait while so many are under way. */
  get shareBytes(): number {
    return Math.max(this.#leastBytes, Math.min(maxBytesOfOne, maxBytes / Math.max(this.#uploads, 1)));
  }

  /** Counts an upload until the returned function is called. */
  add(): () => void {
    this.#uploads++;
    return () => {
      this.#uploads--;
    };
  }
}
