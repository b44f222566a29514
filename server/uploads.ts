// The uploads of one connection: those under way by their ids, and files that come whole in one line. What happens
// to one that comes in chunks is in incoming.ts.

import { membersOf } from "../shared/entry.js";
import { RoomError } from "../shared/errors.js";
import type { RequestOf } from "../shared/requests.js";
import type { Connection } from "./connection.js";
import type { Draft } from "./engine.js";
import { Incoming, bytesOf } from "./incoming.js";
import { draftFile, planFile, type Plan } from "./plan.js";
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
    if (this.#incoming.size >= maxUploads) {
      throw new RoomError("too-many", { message: `At most ${maxUploads} uploads at once.` });
    }
    const upload = await this.#connection.premises.engine.files.begin();
    if (!this.#connection.isHere) {
      await upload.cancel();
      return;
    }
    const incoming = new Incoming(this.#connection, {
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
    const bytes = bytesOf(data);
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

  cancel(id: string, requestId: string | undefined): void {
    this.#find(id).drop();
    this.#connection.answer(requestId, { type: "cancelled", upload: id });
  }

  /** Drops what is unfinished, of one room or of all. A client that is still there is told. */
  dropAll(room?: Room): void {
    for (const incoming of this.#incoming.values()) {
      if (room !== undefined && incoming.plan.room !== room) continue;
      incoming.drop();
      if (room !== undefined) this.#connection.answer(undefined, { type: "cancelled", upload: incoming.id });
    }
  }

  /**
   * Whether these bytes, known by their hash, are recorded under that id already: then none need come. Without a
   * hash they must, since other bytes would be another file.
   * @throws RoomError id-reused
   */
  async #isRecorded({ id, room, sender, name, size, sha256 }: Plan): Promise<boolean> {
    if (id === undefined || sha256 === undefined) return false;
    const recorded = await room.find(sender, id);
    if (recorded === undefined) return false;
    const file = membersOf(recorded.body);
    const isSame = file.name === name.shown && file.sha256 === sha256 && (size ?? file.size) === file.size;
    if (recorded.type !== "file" || !isSame) throw new RoomError("id-reused");
    this.#connection.answer(undefined, { type: "recorded", id, room: room.name.shown, seq: recorded.seq });
    return true;
  }

  async #store(plan: Plan, bytes: Uint8Array): Promise<Draft> {
    const upload = await this.#connection.premises.engine.files.begin();
    try {
      await upload.write(0, bytes);
      return draftFile(plan, await upload.finish(plan.sha256));
    } catch (error) {
      await upload.cancel();
      // Without the upload's id, which the client never heard of.
      if (!(error instanceof RoomError)) throw error;
      const { upload: _upload, ...detail } = error.detail;
      throw new RoomError(error.code, detail, { cause: error.cause });
    }
  }

  #find(id: string): Incoming {
    const incoming = this.#incoming.get(id);
    if (incoming === undefined) throw new RoomError("upload-not-found", { upload: id });
    return incoming;
  }

  #rememberFailed(id: string): void {
    this.#failed.add(id);
    const [oldest] = this.#failed;
    if (this.#failed.size > maxUploads && oldest !== undefined) this.#failed.delete(oldest);
  }
}
