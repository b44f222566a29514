// What a program says when it asks a session for something: where, which part, for how long. Types only.

import type { AnswerOf } from "../../shared/answers.js";
import type { AskOptions, Entry } from "./exchanges.js";

/** How long a request waits, and what stops the waiting; the session's own deadline when left out. */
export type Asking = Partial<AskOptions>;

/** Of what makes an entry: with the same `id` it is made once, within `limits.dedupeMs`. */
export interface Saying extends Asking {
  readonly id?: string;
}

/** Of a text: the number of the entry that it answers, in the same room or conversation. */
export interface Replying extends Saying {
  readonly replyTo?: number;
}

/** A room, or with `with` the conversation with that person; the only room we are in when left out. */
export interface Where {
  readonly room?: string;
  readonly with?: string;
}

/** An entry, by its number. */
export interface Target extends Where {
  readonly target: number;
}

/** An entry that takes another away: that of a number, or of a file by the file's id. */
export type Deletion = Target | (Where & { readonly file: string });

export interface HistoryRange extends Where {
  /** Entries above this number. */
  readonly after?: number;
  /** The newest entries below this number. */
  readonly before?: number;
  readonly limit?: number;
  /** Whether the entries that change those of the page come with it, wherever they are. */
  readonly changes?: boolean;
}

/**
 * A page of history, its entries ascending; `more` says whether the log goes on in that direction. `changes` are
 * later edits, deletions and reactions to them, ascending.
 */
export type HistoryPage = Omit<AnswerOf<"history">, "changes"> & {
  readonly entries: readonly Entry[];
  readonly changes: readonly Entry[];
};

export interface SearchQuery extends Where {
  /** Words that must all be there, "a phrase", or the beginning of a word as `bik*`. */
  readonly query: string;
  /** The name of who said it. */
  readonly from?: string;
  /** Only above this number. */
  readonly after?: number;
  /** Only below this number. */
  readonly before?: number;
  readonly limit?: number;
}

/** What was found, the newest first; `more` says whether there is more below the last. */
export type SearchPage = AnswerOf<"results"> & { readonly entries: readonly Entry[] };

/** Which page of a list: the items behind the one with this key. */
export interface ListPage<Key> {
  readonly room?: string;
  readonly after?: Key;
  readonly limit?: number;
}

/** Which page of the files of a room. */
export interface FilePage extends ListPage<number> {
  /** Only the versions of the file of this name. */
  readonly name?: string;
}

/** Where to begin in a room: after a number that is known, of the log of that epoch, or so many entries ago. */
export interface Beginning {
  readonly since?: number | undefined;
  readonly epoch?: string | undefined;
  readonly last?: number | undefined;
}
