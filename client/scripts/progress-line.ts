// Talk, and below it one line that says how far a transfer is, drawn over itself. Only where somebody looks on: into a
// file or a pipe no progress is written.

import type { Writable } from "node:stream";
import { Pace } from "../transfer/pace.js";
import { progressLine } from "../chat/render.js";
import type { Progress } from "../transfer/transfer.js";

const drawEveryMs = 200;

export class ProgressLine {
  readonly #stream: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  #pace = new Pace();
  #name = "";
  #drawnAt = -Infinity;
  #isDrawn = false;

  constructor(stream: Writable & { readonly isTTY?: boolean; readonly columns?: number }) {
    this.#stream = stream;
  }

  show(progress: Progress): void {
    if (this.#stream.isTTY !== true) return;
    if (progress.name !== this.#name) this.#pace = new Pace();
    this.#name = progress.name;
    const speed = this.#pace.speed(progress.bytes, progress.size);
    if (performance.now() - this.#drawnAt < drawEveryMs) return;
    this.#drawnAt = performance.now();
    this.#isDrawn = true;
    // A line that is wider than the terminal could not be drawn over.
    const line = progressLine(progress, speed).slice(0, (this.#stream.columns ?? 80) - 1);
    this.#stream.write(`\r\x1b[K${line}`);
  }

  tell(text: string): void {
    this.clear();
    this.#stream.write(`${text}\n`);
  }

  clear(): void {
    if (this.#isDrawn) this.#stream.write("\r\x1b[K");
    this.#isDrawn = false;
  }
}
