// One upload that comes in chunks, from its first byte to the file's entry. Which uploads a connection has, and
// what means nothing any more, is in uploads.ts.
//
//   begin -> [ taking ] -- last byte, or finish --> blob durable -> entry in the log -> the room sees it
//                 |   ^
//      bad-offset |   | the right offset comes
//        bad-data v   |
//             [ lost its place: other chunks are ignored ]
//
// A refused chunk loses the place too, so that no piece can be missing in the middle when finish comes. An error of
// the disk, a wrong hash or too many bytes drop the upload.

import { decodeBase64 } from "../shared/base64.js";
import { RoomError, type ErrorCode } from "../shared/errors.js";
import { encode } from "../shared/protocol.js";
import type { RequestOf } from "../shared/requests.js";
import type { Connection } from "./connection.js";
import type { Upload } from "./engine.js";
import { draftFile, type Plan } from "./plan.js";

const base64 = {
  decode: (text: string) => Buffer.from(text, "base64"),
  encode: (bytes: Uint8Array) =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"),
};

/**
 * The bytes of a `data` field.
 * @throws RoomError bad-data
 */
export function bytesOf(data: string): Uint8Array {
  return decodeBase64(data, base64);
}

export interface IncomingOptions {
  readonly plan: Plan;
  readonly upload: Upload;
  /** Called once, when it takes nothing any more: it is being finished, or dropped. */
  onEnd(incoming: Incoming): void;
  /** Called once, before or after the end, when an error drops it. */
  onFailure(incoming: Incoming): void;
}

export class Incoming {
  readonly plan: Plan;
  readonly #connection: Connection;
  readonly #upload: Upload;
  readonly #options: IncomingOptions;
  /** `received` of the last progress. */
  #toldBytes = 0;
  #isTelling = false;
  #hasLostPlace = false;
  #hasEnded = false;

  constructor(connection: Connection, options: IncomingOptions) {
    this.#connection = connection;
    this.#options = options;
    this.plan = options.plan;
    this.#upload = options.upload;
  }

  get id(): string {
    return this.#upload.id;
  }

  /** Tells the client where to send. A file of no bytes is complete with that. */
  announce(): void {
    this.#connection.answer(this.plan.id, { type: "uploading", upload: this.id, offset: 0 });
    this.#completeWhenWhole();
  }

  /**
   * Takes the next chunk. Returns a promise when the connection should wait for the disk.
   * @throws RoomError bad-offset, bad-data
   */
  take(request: RequestOf<"chunk">): Promise<void> | undefined {
    const upload = this.#upload;
    const { fileBytes, windowBytes } = this.#connection.premises.limits;
    if (request.offset !== upload.receivedBytes) {
      if (this.#hasLostPlace) return undefined;
      throw this.#losePlace("bad-offset");
    }
    const bytes = this.#decode(request.data);
    this.#hasLostPlace = false;
    if (upload.receivedBytes + bytes.length > fileBytes) {
      this.#fail(new RoomError("file-too-large"));
      return undefined;
    }
    const written = upload.write(request.offset, bytes).then(
      () => {
        this.#tellProgress();
      },
      (error: unknown) => {
        this.#fail(error);
      },
    );
    this.#completeWhenWhole();
    return upload.receivedBytes - upload.writtenBytes > windowBytes ? written : undefined;
  }

  /**
   * Ends an upload that declared no size.
   * @throws RoomError bad-offset
   */
  finish(declared: string | undefined): void {
    const { plan } = this;
    if (plan.size !== undefined || this.#hasLostPlace) {
      throw new RoomError("bad-offset", { upload: this.id, offset: this.#upload.receivedBytes });
    }
    const sha256 = declared ?? plan.sha256;
    if (sha256 === (plan.sha256 ?? sha256)) this.#complete(sha256);
    else this.#fail(new RoomError("hash-mismatch"));
  }

  /** Drops it. Whoever asked for that answers. */
  drop(): void {
    this.#end();
    void this.#upload.cancel();
  }

  #decode(data: string): Uint8Array {
    const { chunkBytes } = this.#connection.premises.limits;
    const bytes = this.#decodeBase64(data);
    if (bytes.length === 0 || bytes.length > chunkBytes)
      throw this.#losePlace("bad-data", `A chunk has 1 to ${chunkBytes} bytes.`);
    if (this.plan.size !== undefined && this.#upload.receivedBytes + bytes.length > this.plan.size)
      throw this.#losePlace("bad-data", "These bytes are past the declared size.");
    return bytes;
  }

  #decodeBase64(data: string): Uint8Array {
    try {
      return bytesOf(data);
    } catch (error) {
      if (error instanceof RoomError && error.code === "bad-data") throw this.#losePlace(error.code);
      throw error;
    }
  }

  /** The error that refuses a chunk and says where to go on. */
  #losePlace(code: ErrorCode, message?: string): RoomError {
    this.#hasLostPlace = true;
    return new RoomError(code, {
      upload: this.id,
      offset: this.#upload.receivedBytes,
      ...(message !== undefined && { message }),
    });
  }

  // The newest state only, and only when the peer reads: one who never reads progress holds none.
  #tellProgress(): void {
    const upload = this.#upload;
    const { windowBytes } = this.#connection.premises.limits;
    if (this.#isTelling || upload.writtenBytes - this.#toldBytes < windowBytes / 4) return;
    this.#isTelling = true;
    void this.#connection.ready().then(() => {
      this.#isTelling = false;
      if (this.#hasEnded) return;
      this.#toldBytes = upload.writtenBytes;
      const { id, writtenBytes: received, durableBytes: offset } = upload;
      this.#connection.send(encode({ type: "progress", upload: id, received, offset }));
    });
  }

  #completeWhenWhole(): void {
    if (this.#upload.receivedBytes === this.plan.size) this.#complete(this.plan.sha256);
  }

  #complete(sha256: string | undefined): void {
    const { plan } = this;
    this.#end();
    const draft = this.#upload.finish(sha256).then(
      (blob) => draftFile(plan, blob),
      async (error: unknown) => {
        this.#options.onFailure(this);
        await this.#upload.cancel();
        throw withUpload(error, this.id);
      },
    );
    this.#connection.unanswered.recordFile(plan, draft, 0);
  }

  #fail(error: unknown): void {
    if (this.#hasEnded) return;
    this.#options.onFailure(this);
    this.drop();
    this.#connection.refuse(this.plan.id, withUpload(error, this.id));
  }

  #end(): void {
    this.#hasEnded = true;
    this.#options.onEnd(this);
  }
}

/** The same error, said of an upload. */
function withUpload(error: unknown, upload: string): unknown {
  if (!(error instanceof RoomError)) return error;
  return new RoomError(error.code, { ...error.detail, upload }, { cause: error.cause });
}
