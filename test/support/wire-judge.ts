// Watches the lines of one transfer for a byte that goes a second time though it was acknowledged: what has passed to
// the one who sends is the law, whatever was killed between.

import type { WireLine } from "./wire-tap.js";

export class WireJudge {
  /** Everything that came twice, as sentences. */
  readonly wrongs: string[] = [];
  #uploadedBytes = 0;
  #downloadedBytes = 0;
  #sentBytes = 0;
  #hasBegun = false;

  /** Whether the server has all that was to come of an upload of this size: it needs nobody any more. */
  hasAll(size: number): boolean {
    return this.#hasBegun && this.#sentBytes === size;
  }

  /** Sees every line that passes whole. */
  see({ from, line }: WireLine): void {
    const { type } = line;
    const offset = Number(line.offset ?? 0);
    if (from === "server" && type === "progress") this.#uploadedBytes = Math.max(this.#uploadedBytes, offset);
    if (from === "client" && type === "ack") this.#downloadedBytes = Math.max(this.#downloadedBytes, offset);
    const isUp = (from === "client" && type === "chunk") || type === "uploading";
    const isDown = (from === "server" && type === "chunk") || type === "download";
    this.#hasBegun ||= type === "upload";
    if (from === "client" && type === "chunk")
      this.#sentBytes = Math.max(this.#sentBytes, offset + Buffer.from(String(line.data), "base64").length);
    if (isUp) this.#compare(line, this.#uploadedBytes);
    if (isDown) this.#compare(line, this.#downloadedBytes);
  }

  #compare({ type, offset = 0 }: { type: string; offset?: unknown }, acknowledgedBytes: number): void {
    if (Number(offset) >= acknowledgedBytes) return;
    this.wrongs.push(`${type} at ${String(offset)}, but ${acknowledgedBytes} were acknowledged`);
  }
}
