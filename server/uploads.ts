// The uploads of one connection: bytes on their way to become a file of a room.
//
//   begin -> [ taking ] -- last byte, or finish --> blob durable -> entry in the log -> the room sees it
//               |   ^
//    bad-offset |   | the right offset comes
//               v   |
//             [ lost its place: chunks are ignored ]
//
// An error of the disk or a wrong hash drops the upload, and chunks of it that are still under way mean nothing.

import { randomBytes } from "node:crypto";
import mimeTypes from "mime-types";
import { decodeBase64 } from "../shared/base64.js";
import { bodyOf } from "../shared/entry.js";
import { RoomError } from "../shared/errors.js";
import { parseFileName, type Name } from "../shared/names.js";
import type { RequestOf } from "../shared/requests.js";
import type { Connection } from "./connection.js";
import type { Blob, Upload } from "./engine.js";
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
    if (!this.#connection.isOpen) {
      await upload.cancel();
      return;
    }
    const incoming = { plan, upload, toldBytes: 0, isTelling: false, hasLostPlace: false };
    this.#incoming.set(upload.id, incoming);
    this.#connection.answer(request.id, { type: "uploading", upload: upload.id, offset: 0 });
    if (plan.size === 0) this.#complete(incoming, plan.sha256);
  }

  /** Takes a file that came in one line. */
  async takeWhole(request: RequestOf<"upload">, data: string, room: Room): Promise<void> {
    const plan = this.#plan(request, room);
    const bytes = decodeBase64(data, base64);
    if (plan.size !== undefined && plan.size !== bytes.length) throw new RoomError("bad-data");
    const upload = await this.#connection.premises.engine.files.begin();
    try {
      await upload.write(0, bytes);
      await this.#publish(plan, await upload.finish(plan.sha256));
    } catch (error) {
      await upload.cancel();
      throw error;
    }
  }

  /** Takes the next chunk. Returns a promise when the connection should wait for the disk. */
  take(request: RequestOf<"chunk">): Promise<void> | undefined {
    const incoming = this.#find(request.upload);
    if (incoming === undefined) return undefined;
    const { upload, plan } = incoming;
    if (request.offset !== upload.receivedBytes) {
      if (incoming.hasLostPlace) return undefined;
      incoming.hasLostPlace = true;
      throw new RoomError("bad-offset", { upload: upload.id, offset: upload.receivedBytes });
    }
    incoming.hasLostPlace = false;
    const bytes = this.#decode(request, incoming);
    const written = upload.write(request.offset, bytes).then(
      () => {
        this.#tellProgress(incoming);
      },
      (error: unknown) => {
        this.#fail(incoming, error);
      },
    );
    if (upload.receivedBytes === plan.size) this.#complete(incoming, plan.sha256);
    const { windowBytes } = this.#connection.premises.limits;
    return upload.receivedBytes - upload.writtenBytes > windowBytes ? written : undefined;
  }

  /** Ends an upload that declared no size. */
  finish(request: RequestOf<"finish">): void {
    const incoming = this.#find(request.upload);
    if (incoming === undefined) return;
    const { plan, upload } = incoming;
    if (plan.size !== undefined) {
      throw new RoomError("bad-offset", { upload: upload.id, offset: upload.receivedBytes });
    }
    this.#complete(incoming, request.sha256 ?? plan.sha256);
  }

  cancel(id: string, requestId: string | undefined): void {
    const incoming = this.#find(id);
    if (incoming === undefined) return;
    this.#drop(incoming);
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

  #find(id: string): Incoming | undefined {
    const incoming = this.#incoming.get(id);
    if (incoming === undefined && !this.#failed.has(id))
      throw new RoomError("upload-not-found", { upload: id });
    return incoming;
  }

  #decode(request: RequestOf<"chunk">, { upload, plan }: Incoming): Uint8Array {
    const { fileBytes, chunkBytes } = this.#connection.premises.limits;
    const bytes = decodeChunk(request.data, upload.id);
    if (bytes.length === 0 || bytes.length > chunkBytes) {
      const message = `A chunk has 1 to ${chunkBytes} bytes.`;
      throw new RoomError("bad-data", { upload: upload.id, message });
    }
    const end = upload.receivedBytes + bytes.length;
    if (plan.size !== undefined && end > plan.size) {
      throw new RoomError("bad-data", {
        upload: upload.id,
        message: "These bytes are past the declared size.",
      });
    }
    if (end > fileBytes) throw new RoomError("file-too-large", { upload: upload.id });
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
    this.#connection.trackRecord(
      plan.id,
      upload.finish(sha256).then(
        (blob) => this.#publish(plan, blob),
        async (error: unknown) => {
          this.#rememberFailed(upload.id);
          await upload.cancel();
          throw withUpload(error, upload.id);
        },
      ),
    );
  }

  async #publish({ room, name, id }: Plan, { sha256, size }: Blob): Promise<void> {
    const from = this.#connection.name;
    const file = randomBytes(16).toString("hex");
    const mime = mimeTypes.lookup(name.shown) || "application/octet-stream";
    await room.record({
      type: "file",
      sender: this.#connection.claim?.sender ?? "",
      id,
      body: bodyOf({ from, id, file, name: name.shown, size, mime, sha256 }),
      file: { file, name, author: from, size, mime, sha256 },
    });
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

function decodeChunk(data: string, upload: string): Uint8Array {
  try {
    return decodeBase64(data, base64);
  } catch (error) {
    throw withUpload(error, upload);
  }
}

/** The same error, said of an upload. */
function withUpload(error: unknown, upload: string): unknown {
  if (!(error instanceof RoomError)) return error;
  return new RoomError(error.code, { ...error.detail, upload }, { cause: error.cause });
}
