// What an upload is to become: checked before a byte is taken, and an entry's draft once the bytes are a blob.
// Everything the draft says but the blob's own facts is known from the start, so that no blob is made in vain.

import { randomBytes } from "node:crypto";
import { bodyOf } from "../shared/entry.js";
import { RoomError } from "../shared/errors.js";
import { parseFileName, type Name } from "../shared/names.js";
import type { RequestOf } from "../shared/requests.js";
import type { Connection } from "./connection.js";
import type { Blob, Draft, UploadDraft } from "./engine.js";
import type { Room } from "./room.js";

export interface Plan {
  readonly room: Room;
  readonly name: Name;
  readonly id: string | undefined;
  /** As declared, like the hash. */
  readonly size: number | undefined;
  readonly sha256: string | undefined;
  /** The name of who shares it, and who that is across connections. */
  readonly from: string;
  readonly sender: string;
}

/** @throws RoomError bad-name, file-too-large */
export function planFile(connection: Connection, request: RequestOf<"upload">, room: Room): Plan {
  const { id, size, sha256 } = request;
  const name = parseFileName(request.name);
  const { fileBytes } = connection.premises.limits;
  if (size !== undefined && size > fileBytes) throw new RoomError("file-too-large");
  return { room, name, id, size, sha256, from: connection.name, sender: connection.sender };
}

/** As the file store knows it. */
export function uploadDraftOf({ room, sender, name, id, size, sha256 }: Plan): UploadDraft {
  return { room: room.name, sender, name, id, size, sha256 };
}

export function draftFile(
  { name, id, from, sender }: Plan,
  { upload, sha256, size }: Blob,
  mime: string,
): Draft {
  const file = randomBytes(16).toString("hex");
  return {
    type: "file",
    sender,
    id,
    body: bodyOf({ from, id, file, name: name.shown, size, mime, sha256 }),
    file: { upload, file, name, author: from, size, mime, sha256 },
  };
}
