// The lines of stdin, blank ones included, however long the input is; a line that is absurdly long is an error.

import { ClientError } from "../failures.js";

/** Far beyond what the server takes in one message. */
const maxLineBytes = 1024 * 1024;

/** @throws ClientError bad-input */
export async function* inputLines(input: AsyncIterable<unknown>): AsyncGenerator<string, void> {
  let parts: Uint8Array[] = [];
  let heldBytes = 0;
  const take = (): string => {
    const line = new TextDecoder().decode(Buffer.concat(parts));
    parts = [];
    heldBytes = 0;
    return line.endsWith("\r") ? line.slice(0, -1) : line;
  };
  for await (const piece of input) {
    const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
    if (!(bytes instanceof Uint8Array)) continue;
    let start = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      parts.push(bytes.subarray(start, end));
      start = end + 1;
      yield take();
    }
    parts.push(bytes.subarray(start));
    heldBytes += bytes.length - start;
    if (heldBytes > maxLineBytes) throw new ClientError("bad-input", "A line of the input is too long.");
  }
  if (heldBytes > 0) yield take();
}
