// What everybody was shown and what was acknowledged to whom, over all lives of a server, and what was wrong
// with it. Of a line it keeps a hash, so that a million of them fit.

import { hash } from "node:crypto";
import type { Answer } from "./peer.js";

/** Where something was wrong; each list must stay empty. */
export interface Wrongs {
  /** Acknowledged, and not in the history under its number. */
  readonly acknowledgedLost: string[];
  /** Shown to somebody, and not in the history as it was shown, or shown otherwise to another. */
  readonly shownLost: string[];
  /** In the history twice, or given twice to one who had told what it has. */
  readonly doubled: string[];
  /** Numbers that somebody was not given. */
  readonly holes: string[];
  /** Anything else: an error answered, a session forgotten, a file that is not what was sent. */
  readonly others: string[];
}

interface Place {
  shown: number | undefined;
  acknowledged: number | undefined;
}

/** More of a kind say no more. */
const maxOfAKind = 1000;

export class Ledger {
  readonly wrongs: Wrongs = { acknowledgedLost: [], shownLost: [], doubled: [], holes: [], others: [] };
  shown = 0;
  acknowledged = 0;
  readonly #rooms = new Map<string, Place[]>();

  note(kind: keyof Wrongs, what: string): void {
    const wrongs = this.wrongs[kind];
    if (wrongs.length < maxOfAKind) wrongs.push(what.slice(0, 300));
  }

  /** An entry was shown to somebody. */
  show(entry: Answer, raw: string): void {
    const place = this.#place(entry);
    const shown = shortHash(raw);
    if (place.shown === undefined) this.shown++;
    else if (place.shown !== shown) this.note("shownLost", `shown otherwise before: ${raw}`);
    place.shown ??= shown;
  }

  /** The sender of `id` was told that it has this number. */
  acknowledge(entry: Answer, from: string): void {
    const place = this.#place(entry);
    const key = keyHash(from, entry.id);
    if (place.acknowledged === undefined) this.acknowledged++;
    else if (place.acknowledged !== key)
      this.note("acknowledgedLost", `${whereOf(entry)} was two messages: ${String(entry.id)}`);
    place.acknowledged ??= key;
  }

  /** Compares a room's whole history, handed over entry by entry. */
  auditOf(room: string): { entry(answer: Answer, raw: string): void; end(): void } {
    const places = this.#places(room);
    const keys = new Set<number>();
    let last = 0;
    return {
      entry: (answer, raw) => {
        const seq = Number(answer.seq);
        if (seq !== last + 1) this.note("holes", `the history of ${room} has ${seq} after ${last}`);
        const key = keyHash(String(answer.from), answer.id);
        if (keys.has(key)) this.note("doubled", `the history has again: ${raw}`);
        keys.add(key);
        this.#compare(places[seq], raw, key);
        last = seq;
      },
      end: () => {
        for (let seq = last + 1; seq < places.length; seq++) this.#compare(places[seq], `${room}/${seq}`);
      },
    };
  }

  #compare(place: Place | undefined, raw: string, key?: number): void {
    if (place?.shown !== undefined && (key === undefined || place.shown !== shortHash(raw)))
      this.note("shownLost", `not as it was shown: ${raw}`);
    if (place?.acknowledged !== undefined && place.acknowledged !== key)
      this.note("acknowledgedLost", `not what was acknowledged: ${raw}`);
  }

  #place(entry: Answer): Place {
    const seq = Number(entry.seq);
    return (this.#places(String(entry.room))[seq] ??= { shown: undefined, acknowledged: undefined });
  }

  #places(room: string): Place[] {
    const places = this.#rooms.get(room) ?? [];
    this.#rooms.set(room, places);
    return places;
  }
}

export function whereOf({ room, seq }: Answer): string {
  return `${String(room)}/${String(seq)}`;
}

function keyHash(from: string, id: unknown): number {
  return shortHash(`${from}\n${String(id)}`);
}

// As many bits as a number holds: two of a million are alike once in ten thousand runs.
function shortHash(text: string): number {
  const digest = hash("sha1", text, "buffer");
  return digest.readUIntBE(0, 6) * 32 + (digest.readUInt8(6) & 31);
}
