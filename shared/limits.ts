// The limits a server states in `connected`, and the few that both ends count with.
// Plain numbers: bytes unless the name says otherwise. docs/protocol.md lists them.

/** What `connected.limits` says. A client must read them there and not from here. */
export interface Limits {
  /** Longest line either side may send, its line feed not counted. */
  readonly lineBytes: number;
  /** Longest text of a message, in UTF-8. */
  readonly textBytes: number;
  /** Raw bytes of a file in one `chunk`; 48 KiB is 64 KiB of Base64. */
  readonly chunkBytes: number;
  /** How far a client may send beyond `progress.received`. */
  readonly windowBytes: number;
  /** Largest file. */
  readonly fileBytes: number;
  /** Answers that may wait for a connection before its requests are no longer read. */
  readonly outboxBytes: number;
  /** Most names in `joined.members` and `presence`. */
  readonly memberNames: number;
  /** Most entries in one page of history. */
  readonly historyCount: number;
  /** For how long the same sender and `id` in a room make one entry, in milliseconds. */
  readonly dedupeMs: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;

export const defaultLimits: Limits = {
  lineBytes: 128 * KiB,
  textBytes: 16 * KiB,
  chunkBytes: 48 * KiB,
  windowBytes: MiB,
  fileBytes: 10 * GiB,
  outboxBytes: MiB,
  memberNames: 100,
  historyCount: 500,
  dedupeMs: 24 * 3600 * 1000,
};

/** Unanswered requests of one connection past which the server stops reading it. */
export const maxUnanswered = 256;

/** A page of entries ends at this many bytes, or with the entry that crosses it. */
export const maxPageBytes = 256 * KiB;

/** Entries above a mark that are looked at to count what is unread. */
export const maxUnread = 1000;

/** Bytes of a room's topic, in UTF-8. */
export const maxTopicBytes = 1024;

/** Bytes of what somebody reacts with, in UTF-8: an emoji of several code points, or a short word. */
export const maxEmojiBytes = 64;

/** How often one entry can be edited. */
export const maxEdits = 1000;

/** Words, phrases and beginnings of a query. */
export const maxQueryTerms = 16;

/** Letters of a word's beginning that can be searched for; a shorter one is a word. */
export const minPrefixLetters = 3;

/** Bytes of what is searched for, in UTF-8. */
export const maxQueryBytes = 1024;

/** Newest changes that come with a page of history. */
export const maxPageChanges = 500;

/** Unfinished uploads of one sender. */
export const maxUnfinished = 100;

/** Unfinished uploads of all senders. */
export const maxUnfinishedOfAll = 10_000;

/** For how long an upload is kept that nobody goes on with, in milliseconds. */
export const unfinishedMs = 24 * 3600 * 1000;
