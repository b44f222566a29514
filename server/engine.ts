// The boundaries between the server and what keeps its rooms, files and names; types only, and the laws that
// test/contracts/ holds every engine to. An engine knows nothing of connections, and the server nothing of
// databases and folders.

import type { DirectItem, EntryType, FileItem } from "../shared/answers.js";
import type { EntryLines } from "../shared/entry.js";
import type { RoomError } from "../shared/errors.js";
import type { Name } from "../shared/names.js";

/** Log, files and directory together. */
export interface Engine {
  readonly log: RoomLog;
  readonly catalog: Catalog;
  readonly files: FileStore;
  readonly directory: Directory;
  readonly readMarks: ReadMarks;
  /** Resolves with the reason when the engine can do no more work. The process should end then. */
  readonly failed: Promise<Error>;
  /** Finishes what was begun, then lets everything go. */
  close(): Promise<void>;
  /** Lets everything go as soon as what is being done this moment is done: what waits is dropped. */
  abandon(): Promise<void>;
}

/** What a room's log is asked to record. */
export interface Draft {
  readonly type: EntryType;
  /** Who sends it: an account, or a guest's session. Never shown. */
  readonly sender: string;
  /** The sender's own name for it, if any. */
  readonly id: string | undefined;
  /** The rest of the entry's line, as `bodyOf` makes it. For a file without its version, which the log gives. */
  readonly body: string;
  /** Of a `file` entry: the reference that is recorded with it, in the same commit. */
  readonly file?: FileDraft;
  /** Of an `edit`, `delete` or `react` entry: the number of the entry that it changes. */
  readonly target?: number;
  /** Whether the sender may change what others recorded. */
  readonly isOperator?: boolean;
  /** Of a `topic` entry: what the room's topic is from here on. */
  readonly topic?: string;
  /** Of a conversation of two: who they are, so that each finds it again by the other's name. */
  readonly between?: readonly [Party, Party];
}

/** One of the two of a conversation. */
export interface Party {
  readonly sender: string;
  readonly name: Name;
}

export interface FileDraft {
  /** The upload that it was, which ends with the commit of the entry. */
  readonly upload?: string | undefined;
  readonly file: string;
  readonly name: Name;
  /** The name of the person who shares it, as shown. */
  readonly author: string;
  readonly size: number;
  readonly mime: string;
  readonly sha256: string;
}

/** What became of a draft: an entry, the entry that it repeats, or an error. */
export type Appended =
  { readonly seq: number } | { readonly duplicate: number } | { readonly error: RoomError };

/** What a sender recorded under an id. */
export interface Recorded {
  readonly seq: number;
  readonly type: EntryType;
  /** As it is stored: for a file with its version. */
  readonly body: string;
}

export interface Range {
  /** Entries above this number, the lowest first. */
  readonly after?: number;
  /** Entries below this number; the highest of them, unless `after` is given too. */
  readonly before?: number;
  /** At most so many. */
  readonly limit: number;
  /** About so many bytes, when fewer than `maxPageBytes`. */
  readonly bytes?: number;
  /** Whether to add what changes entries of the page further up: edits, deletions, reactions. */
  readonly changes?: boolean;
}

/** A run of entries, ascending, and whether the log has more in the direction it was read. */
export interface Page extends EntryLines {
  readonly more: boolean;
  /** If asked for: entries above the page that change one of it, ascending; the newest, if they are very many. */
  readonly changes?: Lines;
}

/** Lines of entries that may have others between them. */
export interface Lines {
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** What to look for in a log. */
export interface SearchQuery {
  /** Words that all must be there, in any order; in quotes a phrase; with `*` at its end the beginning of a word. */
  readonly text: string;
  /** Only what this person said. */
  readonly from?: Name;
  /** Only above this number. */
  readonly after?: number;
  /** Only below this number. */
  readonly before?: number;
  readonly limit: number;
}

/** Entries that were found, the newest first, and whether there are more. */
export interface Found extends Lines {
  readonly more: boolean;
}

/** What one commit means for one log: its new entries, perhaps none, and what is another than before. */
export interface Delivery extends EntryLines {
  /** Entries up to this number have other lines than before, or are gone: what was kept of them is to be dropped. */
  readonly erasedTo?: number;
  /** The room's topic, when it is another. */
  readonly topic?: string;
}

/** Called with every commit of a room. It must not throw. */
export type LogListener = (delivery: Delivery) => void;

export interface Subscription {
  /** The room's name as it was first given. */
  readonly name: string;
  /** Made with the room's log; another epoch is another log. */
  readonly epoch: string;
  /** The highest number at the moment of subscribing; the listener gets head+1 first. */
  readonly head: number;
  /** Empty when there is none. */
  readonly topic: string;
  close(): void;
}

/**
 * The ordered logs of all rooms. Laws:
 * - Numbers start at 1 and have no holes. They are given inside the commit, in the order of the calls.
 * - `append` resolves, and listeners are called, only when the entries are durable: written and synced.
 *   Listeners first, so that who awaits an append has seen its entry delivered.
 * - Every listener gets every entry once, in order, from whichever node it was appended.
 * - What fails is an error of its own draft, and leaves no hole.
 * - The same sender and id in the same room make one entry within the window, restarts included: a draft that says
 *   the same (`isRepeat`) is a duplicate of it, any other is refused as id-reused. Neither writes anything.
 * - What was shown to anybody is in `read` ever after, whatever ends the process, until it is deleted or too old to
 *   be kept. A `delete` keeps the number, time, sender and id of its target and of the target's edits; what they said
 *   is in no file of the engine within a minute and after `close`, whatever ends the process between.
 * - `edit`, `delete` and `react` need a target that is there and of a kind that they fit, else they are refused as
 *   no-such-entry; `edit` and `delete` one of the same sender, or an operator's hand, else as forbidden.
 * - The commit of a file's entry ends its upload: the blob has a reference instead. A file's draft that is refused as
 *   id-reused, or is a duplicate, drops the upload; after any other refusal it can be gone on with, but for one of
 *   `put`. A draft whose upload is gone, by another entry or by `cancel`, is refused as upload-not-found.
 * - Rooms are told apart by `Name.key`.
 */
export interface RoomLog {
  append(room: Name, drafts: readonly Draft[]): Promise<readonly Appended[]>;
  subscribe(room: Name, listener: LogListener): Promise<Subscription>;
  /**
   * A page without holes: the newest when neither bound is given. It ends at `maxPageBytes`, or at `range.bytes`,
   * with a whole entry. It begins above `after + 1` when what came there is not kept any more.
   */
  read(room: Name, range: Range): Promise<Page>;
  /** What the sender recorded under that id within the window. Sees every append that was made before the call. */
  find(room: Name, sender: string, id: string): Promise<Recorded | undefined>;
  /**
   * Full text. Finds every entry that was delivered before the call, and neither what was deleted nor what an edit
   * has replaced.
   * @throws RoomError too-many, with `retryAfterMs`, while the index is far behind
   */
  search(room: Name, query: SearchQuery): Promise<Found>;
}

/** What is kept of a log; what is left out is no bound. The newest entries stay. */
export interface Keep {
  /** Entries that are not older. */
  readonly ageMs?: number;
  /** So many entries. */
  readonly entries?: number;
  /** So many bytes of entries and, unless those stay anyway, of their files. */
  readonly bytes?: number;
  /** Whether files stay when their entry goes. */
  readonly keepsFiles: boolean;
}

/** What is kept of every log, and of the rooms of these keys instead. */
export interface Retention {
  readonly all: Keep;
  readonly rooms: ReadonlyMap<string, Keep>;
}

/** How far senders have read rooms and conversations. */
export interface ReadMarks {
  /** Moves a sender's mark in a log up to a number, never back; durable when it resolves. */
  mark(room: Name, sender: string, seq: number): Promise<void>;
  /** Undefined when the sender has no mark there. Sees every `mark` that was made before the call. */
  find(room: Name, sender: string): Promise<ReadMark | undefined>;
}

export interface ReadMark {
  readonly seq: number;
  /** Messages, directs and files of others above it; counted up to `maxUnread` entries. */
  readonly unread: number;
}

/** How a file of a room is asked for: by id, or by name and version, the newest when none is given. */
export type FileQuery =
  { readonly file: string } | { readonly name: Name; readonly version: number | undefined };

/** What the log holds, listed. Sees every commit that was delivered before the call. */
export interface Catalog {
  /** Names of rooms that have entries, by key, after that of `after`. */
  rooms(page: { readonly after: Name | undefined; readonly limit: number }): Promise<readonly Name[]>;
  /** Files of a room, newest first, older than number `after`; those of one name, if one is given. */
  files(
    room: Name,
    page: { readonly name?: Name | undefined; readonly after: number | undefined; readonly limit: number },
  ): Promise<readonly FileItem[]>;
  findFile(room: Name, query: FileQuery): Promise<FileItem | undefined>;
  /** The log of the newest conversation that a sender had with somebody of that name. */
  conversation(sender: string, other: Name): Promise<Conversation | undefined>;
  /** A sender's conversations, by the key of the other's name, after that of `after`. */
  conversations(
    sender: string,
    page: { readonly after: Name | undefined; readonly limit: number },
  ): Promise<readonly DirectItem[]>;
}

export interface Conversation {
  readonly log: Name;
  /** The other one, as shown. */
  readonly other: Party;
}

/** Complete bytes, known by their hash. Nobody sees them until an entry refers to them. */
export interface Blob {
  /** What the draft of its file says, so that the upload ends with its entry. */
  readonly upload: string;
  /** SHA-256, lower-case hexadecimal. */
  readonly sha256: string;
  readonly size: number;
}

/** A file that somebody wants to bring. */
export interface UploadDraft {
  readonly room: Name;
  readonly sender: string;
  readonly name: Name;
  /** The request's own name. */
  readonly id?: string | undefined;
  /** Bytes; undefined when nobody knows yet. */
  readonly size?: number | undefined;
  readonly sha256?: string | undefined;
}

/**
 * An attempt to bring the bytes of a file. Laws:
 * - Bytes are taken in order only; `write` throws bad-offset, which names the right one, and takes nothing.
 * - `write` resolves when the bytes are written, so that awaiting it bounds memory; errors come out there.
 * - `durableBytes` never runs ahead of what is synced and recorded, and never goes back: whatever ends the process,
 *   the next attempt begins there or further on.
 * - Once a newer attempt has begun, every call throws upload-not-found.
 * - After `finish`, `pause` or `cancel` no other call is made.
 */
export interface Upload {
  /** Of this attempt; a later one has another. */
  readonly id: string;
  /** Bytes taken so far, earlier attempts included: the offset of the next chunk. */
  readonly receivedBytes: number;
  /** Bytes handed to the operating system. */
  readonly writtenBytes: number;
  /** Bytes on disk. */
  readonly durableBytes: number;
  /** Whether it has ended, or a newer attempt has begun. */
  readonly isOver: boolean;
  /** Takes a copy. @throws RoomError bad-offset, upload-not-found, storage-full, quota-exceeded */
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /**
   * Makes the durable blob: synced under its own hash, and its folder synced. Until the draft of its file is recorded
   * the upload holds it, through restarts.
   * @throws RoomError hash-mismatch when `sha256` is given and is another; the upload is dropped then
   */
  finish(sha256?: string): Promise<Blob>;
  /** Ends the attempt: what was taken becomes durable, and stays for the next. Never throws; may be called twice. */
  pause(): Promise<void>;
  /** Drops the bytes. Never throws; may be called twice. */
  cancel(): Promise<void>;
}

/** An open blob. `read` fills the buffer as far as the blob goes and returns how many bytes that were. */
export interface BlobReader {
  readonly size: number;
  read(into: Uint8Array, offset: number): Promise<number>;
  close(): Promise<void>;
}

/**
 * Blobs, and uploads on their way to become one. No name that a peer chose is ever part of a path. A blob goes when
 * its last reference has: an entry's file, or an upload that holds it.
 * Errors of the disk are RoomErrors: `storage-full` when there is no room, `too-many` when the process may open no
 * more files, else `internal` with its cause.
 */
export interface FileStore {
  /**
   * Begins an upload, or goes on with what the same sender left unfinished: the same room, name and size, and hash
   * where both are known; without a size the same id, too; and where all bytes are there, the same id or the hash. An
   * attempt that is still under way is ended. Of content that the room has already under that hash and size, all bytes
   * are there.
   * @param onDurable called when `durableBytes` has grown
   * @throws RoomError quota-exceeded; too-many; storage-full also while little room is left, so that the log can go on
   */
  begin(draft: UploadDraft, onDurable?: () => void): Promise<Upload>;
  /**
   * Makes a blob of bytes that are all at hand.
   * @throws RoomError as `begin` and `finish`
   */
  put(draft: UploadDraft, bytes: Uint8Array): Promise<Blob>;
  /** @throws RoomError file-not-found, too-many */
  open(sha256: string): Promise<BlobReader>;
}

/** A name held by one live connection. */
export interface Claim {
  readonly name: Name;
  /** Who this is across connections: an account, or a guest's session. Recorded, never shown. */
  readonly sender: string;
  /** The secret that proves it next time. */
  readonly session: string;
  /** The same secret, given anew: valid from now, also after a restart that forgets when this connection ended. */
  renewed(): string;
  /** Whether a session was presented and accepted. */
  readonly resumed: boolean;
  /** Whether it may change what others recorded. */
  readonly isOperator: boolean;
  /** Gives the name back. May be called twice, and after somebody else took over. */
  release(): void;
}

export interface ClaimRequest {
  /** Undefined: the directory makes a guest's name. */
  readonly name: Name | undefined;
  /** The secret from an earlier claim; ignored when unknown, expired or bound to another name. */
  readonly session: string | undefined;
  /** The operator's secret, of who is one. */
  readonly token: string | undefined;
  /** Called when a newer connection with the same session takes the name over. */
  readonly onTakeover: () => void;
}

/** Who is here. Calls are asynchronous because another engine asks other machines. */
export interface Directory {
  /** @throws RoomError name-taken; forbidden when the token is another */
  claim(request: ClaimRequest): Promise<Claim>;
}
