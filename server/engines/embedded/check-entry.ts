// One entry: whether it is what its type should be, and whether the database knows beside it what it must: a file's
// reference, which entry it changes, that what it deletes is blank. Called by check-log.ts, in a step of one moment.

import { entryTypes } from "../../../shared/answers.js";
import { membersOf } from "../../../shared/entry.js";
import type { Database, Row, Statement } from "./database.js";

export interface EntryRow extends Row {
  readonly roomId: number;
  readonly seq: number;
  /** Numbers up to it are not kept. */
  readonly pruned: number;
}

const knownTypes: ReadonlySet<unknown> = new Set(entryTypes);
const changing: ReadonlySet<unknown> = new Set(["edit", "delete", "react"]);

export class CheckEntry {
  /** Imported files without their bytes: nobody's sender is empty but an import's. */
  withoutFile = 0;
  readonly #selectFile: Statement;
  readonly #selectChange: Statement;
  readonly #selectBody: Statement;
  readonly #selectEdits: Statement;

  constructor(database: Database) {
    this.#selectFile = database.prepare(
      "SELECT file, name, version, size, mime, sha256 FROM files WHERE room = ? AND seq = ?",
    );
    this.#selectChange = database.prepare(
      "SELECT 1 FROM changes WHERE room = ? AND target = ? AND type = ? AND seq = ?",
    );
    this.#selectBody = database.prepare("SELECT body FROM entries WHERE room = ? AND seq = ?");
    this.#selectEdits = database.prepare(
      `SELECT e.seq, e.body FROM changes c JOIN entries e ON e.room = c.room AND e.seq = c.seq
       WHERE c.room = ? AND c.target = ? AND c.type = 'edit'`,
    );
  }

  /** What is wrong with it, to be read after its number. */
  *faultsOf(row: EntryRow): Iterable<string> {
    if (!knownTypes.has(row.type)) yield `has the unknown type ${JSON.stringify(row.type)}`;
    if (!isTime(row.time)) yield "has no time";
    const said = objectOf(row.body);
    if (typeof said?.from !== "string") {
      yield "has a damaged body";
      return;
    }
    if (row.type === "file") yield* this.#faultsOfFile(row, said);
    if (changing.has(row.type) && said.deleted !== true) yield* this.#faultsOfChange(row, said);
  }

  *#faultsOfFile({ roomId, seq, sender }: EntryRow, said: Record<string, unknown>): Iterable<string> {
    const file = this.#selectFile.get(roomId, seq);
    if (said.deleted === true) {
      if (file !== undefined) yield "is deleted, and its file is not";
    } else if (file === undefined) {
      if (sender === "") this.withoutFile++;
      else yield "is a file that the list of files does not have";
    } else {
      const wrong = Object.entries(file).filter(([name, value]) => said[name] !== value);
      for (const [name] of wrong) yield `is a file whose ${name} is another in the list of files`;
    }
  }

  *#faultsOfChange({ roomId, seq, type, pruned }: EntryRow, said: Record<string, unknown>): Iterable<string> {
    const { target } = said;
    if (typeof target !== "number") yield "does not say what it changes";
    else if (target > pruned) {
      const isKnown = this.#selectChange.get(roomId, target, String(type), seq) !== undefined;
      if (!isKnown) yield `changes number ${target}, and is not known to`;
      if (type === "delete") yield* this.#faultsOfDeletion(roomId, target);
    }
  }

  *#faultsOfDeletion(roomId: number, target: number): Iterable<string> {
    const itself: Row = { seq: target, body: this.#selectBody.get(roomId, target)?.body };
    for (const { seq, body } of [itself, ...this.#selectEdits.all(roomId, target)]) {
      if (body !== undefined && objectOf(body)?.deleted !== true) {
        yield `has deleted number ${String(seq)}, which still says something`;
      }
    }
  }
}

/** RFC 3339 goes as far as the year 9999. */
function isTime(time: unknown): boolean {
  return typeof time === "number" && time >= 0 && time < 253_402_300_800_000;
}

function objectOf(body: unknown): Record<string, unknown> | undefined {
  try {
    const said: unknown = membersOf(String(body));
    return typeof said === "object" && said !== null ? { ...said } : undefined;
  } catch {
    return undefined;
  }
}
