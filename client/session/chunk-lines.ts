// Chunks of an upload as lines, written into pieces of memory that are used again when the socket has taken them: a new
// one for each would cost more than its Base64. Called by link.ts.

import { frameOfRequest } from "../../shared/chunks.js";
import type { RequestOf } from "../../shared/requests.js";
import { viewOf } from "../transfer/base64.js";

/** Kept for the next lines. */
const maxSpare = 4;

export class ChunkLines {
  readonly #spare: Buffer[] = [];

  /** A line with a copy of the data; `release` says that nobody needs the line any more. */
  write(
    chunk: Omit<RequestOf<"chunk">, "data">,
    data: Uint8Array,
  ): { line: Uint8Array; release: () => void } {
    const { head, tail } = frameOfRequest(chunk);
    const room = this.#roomFor(Buffer.byteLength(head) + Math.ceil(data.length / 3) * 4 + tail.length);
    let end = room.write(head);
    end += room.write(viewOf(data).toString("base64"), end, "latin1");
    end += room.write(tail, end, "latin1");
    const release = () => {
      if (this.#spare.length < maxSpare) this.#spare.push(room);
    };
    return { line: room.subarray(0, end), release };
  }

  #roomFor(bytes: number): Buffer {
    const spare = this.#spare.pop();
    return spare !== undefined && spare.length >= bytes ? spare : Buffer.allocUnsafeSlow(bytes);
  }
}
