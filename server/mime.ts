// The media type of a file: by its name, and for the few that a browser may show inside a page also by its first bytes,
// so that nothing is shown as a picture that is a page (MIME Sniffing Standard, section 6; the signatures are its).

import { extname } from "node:path";
import mimeTypes from "mime-types";
import type { Blob, FileStore } from "./engine.js";

/** What is not known to be anything else. */
const unknown = "application/octet-stream";

type Signature = readonly (readonly [offset: number, bytes: string])[];

/** What may be shown inline, and what such a file begins with. */
const inline: ReadonlyMap<string, readonly Signature[]> = new Map([
  ["image/png", [[[0, "\x89PNG\r\n\x1a\n"]]]],
  ["image/jpeg", [[[0, "\xff\xd8\xff"]]]],
  ["image/gif", [[[0, "GIF87a"]], [[0, "GIF89a"]]]],
  [
    "image/webp",
    [
      [
        [0, "RIFF"],
        [8, "WEBPVP"],
      ],
    ],
  ],
  ["application/pdf", [[[0, "%PDF-"]]]],
]);

const headBytes = 16;

/** Of a file that is called so. @param head reads its first bytes, if they are wanted */
export async function mimeOf(name: string, head: () => Promise<Uint8Array>): Promise<string> {
  // A name without an ending would be looked up as one.
  const named = mimeTypes.lookup(extname(name)) || unknown;
  const signatures = inline.get(named);
  if (signatures === undefined) return named;
  // One character each.
  const begin = Buffer.from(await head()).toString("latin1", 0, headBytes);
  const isSo = (signature: Signature) =>
    signature.every(([offset, bytes]) => begin.startsWith(bytes, offset));
  return signatures.some(isSo) ? named : unknown;
}

/** The first bytes of a blob. @throws RoomError as `FileStore.open` */
export async function headOf({ sha256 }: Blob, files: FileStore): Promise<Uint8Array> {
  const blob = await files.open(sha256);
  try {
    const head = Buffer.alloc(headBytes);
    return head.subarray(0, await blob.read(head, 0));
  } finally {
    await blob.close();
  }
}
