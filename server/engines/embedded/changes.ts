// What an `edit`, `delete` or `react` does to its target: whether it may, what it leaves of it, and by what the entries
// that change another are found again. Lives in the writing thread, in the transactions of recorder.ts.
//
//   delete -> body of the target and of its edits: who, when, id, `deleted`   (secure_delete overwrites what was there)
//          -> a file's row, which is the reference to its blob (schema.ts notes that in `freed`)
//          -> the room's topic, if the target set it

import type { EntryType } from "../../../shared/answers.js";
import { deletedBody, membersOf } from "../../../shared/entry.js";
import type { ErrorCode } from "../../../shared/errors.js";
import { maxEdits } from "../../../shared/limits.js";
import type { Draft } from "../../engine.js";
import type { Database, Statement } from "./database.js";
import type { Place } from "./key-tail.js";
import { entryTypeOf } from "./rows.js";

/** Why an entry may not be changed. */
export interface Refused {
  readonly code: ErrorCode;
  readonly message?: string;
}

/** What a commit took away. */
export interface Erased {
  /** Numbers of the entries whose lines are others now. */
  readonly seqs: readonly number[];
  /** Whether a file went. */
  readonly isFile: boolean;
  /** Whether it was what the room's topic comes from. */
  readonly isTopic: boolean;
}

const targetsOf: Partial<Record<EntryType, readonly EntryType[]>> = {
  edit: ["message", "direct"],
  delete: ["message", "direct", "file", "topic", "react"],
  react: ["message", "direct", "file"],
};

export class Changes {
  readonly #selectEntry: Statement;
  readonly #insertChange: Statement;
  readonly #countEdits: Statement;
  readonly #selectEdits: Statement;
  readonly #updateBody: Statement;
  readonly #selectFile: Statement;
  readonly #deleteFile: Statement;
  readonly #clearTopic: Statement;

  constructor(database: Database) {
    this.#selectEntry = database.prepare("SELECT type, sender, body FROM entries WHERE room = ? AND seq = ?");
    this.#insertChange = database.prepare(
      "INSERT INTO changes (room, target, type, seq) VALUES (?, ?, ?, ?)",
    );
    this.#countEdits = database.prepare(
      `SELECT count(*) AS count FROM
       (SELECT 1 FROM changes WHERE room = ? AND target = ? AND type = 'edit' LIMIT ?)`,
    );
    this.#selectEdits = database.prepare(
      `SELECT e.seq, e.body, e.sender FROM changes c JOIN entries e ON e.room = c.room AND e.seq = c.seq
       WHERE c.room = ? AND c.target = ? AND c.type = 'edit'`,
    );
    this.#updateBody = database.prepare("UPDATE entries SET body = ? WHERE room = ? AND seq = ?");
    this.#selectFile = database.prepare("SELECT sender FROM files WHERE room = ? AND seq = ?");
    this.#deleteFile = database.prepare("DELETE FROM files WHERE room = ? AND seq = ?");
    this.#clearTopic = database.prepare(
      "UPDATE rooms SET topic = '', topic_seq = 0 WHERE id = ? AND topic_seq = ?",
    );
  }

  /** Why a draft may not change its target; undefined when it may, or changes none. */
  refusalOf(roomId: number | undefined, draft: Draft): Refused | undefined {
    const fitting = targetsOf[draft.type];
    if (fitting === undefined) return undefined;
    const target =
      roomId === undefined || draft.target === undefined
        ? undefined
        : this.#selectEntry.get(roomId, draft.target);
    if (target === undefined) return this.#refusalOfLeft(roomId, draft);
    if (!fitting.includes(entryTypeOf(target))) return { code: "no-such-entry" };
    if (membersOf(String(target.body)).deleted === true) return { code: "no-such-entry" };
    const isOwn = target.sender === draft.sender;
    const needsOwn = draft.type === "edit" || (draft.type === "delete" && draft.isOperator !== true);
    if (needsOwn && !isOwn) return { code: "forbidden" };
    return draft.type === "edit" ? this.#refusalOfEdit(roomId, draft.target) : undefined;
  }

  /** Remembers which entry was changed by the one at this place. */
  add({ roomId, seq }: Place, type: EntryType, target: number): void {
    this.#insertChange.run(roomId, target, type, seq);
  }

  /** Takes away what an entry and its edits said. */
  erase(roomId: number, target: number): Erased {
    const seqs = [target];
    const entry = this.#selectEntry.get(roomId, target);
    if (entry !== undefined) this.#blank(roomId, target, entry.body);
    for (const { seq, body } of this.#selectEdits.all(roomId, target)) {
      this.#blank(roomId, Number(seq), body);
      seqs.push(Number(seq));
    }
    const isFile = this.#deleteFile.run(roomId, target).changes > 0;
    const isTopic = this.#clearTopic.run(roomId, target).changes > 0;
    return { seqs, isFile, isTopic };
  }

  /** So that a deletion, which takes all of them away, keeps nobody waiting long. */
  #refusalOfEdit(roomId: number | undefined, target: number | undefined): Refused | undefined {
    if (roomId === undefined || target === undefined) return undefined;
    const count = Number(this.#countEdits.get(roomId, target, maxEdits)?.count);
    if (count < maxEdits) return undefined;
    return { code: "too-many", message: `An entry can be edited ${maxEdits} times.` };
  }

  /**
   * What is left of an entry that is too old to be kept can be deleted all the same, by who sent it: its edits, or a
   * file that stays.
   */
  #refusalOfLeft(
    roomId: number | undefined,
    { type, target, sender, isOperator }: Draft,
  ): Refused | undefined {
    if (type !== "delete" || roomId === undefined || target === undefined) return { code: "no-such-entry" };
    const file = this.#selectFile.get(roomId, target);
    const edits = this.#selectEdits.all(roomId, target);
    const isSaid = edits.some(({ body }) => membersOf(String(body)).deleted !== true);
    if (file === undefined && !isSaid) return { code: "no-such-entry" };
    const isOwn = [...edits, ...(file === undefined ? [] : [file])].every((left) => left.sender === sender);
    return isOwn || isOperator === true ? undefined : { code: "forbidden" };
  }

  #blank(roomId: number, seq: number, body: unknown): void {
    this.#updateBody.run(deletedBody(String(body)), roomId, seq);
  }
}
