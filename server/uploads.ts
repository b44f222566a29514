// The uploads of one connection: bytes on their way to become a file of a room.
//
//   begin -> [ taking ] -- last byte, or finish --> blob durable -> entry in the log -> the room sees it
//                 |   ^
//      bad-offset |   | the right offset comes
//        bad-data v   |
//             [ lost its place: other chunks are ignored ]
//
// A refused chunk loses the place too, so that no piece can be missing in the middle when finish comes. An error of
// the disk, a wrong hash or too many bytes drop the upload, and chunks of it still under way mean nothing.

import { randomBytes } from "node:crypto";
import mimeTypes from "mime-types";
import { decodeBase64 } from "../shared/base64.js";
import { bodyOf } from "../shared/entry.js";
import { RoomError, type ErrorCode } from "../shared/errors.js";
import { parseFileName, type Name } from "../shared/names.js";
import type { RequestOf } from "../shared/requests.js";
import type { Connection } from "./connection.js";
import type { Blob, Draft, Upload } from "./engine.js";
import type { Room } from "./room.js";

const maxUploads = 16;
const base64 = {
  decode: (text: string) => Buffer.from(text, "base64"),
  encode: (bytes: Uint8Array) =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"),
};

/** What the file will be, once its bytes are there. */
interface Plan {
  readonly room: Room;
  readonly name: Name;
  readonly id: string | undefined;
  readonly size: number | undefined;
  readonly sha256: string | undefined;
}

interface Incoming {
  readonly plan: Plan;
  readonly upload: Upload;
  /** `received` of the last progress. */
  toldBytes: number;
  isTelling: boolean;
  hasLostPlace: boolean;
}

export class Uploads {
  readonly #connection: Connection;
  readonly #incoming = new Map<string, Incoming>();
  /** Uploads that an error ended: what still comes for them was sent before the client knew. */
  readonly #failed = new Set<string>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Begins an upload that comes in chunks, and answers `uploading`. */
  async begin(request: RequestOf<"upload">, room: Room): Promise<void> {
    const plan = this.#plan(request, room);
    if (this.#incoming.size >= maxUploads) {
      throw new RoomError("too-many", { message: `At most ${maxUploads} uploads at once.` });
    }
    const upload = await this.#connection.premises.engine.files.begin();
    if (!this.#connection.isHere) {
      await upload.cancel();
      return;
    }
    const incoming = { plan, upload, toldBytes: 0, isTelling: false, hasLostPlace: false };
    this.#incoming.set(upload.id, incoming);
    this.#connection.answer(request.id, { type: "uploading", upload: upload.id, offset: 0 });
    if (plan.size === 0) this.#complete(incoming, plan.sha256);
  }

  /** Takes a file that came in one line. */
  async takeWhole(request: RequestOf<"upload">, data: string, room: Room): Promise<Draft> {
    const plan = this.#plan(request, room);
    const bytes = decodeBase64(data, base64);
    if (plan.size !== undefined && plan.size !== bytes.length) throw new RoomError("bad-data");
    if (bytes.length > this.#connection.premises.limits.fileBytes) throw new RoomError("file-too-large");
    const upload = await this.#connection.premises.engine.files.begin();
    try {
      await upload.write(0, bytes);
      return this.#draft(plan, await upload.finish(plan.sha256));
    } catch (error) {
      await upload.cancel();
      // Without the upload's id, which the client never heard of.
      throw error instanceof RoomError ? new RoomError(error.code, {}, { cause: error }) : error;
    }
  }

  /** Takes the next chunk. Returns a promise when the connection should wait for the disk. */
  take(request: RequestOf<"chunk">): Promise<void> | undefined {
    if (this.#failed.has(request.upload)) return undefined;
    const incoming = this.#find(request.upload);
    const { upload, plan } = incoming;
    const { fileBytes, windowBytes } = this.#connection.premises.limits;
    if (request.offset !== upload.receivedBytes) {
      if (incoming.hasLostPlace) return undefined;
      throw losePlace(incoming, "bad-offset");
    }
    const bytes = this.#decode(request, incoming);
    incoming.hasLostPlace = false;
    if (upload.receivedBytes + bytes.length > fileBytes) {
      this.#fail(incoming, new RoomError("file-too-large"));
      return undefined;
    }
    const written = upload.write(request.offset, bytes).then(
      () => {
        this.#tellProgress(incoming);
      },
      (error: unknown) => {
        this.#fail(incoming, error);
      },
    );
    if (upload.receivedBytes === plan.size) this.#complete(incoming, plan.sha256);
    return upload.receivedBytes - upload.writtenBytes > windowBytes ? written : undefined;
  }

  /** Ends an upload that declared no size. */
  finish(request: RequestOf<"finish">): void {
    const incoming = this.#find(request.upload);
    const { plan, upload, hasLostPlace } = incoming;
    if (plan.size !== undefined || hasLostPlace) {
      throw new RoomError("bad-offset", { upload: upload.id, offset: upload.receivedBytes });
    }
    const sha256 = request.sha256 ?? plan.sha256;
    if (sha256 === (plan.sha256 ?? sha256)) this.#complete(incoming, sha256);
    else this.#fail(incoming, new RoomError("hash-mismatch"));
  }

  cancel(id: string, requestId: string | undefined): void {
    this.#drop(this.#find(id));
    this.#connection.answer(requestId, { type: "cancelled", upload: id });
  }

  /** Drops what is unfinished, of one room or of all. A client that is still there is told. */
  dropAll(room?: Room): void {
    for (const incoming of this.#incoming.values()) {
      if (room !== undefined && incoming.plan.room !== room) continue;
      this.#drop(incoming);
      if (room !== undefined) {
        this.#connection.answer(undefined, { type: "cancelled", upload: incoming.upload.id });
      }
    }
  }

  #plan(request: RequestOf<"upload">, room: Room): Plan {
    const { id, size, sha256 } = request;
    const name = parseFileName(request.name);
    const { fileBytes } = this.#connection.premises.limits;
    if (size !== undefined && size > fileBytes) throw new RoomError("file-too-large");
    return { room, name, id, size, sha256 };
  }

  #find(id: string): Incoming {
    const incoming = this.#incoming.get(id);
    if (incoming === undefined) throw new RoomError("upload-not-found", { upload: id });
    return incoming;
  }

  #decode({ data }: RequestOf<"chunk">, incoming: Incoming): Uint8Array {
    const { upload, plan } = incoming;
    const { chunkBytes } = this.#connection.premises.limits;
    const bytes = decodeChunk(data, incoming);
    if (bytes.length === 0 || bytes.length > chunkBytes)
      throw losePlace(incoming, "bad-data", `A chunk has 1 to ${chunkBytes} bytes.`);
    if (plan.size !== undefined && upload.receivedBytes + bytes.length > plan.size)
      throw losePlace(incoming, "bad-data", "These bytes are past the declared size.");
    return bytes;
  }

  // The newest state only, and only when the peer reads: one who never reads progress holds none.
  #tellProgress(incoming: Incoming): void {
    const { upload } = incoming;
    const { windowBytes } = this.#connection.premises.limits;
    if (incoming.isTelling || upload.writtenBytes - incoming.toldBytes < windowBytes / 4) return;
    incoming.isTelling = true;
    void this.#connection.ready().then(() => {
      incoming.isTelling = false;
      if (!this.#incoming.has(upload.id)) return;
      incoming.toldBytes = upload.writtenBytes;
      const { writtenBytes: received, durableBytes: offset } = upload;
      this.#connection.send(
        `{"type":"progress","upload":"${upload.id}","received":${received},"offset":${offset}}\n`,
      );
    });
  }

  #complete(incoming: Incoming, sha256: string | undefined): void {
    const { plan, upload } = incoming;
    this.#incoming.delete(upload.id);
    const draft = upload.finish(sha256).then(
      (blob) => this.#draft(plan, blob),
      async (error: unknown) => {
        this.#rememberFailed(upload.id);
        await upload.cancel();
        throw withUpload(error, upload.id);
      },
    );
    this.#connection.unanswered.record(plan.id, plan.room, draft);
  }

  #draft({ name, id }: Plan, { sha256, size }: Blob): Draft {
    const from = this.#connection.name;
    const file = randomBytes(16).toString("hex");
    const mime = mimeTypes.lookup(name.shown) || "application/octet-stream";
    return {
      type: "file",
      sender: this.#connection.claim?.sender ?? "",
      id,
      body: bodyOf({ from, id, file, name: name.shown, size, mime, sha256 }),
      file: { file, name, author: from, size, mime, sha256 },
    };
  }

  #fail(incoming: Incoming, error: unknown): void {
    const { upload, plan } = incoming;
    if (!this.#incoming.has(upload.id)) return;
    this.#rememberFailed(upload.id);
    this.#drop(incoming);
    this.#connection.refuse(plan.id, withUpload(error, upload.id));
  }

  #rememberFailed(id: string): void {
    this.#failed.add(id);
    const [oldest] = this.#failed;
    if (this.#failed.size > maxUploads && oldest !== undefined) this.#failed.delete(oldest);
  }

  #drop({ upload }: Incoming): void {
    this.#incoming.delete(upload.id);
    void upload.cancel();
  }
}

function decodeChunk(data: string, incoming: Incoming): Uint8Array {
  try {
    return decodeBase64(data, base64);
  } catch (error) {
    if (error instanceof RoomError && error.code === "bad-data") throw losePlace(incoming, error.code);
    throw error;
  }
}

/** The error that refuses a chunk and says where to go on. */
function losePlace(incoming: Incoming, code: ErrorCode, message?: string): RoomError {
  const { id, receivedBytes } = incoming.upload;
  incoming.hasLostPlace = true;
  return new RoomError(code, {
    upload: id,
    offset: receivedBytes,
    ...(message !== undefined && { message }),
  });
}

/** The same error, said of an upload. */
function withUpload(error: unknown, upload: string): unknown {
  if (!(error instanceof RoomError)) return error;
  return new RoomError(error.code, { ...error.detail, upload }, { cause: error.cause });
}
