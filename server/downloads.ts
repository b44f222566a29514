// The downloads of one connection: each reads its blob only as fast as the peer takes it, so that neither
// memory nor the lines of others wait for a file.

import { RoomError } from "../shared/errors.js";
import type { FileItem } from "../shared/answers.js";
import { encodeChunk } from "../shared/protocol.js";
import type { RequestOf } from "../shared/requests.js";
import type { Connection } from "./connection.js";
import type { BlobReader, FileQuery } from "./engine.js";
import type { Room } from "./room.js";

const maxDownloads = 16;

/** Chunks read and sent at a time, fewer when many peers let things wait: as much as may lie between a message and the peer. */
const chunksAtOnce = 4;

interface Outgoing {
  readonly room: Room;
  /** Once its last answer is given: nothing more may be said under its id, which may be another's by then. */
  isOver: boolean;
}

export class Downloads {
  readonly #connection: Connection;
  readonly #outgoing = new Map<string, Outgoing>();
  readonly #running = new Set<Promise<void>>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  start(request: RequestOf<"download">, { room, query }: { room: Room; query: FileQuery }): void {
    const { id } = request;
    if (this.#outgoing.has(id)) {
      throw new RoomError("bad-message", { message: "Bad message: a download with this id is running." });
    }
    if (this.#outgoing.size >= maxDownloads) {
      throw new RoomError("too-many", { message: `At most ${maxDownloads} downloads at once.` });
    }
    const outgoing = { room, isOver: false };
    this.#outgoing.set(id, outgoing);
    const run: Promise<void> = this.#run(request, query, outgoing)
      .catch((error: unknown) => {
        if (!outgoing.isOver) this.#connection.refuse(id, error);
      })
      .then(() => {
        this.#end(id, outgoing);
        this.#running.delete(run);
      });
    this.#running.add(run);
  }

  /** Resolves when every download so far has ended. */
  async finished(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** @throws RoomError bad-message when no such download is running */
  cancel(id: string): void {
    const outgoing = this.#outgoing.get(id);
    if (outgoing === undefined) {
      throw new RoomError("bad-message", { message: "Bad message: no download with this id is running." });
    }
    this.#end(id, outgoing);
    this.#connection.answer(id, { type: "cancelled" });
  }

  /** Stops those of one room, which the client is told, or all. */
  stopAll(room?: Room): void {
    for (const [id, outgoing] of this.#outgoing) {
      if (room !== undefined && outgoing.room !== room) continue;
      this.#end(id, outgoing);
      if (room !== undefined) this.#connection.answer(id, { type: "cancelled" });
    }
  }

  #end(id: string, outgoing: Outgoing): void {
    outgoing.isOver = true;
    if (this.#outgoing.get(id) === outgoing) this.#outgoing.delete(id);
  }

  async #run(request: RequestOf<"download">, query: FileQuery, outgoing: Outgoing): Promise<void> {
    const { engine } = this.#connection.premises;
    await this.#connection.unanswered.recorded();
    const isOver = () => outgoing.isOver;
    const item = await engine.catalog.findFile(outgoing.room.name, query);
    if (isOver()) return;
    if (item === undefined) throw new RoomError("file-not-found");
    const offset = request.offset ?? 0;
    if (request.sha256 !== undefined && request.sha256 !== item.sha256) throw new RoomError("changed");
    if (offset > item.size) throw new RoomError("bad-offset", { offset: item.size });
    const blob = await engine.files.open(item.sha256);
    try {
      if (isOver()) return;
      const { seq: _seq, time: _time, from: _from, ...facts } = item;
      this.#connection.answer(undefined, { type: "downloading", id: request.id, ...facts, offset });
      await this.#send(request.id, { blob, item, offset, outgoing });
    } finally {
      await blob.close();
    }
  }

  async #send(
    id: string,
    from: { blob: BlobReader; item: FileItem; offset: number; outgoing: Outgoing },
  ): Promise<void> {
    const { blob, item, outgoing } = from;
    const { chunkBytes } = this.#connection.premises.limits;
    let { offset } = from;
    const isOver = () => outgoing.isOver || !this.#connection.isOpen;
    const sendSome = async () => {
      if (isOver()) return true;
      // Only now, and for this turn: a thousand downloads that wait for theirs hold nothing.
      const chunks = Math.max(1, Math.floor(this.#connection.shareBytes / 2 / chunkBytes));
      const most = Math.min(chunks, chunksAtOnce) * chunkBytes;
      const buffer = Buffer.allocUnsafe(Math.min(most, Math.max(item.size - offset, 1)));
      const bytes = await blob.read(buffer, offset);
      if (isOver()) return true;
      if (bytes === 0 && offset < item.size)
        throw new Error(`Blob ${item.sha256} is shorter than its ${item.size} bytes.`);
      let lines = "";
      let at = 0;
      do {
        const end = Math.min(at + chunkBytes, bytes);
        const data = buffer.toString("base64", at, end);
        const mark = offset + end === item.size ? { last: true } : {};
        lines += encodeChunk({ id, offset: offset + at, data, ...mark });
        at = end;
      } while (at < bytes);
      offset += bytes;
      // Before the last chunk goes out: whoever has it may use the id again.
      if (offset === item.size) this.#end(id, outgoing);
      this.#connection.send(lines);
      return offset === item.size;
    };
    while (!(await this.#connection.inTurn(sendSome)));
  }
}
