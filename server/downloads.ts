// The downloads of one connection: each reads its blob only as fast as the peer takes it, so that neither
// memory nor the lines of others wait for a file.

import { RoomError } from "../shared/errors.js";
import type { FileItem } from "../shared/answers.js";
import { frameOfAnswer } from "../shared/chunks.js";
import type { RequestOf } from "../shared/requests.js";
import type { Connection } from "./connection.js";
import { Credit } from "./credit.js";
import type { BlobReader, FileQuery } from "./engine.js";
import { Pieces } from "./pieces.js";
import type { Room } from "./room.js";

const maxDownloads = 16;

/**
 * Chunks read and sent at a time, fewer when many peers let things wait: as much as may lie between a message and the
 * peer.
 */
const chunksAtOnce = 4;

/** With chunks of the usual size. A line has less than that around its Base64. */
const maxPieceBytes = chunksAtOnce * 48 * 1024;
const reads = new Pieces(maxPieceBytes);
const writes = new Pieces(base64Bytes(maxPieceBytes) + chunksAtOnce * 512);

interface Outgoing {
  readonly room: Room;
  readonly credit: Credit;
  /** The offset of the next chunk. */
  sentTo: number;
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
    const sentTo = request.offset ?? 0;
    const credit = new Credit(request.window, sentTo, this.#connection.premises.stallMs);
    const outgoing = { room, credit, sentTo, isOver: false };
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

  /** The client has what comes before this offset. Of a download that has ended it means nothing. */
  ack(id: string, offset: number): void {
    const outgoing = this.#outgoing.get(id);
    outgoing?.credit.grant(offset, outgoing.sentTo);
  }

  /** The client says nothing more: what runs is sent as fast as it is taken. */
  liftWindows(): void {
    for (const { credit } of this.#outgoing.values()) credit.lift();
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
    outgoing.credit.end();
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
      await this.#send(request.id, { blob, item, outgoing });
    } finally {
      await blob.close();
    }
  }

  async #send(
    id: string,
    { blob, item, outgoing }: { blob: BlobReader; item: FileItem; outgoing: Outgoing },
  ): Promise<void> {
    const { chunkBytes } = this.#connection.premises.limits;
    const sendSome = async () => {
      if (this.#hasEnded(outgoing)) return true;
      // Only now, and for this turn: a thousand downloads that wait for theirs hold nothing.
      const offset = outgoing.sentTo;
      const buffer = reads.take(Math.min(this.#pieceBytes(outgoing), Math.max(item.size - offset, 1)));
      const bytes = await blob.read(buffer, offset);
      if (this.#hasEnded(outgoing)) return true;
      if (bytes === 0 && offset < item.size)
        throw new Error(`Blob ${item.sha256} is shorter than its ${item.size} bytes.`);
      const lines = linesOf(buffer.subarray(0, bytes), { id, offset, size: item.size, chunkBytes });
      outgoing.sentTo += bytes;
      // Before the last chunk goes out: whoever has it may use the id again.
      if (outgoing.sentTo === item.size) this.#end(id, outgoing);
      reads.giveBack(buffer);
      this.#connection.send(lines, () => {
        writes.giveBack(lines);
      });
      return outgoing.sentTo === item.size;
    };
    do {
      if (await outgoing.credit.hasRoom(outgoing.sentTo, chunkBytes)) continue;
      this.#connection.expel({
        code: "stalled",
        message: "You acknowledged nothing for too long.",
        retry: true,
      });
    } while (!(await this.#connection.inTurn(sendSome)));
  }

  #hasEnded(outgoing: Outgoing): boolean {
    return outgoing.isOver || !this.#connection.isOpen;
  }

  /** Whole chunks that may be read and sent at a time. */
  #pieceBytes({ credit, sentTo }: Outgoing): number {
    const { chunkBytes } = this.#connection.premises.limits;
    const bytes = Math.min(this.#connection.shareBytes / 2, credit.left(sentTo, chunkBytes));
    return Math.min(Math.max(1, Math.floor(bytes / chunkBytes)), chunksAtOnce) * chunkBytes;
  }
}

/** A piece of a file as the lines of its chunks; of no bytes, one that is the last. */
function linesOf(
  bytes: Buffer,
  { id, offset, size, chunkBytes }: { id: string; offset: number; size: number; chunkBytes: number },
): Buffer {
  const parts = partsOf(bytes.length, chunkBytes).map(({ start, end }) => {
    const mark = offset + end === size ? { last: true } : {};
    return { ...frameOfAnswer({ id, offset: offset + start, ...mark }), start, end };
  });
  let lineBytes = 0;
  for (const { head, tail, start, end } of parts)
    lineBytes += Buffer.byteLength(head) + base64Bytes(end - start) + tail.length;
  const lines = writes.take(lineBytes);
  let at = 0;
  for (const { head, tail, start, end } of parts) {
    at += lines.write(head, at);
    at += lines.write(bytes.toString("base64", start, end), at, "latin1");
    at += lines.write(tail, at, "latin1");
  }
  return lines;
}

/** Of no bytes, one that is empty. */
function partsOf(bytes: number, partBytes: number): { start: number; end: number }[] {
  return Array.from({ length: Math.max(1, Math.ceil(bytes / partBytes)) }, (_none, index) => ({
    start: index * partBytes,
    end: Math.min((index + 1) * partBytes, bytes),
  }));
}

function base64Bytes(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}
