// What rows of the database mean, where more than one file reads them.

import { entryTypes, type EntryType } from "../../../shared/answers.js";
import { entryLine } from "../../../shared/entry.js";
import type { Row } from "./database.js";

/**
 * Bits of an entry's number: a log may have a million million entries. The search index puts number and room into one
 * rowid, which leaves room for eight million logs.
 */
export const seqBits = 40;
export const maxSeq = 2 ** seqBits - 1;

const knownTypes: ReadonlyMap<unknown, EntryType> = new Map(entryTypes.map((type) => [type, type]));

/** @throws Error when it is none of ours: the database is damaged */
export function entryTypeOf({ type }: Row): EntryType {
  const known = knownTypes.get(type);
  if (known === undefined) throw new Error(`The database has an entry of type ${String(type)}.`);
  return known;
}

/** The line of a row with `seq`, `time`, `type` and `body`. @param place from `placeOf` */
export function lineOf(place: string, row: Row): string {
  return entryLine(place, {
    type: entryTypeOf(row),
    seq: Number(row.seq),
    time: new Date(Number(row.time)).toISOString(),
    body: String(row.body),
  });
}

/** Lines as bytes that are alone in their buffer, so that they go to another thread without a copy. */
export function bytesOf(lines: readonly string[]): Uint8Array {
  return new TextEncoder().encode(lines.join(""));
}
