// One upload that comes in chunks, from its first byte to the file's entry. Which uploads a connection has, and
// what means nothing any more, is in uploads.ts.
//
//   begin -> [ taking ] -- last byte, or finish --> blob durable -> entry in the log -> the room sees it
//                 |   ^
//      bad-offset |   | the right offset comes
//        bad-data v   |
//             [ lost its place: other chunks are ignored ]
//
// A refused chunk loses the place too, so that no piece can be missing in the middle when finish comes. A wrong hash or
// too many bytes drop the upload; whatever else ends it, it can be gone on with.

import { decodeBase64 } from "../shared/base64.js";
import { RoomError, type ErrorCode } from "../shared/errors.js";
import { encode } from "../shared/protocol.js";
import type { RequestOf } from "../shared/requests.js";
import { base64 } from "./base64.js";
import type { Connection } from "./connection.js";
import type { Upload } from "./engine.js";
import { headOf, mimeOf } from "./mime.js";
import { draftFile, type Plan } from "./plan.js";

/**
 * The bytes of a `data` field.
 * @throws RoomError bad-data
 */
export function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? decodeBase64(data, base64) : data;
}

export interface IncomingOptions {
  readonly plan: Plan;
  readonly upload: Upload;
  /** Called once, when it takes nothing any more: it is being finished, or dropped. */
  onEnd(incoming: Incoming): void;
  /** Called once, before or after the end, when an error ends it. */
  onFailure(incoming: Incoming): void;
}

export class Incoming {
  readonly plan: Plan;
  readonly #connection: Connection;
  readonly #upload: Upload;
  readonly #options: IncomingOptions;
  /** What the last progress said. */
  #told: { readonly received: number; readonly offset: number };
  #isTelling = false;
  /** Of the whole file, as its chunks have declared it. */
  #sha256: string | undefined;
  #hasLostPlace = false;
  #hasEnded = false;
  readonly #leave: () => void;

  constructor(connection: Connection, options: IncomingOptions) {
    this.#connection = connection;
    this.#options = options;
    this.plan = options.plan;
    this.#upload = options.upload;
    const { receivedBytes: received } = options.upload;
    this.#told = { received, offset: received };
    this.#sha256 = options.plan.sha256;
    this.#leave = connection.premises.unwritten.add();
  }

  get id(): string {
    return this.#upload.id;
  }

  /** Whether another attempt goes on with what it took. */
  get isOver(): boolean {
    return this.#upload.isOver;
  }

  /** Tells the client where to send from. A file that is all there is complete with that. */
  announce(): void {
    const { id, receivedBytes: offset } = this.#upload;
    this.#connection.answer(this.plan.id, { type: "uploading", upload: id, offset });
    this.#completeWhenWhole();
  }

  /**
   * Takes the next chunk. Returns a promise when the connection should wait for the disk.
   * @throws RoomError bad-offset, bad-data
   */
  take(request: RequestOf<"chunk">): Promise<void> | undefined {
    const upload = this.#upload;
    const { fileBytes } = this.#connection.premises.limits;
    if (request.offset !== upload.receivedBytes) {
      if (this.#hasLostPlace) return undefined;
      throw this.#losePlace("bad-offset");
    }
    const bytes = this.#decode(request.data);
    this.#hasLostPlace = false;
    const fault = this.#faultOf(request.sha256, upload.receivedBytes + bytes.length > fileBytes);
    if (fault !== undefined) {
      this.#fail(fault);
      return undefined;
    }
    const written = upload.write(request.offset, bytes).then(
      () => {
        this.tellProgress();
      },
      (error: unknown) => {
        this.#fail(error);
      },
    );
    this.tellProgress();
    this.#completeWhenWhole();
    return this.#mayWait ? undefined : written;
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
    const fault = this.#faultOf(declared, false);
    if (fault === undefined) this.#complete();
    else this.#fail(fault);
  }

  /** Drops it. Whoever asked for that answers. Never throws. */
  drop(): Promise<void> {
    this.#end();
    return this.#upload.cancel();
  }

  /** Ends this attempt; a later one goes on with what it took. */
  pause(): void {
    this.#end();
    void this.#upload.pause();
  }

  #decode(data: string | Uint8Array): Uint8Array {
    const { chunkBytes } = this.#connection.premises.limits;
    const bytes = this.#decodeBase64(data);
    if (bytes.length === 0 || bytes.length > chunkBytes)
      throw this.#losePlace("bad-data", `A chunk has 1 to ${chunkBytes} bytes.`);
    if (this.plan.size !== undefined && this.#upload.receivedBytes + bytes.length > this.plan.size)
      throw this.#losePlace("bad-data", "These bytes are past the declared size.");
    return bytes;
  }

  #decodeBase64(data: string | Uint8Array): Uint8Array {
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

  /** What comes may wait in memory: what does not fit was sent beyond the window. */
  get #mayWait(): boolean {
    const { limits, unwritten } = this.#connection.premises;
    const waiting = this.#upload.receivedBytes - this.#upload.writtenBytes;
    return waiting <= unwritten.shareBytes + limits.windowBytes;
  }

  /** As much of what was taken as may wait in memory, and never less than was told. */
  get #credit(): number {
    const { receivedBytes, writtenBytes } = this.#upload;
    const bytes = Math.min(receivedBytes, writtenBytes + this.#connection.premises.unwritten.shareBytes);
    return Math.max(bytes, this.#told.received);
  }

  /**
   * Tells how much was taken and how much is on disk, when that is news. The newest state only, and only when the
   * peer reads: one who never reads progress holds none.
   */
  tellProgress(): void {
    const { windowBytes } = this.#connection.premises.limits;
    const isNews =
      this.#credit - this.#told.received >= windowBytes / 4 || this.#upload.durableBytes > this.#told.offset;
    if (this.#isTelling || this.#hasEnded || !isNews) return;
    this.#isTelling = true;
    void this.#connection.ready().then(() => {
      this.#isTelling = false;
      if (this.#hasEnded) return;
      const { id, durableBytes: offset } = this.#upload;
      const received = this.#credit;
      this.#told = { received, offset };
      this.#connection.send(encode({ type: "progress", upload: id, received, offset }));
    });
  }

  /** What drops the upload: another hash than was declared before, or too many bytes. */
  #faultOf(declared: string | undefined, isTooLarge: boolean): RoomError | undefined {
    if (isTooLarge) return new RoomError("file-too-large");
    if (declared !== undefined && declared !== (this.#sha256 ?? declared))
      return new RoomError("hash-mismatch");
    this.#sha256 ??= declared;
    return undefined;
  }

  #completeWhenWhole(): void {
    if (this.#upload.receivedBytes === this.plan.size) this.#complete();
  }

  #complete(): void {
    const { plan } = this;
    this.#end();
    const { files } = this.#connection.premises.engine;
    const draft = this.#upload
      .finish(this.#sha256)
      .then(async (blob) => draftFile(plan, blob, await mimeOf(plan.name.shown, () => headOf(blob, files))))
      .catch((error: unknown) => {
        this.#options.onFailure(this);
        throw withUpload(error, this.id);
      });
    this.#connection.unanswered.recordFile(plan, draft, 0);
  }

  #fail(error: unknown): void {
    if (this.#hasEnded) return;
    this.#options.onFailure(this);
    if (isFinal(error)) void this.drop();
    else this.pause();
    this.#connection.refuse(this.plan.id, withUpload(error, this.id));
  }

  #end(): void {
    if (!this.#hasEnded) this.#leave();
    this.#hasEnded = true;
    this.#options.onEnd(this);
  }
}

const finalCodes = new Set<ErrorCode>(["hash-mismatch", "file-too-large", "quota-exceeded"]);

/** Whether going on with the upload would make no sense. */
function isFinal(error: unknown): boolean {
  return error instanceof RoomError && finalCodes.has(error.code);
}

/** The same error, said of an upload. */
function withUpload(error: unknown, upload: string): unknown {
  if (!(error instanceof RoomError)) return error;
  return new RoomError(error.code, { ...error.detail, upload }, { cause: error.cause });
}
