// The records of uploads under way: what is reserved for them, how far each is on disk, which blob it has become; and
// the blobs that nothing may refer to any more. Lives in the writing thread, so that what is asked at the same time is
// decided one after the other. The main thread's side is records.ts.
//
//   taking --complete--> complete --the commit of its entry--> gone
//     |                                  ^
//     +--expire--> whole ----------------+      (of one line, or too old: nobody goes on with it, and it is dropped)

import { maxUnfinished, maxUnfinishedOfAll } from "../../../shared/limits.js";
import { inTransaction, type Database, type Statement } from "./database.js";
import { Quota, type Quotas } from "./quota.js";
import type { Refusal } from "./recorder.js";

/** What is to be uploaded. */
export interface BeginCall {
  readonly do: "begin";
  /** Of the record, should there be none to go on with. */
  readonly id: string;
  readonly roomKey: string;
  readonly sender: string;
  readonly nameKey: string;
  /** The request's own name, if it has one. */
  readonly request: string | undefined;
  readonly size: number | undefined;
  readonly sha256: string | undefined;
  /** Whether all its bytes are at hand: then `sha256` is known to be theirs. */
  readonly isWhole: boolean;
}

/** What is asked of the records. */
export type RecordCall =
  | BeginCall
  /** So many bytes are on disk; 0 when they turn out not to be. */
  | { readonly do: "mark"; readonly id: string; readonly offset: number }
  /** All of them are, and the blob is known. */
  | { readonly do: "complete"; readonly id: string; readonly size: number; readonly blob: string }
  /** What was not touched since is not gone on with any more. */
  | { readonly do: "expire"; readonly beforeMs: number }
  | { readonly do: "drop"; readonly ids: readonly string[] }
  /** These blobs are gone, or else have a reference: neither needs to be looked at again. */
  | { readonly do: "swept"; readonly hashes: readonly string[]; readonly areGone: boolean };

/** An upload that is begun, or gone on with. */
export interface UploadRecord {
  readonly id: string;
  /** Bytes on disk. */
  readonly offset: number;
  /** The blob that it is, or is about to be. */
  readonly blob: string | undefined;
  /** Whether nothing but its entry is missing. */
  readonly isComplete: boolean;
}

export type RecordAnswer = UploadRecord | Refusal | undefined;

/** For how long an upload of which no byte came is kept. */
const emptyMs = 15 * 60_000;

export class UploadRecords {
  readonly #database: Database;
  readonly #quota: Quota;
  readonly #selectSame: Statement;
  readonly #selectContent: Statement;
  readonly #countOfSender: Statement;
  readonly #countAll: Statement;
  readonly #insert: Statement;
  readonly #select: Statement;
  readonly #touch: Statement;
  readonly #mark: Statement;
  readonly #complete: Statement;
  readonly #expire: Statement;
  readonly #delete: Statement;
  readonly #free: Statement;
  readonly #sweep: Statement;

  constructor(database: Database, quotas: Quotas) {
    this.#database = database;
    this.#quota = new Quota(database, quotas);
    this.#selectSame = database.prepare(
      `SELECT id, offset, blob, state FROM uploads
       WHERE sender = ? AND room = ? AND key = ? AND size IS ? AND state <> 'whole'
         AND coalesce(blob, sha256, ?6) IS coalesce(?6, blob, sha256)
         AND (request = ?5 OR size IS NOT NULL AND (offset < size OR ?6 IS NOT NULL))
       ORDER BY request = ?5 DESC, coalesce(blob, sha256) = ?6 DESC, touched DESC LIMIT 1`,
    );
    this.#selectContent = database.prepare(
      `SELECT f.size FROM files f JOIN rooms r ON r.id = f.room WHERE f.sha256 = ? AND r.key = ? LIMIT 1`,
    );
    const count = "SELECT count(*) AS count FROM uploads WHERE state <> 'whole'";
    this.#countOfSender = database.prepare(`${count} AND sender = ?`);
    this.#countAll = database.prepare(count);
    this.#insert = database.prepare(
      `INSERT INTO uploads (id, room, sender, key, request, size, sha256, state, offset, blob, touched)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#select = database.prepare("SELECT room, sender, size FROM uploads WHERE id = ?");
    // A hash that is told later is its hash from then on.
    this.#touch = database.prepare(
      "UPDATE uploads SET touched = ?, sha256 = coalesce(sha256, ?) WHERE id = ?",
    );
    this.#mark = database.prepare(
      "UPDATE uploads SET state = 'taking', blob = NULL, offset = ?, touched = ? WHERE id = ?",
    );
    this.#complete = database.prepare(
      "UPDATE uploads SET state = 'complete', offset = ?, blob = ?, touched = ? WHERE id = ?",
    );
    this.#expire = database.prepare(
      "UPDATE uploads SET state = 'whole' WHERE touched < ?1 OR (offset = 0 AND touched < ?2)",
    );
    this.#delete = database.prepare("DELETE FROM uploads WHERE id = ? RETURNING blob");
    this.#free = database.prepare("INSERT INTO freed VALUES (?) ON CONFLICT DO NOTHING");
    this.#sweep = database.prepare(
      `DELETE FROM freed WHERE sha256 = ?1 AND (?2 = 1 OR EXISTS (SELECT 1 FROM files WHERE sha256 = ?1)
         OR EXISTS (SELECT 1 FROM uploads WHERE blob = ?1))`,
    );
  }

  /** All in one transaction; a refusal is of its own call alone. */
  take(calls: readonly RecordCall[], nowMs: number): RecordAnswer[] {
    return inTransaction(this.#database, () => calls.map((call) => this.#take(call, nowMs)));
  }

  #take(call: RecordCall, nowMs: number): RecordAnswer {
    switch (call.do) {
      case "begin":
        return this.#begin(call, nowMs);
      case "mark":
        return this.#unlessRefused(call.id, call.offset, () => this.#mark.run(call.offset, nowMs, call.id));
      case "complete":
        return this.#unlessRefused(call.id, call.size, () =>
          this.#complete.run(call.size, call.blob, nowMs, call.id),
        );
      case "expire":
        this.#expire.run(call.beforeMs, nowMs - emptyMs);
        return undefined;
      case "drop":
        for (const id of call.ids) this.#drop(id);
        return undefined;
      case "swept":
        for (const sha256 of call.hashes) this.#sweep.run(sha256, call.areGone ? 1 : 0);
        return undefined;
    }
  }

  #begin(call: BeginCall, nowMs: number): UploadRecord | Refusal {
    return this.#resumed(call, nowMs) ?? this.#refusalOf(call) ?? this.#begun(call, nowMs);
  }

  /**
   * What the same sender left unfinished: by its size; by the same request when there is none, or when all bytes are there
   * and no hash says which they are.
   */
  #resumed(call: BeginCall, nowMs: number): UploadRecord | undefined {
    const { roomKey, sender, nameKey, size, sha256 } = call;
    if (call.isWhole) return undefined;
    const request = call.request ?? null;
    const row = this.#selectSame.get(sender, roomKey, nameKey, size ?? null, request, sha256 ?? null);
    if (row === undefined) return undefined;
    this.#touch.run(nowMs, sha256 ?? null, String(row.id));
    return {
      id: String(row.id),
      offset: Number(row.offset),
      blob: typeof row.blob === "string" ? row.blob : undefined,
      isComplete: row.state === "complete",
    };
  }

  #begun(call: BeginCall, nowMs: number): UploadRecord {
    const { id, roomKey, sender, nameKey, size = null, sha256 = null } = call;
    const known = this.#sizeInRoom(call);
    const isComplete = known !== undefined;
    const state = call.isWhole ? "whole" : isComplete ? "complete" : "taking";
    const offset = known ?? 0;
    const blob = call.isWhole || isComplete ? sha256 : null;
    const request = call.request ?? null;
    this.#insert.run(
      ...([id, roomKey, sender, nameKey, request, size, sha256, state, offset, blob, nowMs] as const),
    );
    return { id, offset, blob: blob ?? undefined, isComplete };
  }

  /** The size of that very content, if the room has it: nobody is told what another room has. */
  #sizeInRoom({ sha256, roomKey, size, isWhole }: BeginCall): number | undefined {
    if (sha256 === undefined || size === undefined || isWhole) return undefined;
    const known = this.#selectContent.get(sha256, roomKey);
    return Number(known?.size ?? -1) === size ? size : undefined;
  }

  /** Writes that an upload has so many bytes. */
  #unlessRefused(id: string, bytes: number, write: () => unknown): Refusal | undefined {
    const refusal = this.#refusalOfMore(id, bytes);
    if (refusal === undefined) write();
    return refusal;
  }

  #refusalOf(call: BeginCall): Refusal | undefined {
    // Those of one line are bounded by what a connection may have unanswered.
    return (call.isWhole ? undefined : this.#tooMany(call)) ?? this.#quota.refusalOf(call, call.size ?? 0);
  }

  #tooMany(call: BeginCall): Refusal | undefined {
    if (Number(this.#countOfSender.get(call.sender)?.count) >= maxUnfinished) {
      const message = `You have ${maxUnfinished} unfinished uploads: finish or cancel some, or wait a day.`;
      return { code: "too-many", message };
    }
    if (Number(this.#countAll.get()?.count) >= maxUnfinishedOfAll) {
      return {
        code: "too-many",
        message: `The server has ${maxUnfinishedOfAll} unfinished uploads: try again later.`,
      };
    }
    return undefined;
  }

  /** What an upload whose size nobody declared may not have, or one that is gone. */
  #refusalOfMore(id: string, bytes: number): Refusal | undefined {
    const row = this.#select.get(id);
    if (row === undefined) return { code: "upload-not-found" };
    if (row.size !== null) return undefined;
    return this.#quota.refusalOf({ id, roomKey: String(row.room), sender: String(row.sender) }, bytes);
  }

  #drop(id: string): void {
    const blob = this.#delete.get(id)?.blob;
    if (typeof blob === "string") this.#free.run(blob);
  }
}
