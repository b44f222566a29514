// The uploads of one connection: those under way by their ids, and files that come whole in one line. What happens
// to one that comes in chunks is in incoming.ts.

import { membersOf } from "../shared/entry.js";
import { RoomError } from "../shared/errors.js";
import type { RequestOf } from "../shared/requests.js";
import type { Connection } from "./connection.js";
import type { Draft, Upload } from "./engine.js";
import { Incoming, bytesOf } from "./incoming.js";
import { mimeOf } from "./mime.js";
import { draftFile, planFile, uploadDraftOf, type Plan } from "./plan.js";
import type { Room } from "./room.js";
import { Turnstile } from "./turnstile.js";

const maxUploads = 16;

/** Files of one line that are with the disk at once; each holds a file open. The others wait, in order. */
const maxWholeAtOnce = 4;

export class Uploads {
  readonly #connection: Connection;
  readonly #incoming = new Map<string, Incoming>();
  /** Uploads that an error ended: what still comes for them was sent before the client knew. */
  readonly #failed = new Set<string>();
  readonly #whole = new Turnstile(maxWholeAtOnce);

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Begins an upload that comes in chunks, and answers `uploading`. */
  async begin(request: RequestOf<"upload">, room: Room): Promise<void> {
    const plan = planFile(this.#connection, request, room);
    if (await this.#isRecorded(plan)) return;
    for (const incoming of this.#incoming.values()) if (incoming.isOver) incoming.pause();
    if (this.#incoming.size >= maxUploads) {
      throw new RoomError("too-many", { message: `At most ${maxUploads} uploads at once.` });
    }
    const { files } = this.#connection.premises.engine;
    const upload = await files.begin(uploadDraftOf(plan), () => {
      incoming.tellProgress();
    });
    if (upload.receivedBytes === 0 && (await this.#isRecordedMeanwhile(plan, upload))) return;
    if (!this.#connection.isHere) {
      await upload.pause();
      return;
    }
    const incoming: Incoming = new Incoming(this.#connection, {
      plan,
      upload,
      onEnd: ({ id }) => void this.#incoming.delete(id),
      onFailure: ({ id }) => {
        this.#rememberFailed(id);
      },
    });
    this.#incoming.set(incoming.id, incoming);
    incoming.announce();
  }

  /** Takes a file that came in one line. Its bytes wait for the disk among what the connection has unanswered. */
  takeWhole(request: RequestOf<"upload">, data: string, room: Room): void {
    const plan = planFile(this.#connection, request, room);
    // A copy: it waits for the disk.
    const bytes = Uint8Array.from(bytesOf(data));
    if (plan.size !== undefined && plan.size !== bytes.length) throw new RoomError("bad-data");
    if (bytes.length > this.#connection.premises.limits.fileBytes) throw new RoomError("file-too-large");
    const draft = this.#whole.pass(() => this.#store(plan, bytes));
    this.#connection.unanswered.recordFile(plan, draft, bytes.length);
  }

  /** Takes the next chunk. Returns a promise when the connection should wait for the disk. */
  take(request: RequestOf<"chunk">): Promise<void> | undefined {
    if (this.#failed.has(request.upload)) return undefined;
    return this.#find(request.upload).take(request);
  }

  /** Ends an upload that declared no size. */
  finish(request: RequestOf<"finish">): void {
    this.#find(request.upload).finish(request.sha256);
  }

  /** Resolves when what it took is free for the next. */
  async cancel(id: string, requestId: string | undefined): Promise<void> {
    await this.#find(id).drop();
    this.#connection.answer(requestId, { type: "cancelled", upload: id });
  }

  /**
   * Lets what is unfinished rest, of one room or of all, so that it can be gone on with. A client that is still there
   * is told.
   */
  pauseAll(room?: Room): void {
    for (const incoming of this.#incoming.values()) {
      if (room !== undefined && incoming.plan.room !== room) continue;
      incoming.pause();
      if (room !== undefined) this.#connection.answer(undefined, { type: "cancelled", upload: incoming.id });
    }
  }

  /**
   * Whether these bytes, known by their hash, are recorded under that id already: then none need come. Without a
   * hash they must, since other bytes would be another file.
   * @throws RoomError id-reused
   */
  async #isRecorded({ id, room, sender, name, size, sha256 }: Plan): Promise<boolean> {
    const recorded = id === undefined ? undefined : await room.find(sender, id);
    if (id === undefined || recorded === undefined) return false;
    const file = membersOf(recorded.body);
    const isDeleted = file.deleted === true;
    if (!isDeleted && sha256 === undefined) return false;
    const isSame = file.name === name.shown && file.sha256 === sha256 && (size ?? file.size) === file.size;
    if (recorded.type !== "file" || !(isDeleted || isSame)) throw new RoomError("id-reused");
    this.#connection.answer(undefined, { type: "recorded", id, room: room.name.shown, seq: recorded.seq });
    return true;
  }

  /** What an older connection had brought may have become an entry while it was waited for. */
  async #isRecordedMeanwhile(plan: Plan, upload: Upload): Promise<boolean> {
    let isOver = true;
    try {
      isOver = await this.#isRecorded(plan);
    } finally {
      if (isOver) await upload.cancel();
    }
    return isOver;
  }

  async #store(plan: Plan, bytes: Uint8Array): Promise<Draft> {
    const { files } = this.#connection.premises.engine;
    const mime = await mimeOf(plan.name.shown, () => Promise.resolve(bytes));
    return draftFile(plan, await files.put(uploadDraftOf(plan), bytes), mime);
  }

  #find(id: string): Incoming {
    const incoming = this.#incoming.get(id);
    if (incoming?.isOver === false) return incoming;
    // A newer attempt has begun; what still comes for this one was sent before the client knew.
    if (incoming !== undefined) this.#rememberFailed(id);
    incoming?.pause();
    throw new RoomError("upload-not-found", { upload: id });
  }

  #rememberFailed(id: string): void {
    this.#failed.add(id);
    const [oldest] = this.#failed;
    if (this.#failed.size > maxUploads && oldest !== undefined) this.#failed.delete(oldest);
  }
}
