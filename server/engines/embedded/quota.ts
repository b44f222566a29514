// How many bytes of files a room and a sender may have, with what their unfinished uploads are to have: reserved from the
// first moment. Asked by upload-records.ts in the writing thread, so that nobody comes between.

import type { Database, Statement } from "./database.js";
import type { Refusal } from "./recorder.js";

/** Bounds of what files take, unfinished ones included; what is left out is none. */
export interface Quotas {
  readonly roomBytes?: number | undefined;
  readonly senderBytes?: number | undefined;
}

/** An upload, whose own reservation does not count against it. */
interface Owner {
  readonly id: string;
  readonly roomKey: string;
  readonly sender: string;
}

export class Quota {
  readonly #quotas: Quotas;
  readonly #sumOfRoom: Statement;
  readonly #sumOfSender: Statement;

  constructor(database: Database, quotas: Quotas) {
    this.#quotas = quotas;
    const reserved = "SELECT sum(max(coalesce(size, 0), offset)) FROM uploads WHERE id <> ?2";
    this.#sumOfRoom = database.prepare(
      `SELECT coalesce((SELECT b.bytes FROM file_bytes b JOIN rooms r ON b.owner = CAST(r.id AS TEXT)
         WHERE b.kind = 'room' AND r.key = ?1), 0) + coalesce((${reserved} AND room = ?1), 0) AS bytes`,
    );
    this.#sumOfSender = database.prepare(
      `SELECT coalesce((SELECT bytes FROM file_bytes WHERE kind = 'sender' AND owner = ?1), 0)
         + coalesce((${reserved} AND sender = ?1), 0) AS bytes`,
    );
  }

  /** Why an upload may not have so many bytes. */
  refusalOf({ id, roomKey, sender }: Owner, bytes: number): Refusal | undefined {
    const { roomBytes = Infinity, senderBytes = Infinity } = this.#quotas;
    const left = (limit: number, sum: Statement, owner: string) =>
      limit === Infinity ? Infinity : Math.max(0, limit - Number(sum.get(owner, id)?.bytes));
    const leftInRoom = left(roomBytes, this.#sumOfRoom, roomKey);
    if (bytes > leftInRoom) return overQuota("The room has", roomBytes, leftInRoom);
    const leftOfSender = left(senderBytes, this.#sumOfSender, sender);
    return bytes > leftOfSender ? overQuota("You have", senderBytes, leftOfSender) : undefined;
  }
}

function overQuota(who: string, limit: number, left: number): Refusal {
  const message = `${who} ${left} of ${limit} bytes left for files: delete some, or cancel an unfinished upload.`;
  return { code: "quota-exceeded", message };
}
