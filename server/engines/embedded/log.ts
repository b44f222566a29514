// The embedded RoomLog, on the main thread: gathers what is appended while a commit runs into the next one
// (group commit), splices the lines of each commit once, and calls the listeners. The database is in writer.ts
// and reader.ts.

import { deletedBody, entryLine, placeOf, type RecordedEntry } from "../../../shared/entry.js";
import { RoomError } from "../../../shared/errors.js";
import type { Name } from "../../../shared/names.js";
import type {
  Appended,
  Delivery,
  Draft,
  Found,
  LogListener,
  Page,
  Range,
  Recorded,
  RoomLog,
  SearchQuery,
  Subscription,
} from "../../engine.js";
import type { WorkerCalls } from "./calls.js";
import type { ReaderMethods } from "./reader.js";
import { withVersion, type Commit, type Outcome, type Refusal, type RoomDraft } from "./recorder.js";
import type { Search } from "./search.js";
import type { WriterMethods } from "./writer.js";

// Bounds of one commit, so that a flood does not make everybody wait for one long sync, nor give a member more
// than its socket should hold.
const maxCommitDrafts = 4096;
const maxCommitBytes = 1024 * 1024;

interface Append {
  readonly room: Name;
  readonly drafts: readonly Draft[];
  readonly bytes: number;
  resolve(appended: readonly Appended[]): void;
  reject(error: unknown): void;
}

/** A room that somebody listens to. */
interface Feed {
  readonly name: string;
  readonly epoch: string;
  head: number;
  topic: string;
  readonly listeners: Set<LogListener>;
}

export interface LogParts {
  readonly writer: WorkerCalls<WriterMethods>;
  readonly reader: WorkerCalls<ReaderMethods>;
  readonly search: Search;
  /** Called when files are gone. */
  readonly onFreed: () => void;
}

/** What one commit tells a log's listeners, while it is put together. */
interface Run {
  readonly place: string;
  readonly from: number;
  readonly entries: RecordedEntry[];
  erasedTo: number;
  topic: string | undefined;
}

export class EmbeddedLog implements RoomLog {
  readonly #writer: WorkerCalls<WriterMethods>;
  readonly #reader: WorkerCalls<ReaderMethods>;
  readonly #search: Search;
  readonly #onFreed: () => void;
  readonly #feeds = new Map<string, Feed>();
  #waiting: Append[] = [];
  #committing: Promise<void> | undefined;

  constructor({ writer, reader, search, onFreed }: LogParts) {
    this.#writer = writer;
    this.#reader = reader;
    this.#search = search;
    this.#onFreed = onFreed;
  }

  append(room: Name, drafts: readonly Draft[]): Promise<readonly Appended[]> {
    return new Promise((resolve, reject) => {
      const bytes = drafts.reduce((sum, { body }) => sum + body.length, 0);
      this.#waiting.push({ room, drafts, bytes, resolve, reject });
      // Not at once: the lines that came in the same packet belong into the same commit.
      this.#committing ??= Promise.resolve().then(() => this.#commitAll());
    });
  }

  async subscribe(room: Name, listener: LogListener): Promise<Subscription> {
    const feed = this.#feeds.get(room.key) ?? (await this.#open(room));
    feed.listeners.add(listener);
    return {
      name: feed.name,
      epoch: feed.epoch,
      head: feed.head,
      topic: feed.topic,
      close: () => {
        feed.listeners.delete(listener);
        if (feed.listeners.size > 0 || this.#feeds.get(room.key) !== feed) return;
        this.#feeds.delete(room.key);
        void this.#writer.call("release", room).catch(() => undefined);
      },
    };
  }

  async read(room: Name, range: Range): Promise<Page> {
    return this.#reader.call("page", { roomKey: room.key, range });
  }

  // What waits for its commit is recorded first: an append of nothing waits its turn behind it.
  async find(room: Name, sender: string, id: string): Promise<Recorded | undefined> {
    if (this.#committing !== undefined) await this.append(room, []);
    return this.#writer.call("find", { room, sender, id });
  }

  // Whoever was delivered an entry finds it: the index is told of it before.
  search(room: Name, query: SearchQuery): Promise<Found> {
    return this.#search.find(room, query);
  }

  /** Tells a log's listeners that entries up to a number are not kept any more. */
  tellPruned(roomKey: string, erasedTo: number): void {
    this.#search.note(roomKey);
    const feed = this.#feeds.get(roomKey);
    if (feed === undefined) return;
    const { head } = feed;
    for (const listener of feed.listeners)
      listener({ from: head + 1, to: head, bytes: Buffer.alloc(0), erasedTo });
  }

  /** Waits until everything that was appended is recorded. */
  async flush(): Promise<void> {
    while (this.#committing !== undefined) await this.#committing;
  }

  // The writer answers in the order it is asked, and continuations run in the order of the answers, so no
  // commit can come between the head that `open` tells and the listener that is added right after.
  async #open(room: Name): Promise<Feed> {
    const opened = await this.#writer.call("open", room);
    let feed = this.#feeds.get(room.key);
    if (feed === undefined) {
      feed = { ...opened, listeners: new Set() };
      this.#feeds.set(room.key, feed);
    }
    return feed;
  }

  async #commitAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const appends = this.#takeWaiting();
      try {
        await this.#commit(appends);
      } catch (error) {
        for (const append of appends) append.reject(error);
      }
    }
    this.#committing = undefined;
  }

  /** What goes into the next commit: always something, and no more than its bounds. */
  #takeWaiting(): Append[] {
    let drafts = 0;
    let bytes = 0;
    let count = 0;
    for (const append of this.#waiting) {
      drafts += append.drafts.length;
      if (count > 0 && (drafts > maxCommitDrafts || bytes + append.bytes > maxCommitBytes)) break;
      bytes += append.bytes;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #commit(appends: readonly Append[]): Promise<void> {
    const drafts = appends.flatMap(({ room, drafts }) => drafts.map((draft) => ({ ...draft, room })));
    const commit = await this.#writer.call("append", drafts);
    if ("code" in commit) {
      for (const append of appends) append.resolve(append.drafts.map(() => appendedOf(commit)));
    } else this.#publish(appends, drafts, commit);
  }

  // Listeners first, then the appends: who awaits one has seen its entry delivered.
  #publish(appends: readonly Append[], drafts: readonly RoomDraft[], commit: Commit): void {
    for (const [key, delivery] of this.#deliveriesOf(drafts, commit)) {
      this.#search.note(key);
      const feed = this.#feeds.get(key);
      if (feed === undefined) continue;
      feed.head = delivery.to;
      feed.topic = delivery.topic ?? feed.topic;
      for (const listener of feed.listeners) listener(delivery);
    }
    for (const [place, { isFile }] of commit.erased) {
      const { room, target } = drafts[place] ?? {};
      if (room !== undefined && target !== undefined) this.#search.erase(room.key, target);
      if (isFile) this.#onFreed();
    }
    let place = 0;
    for (const append of appends) {
      append.resolve(append.drafts.map(() => appendedOf(outcomeAt(commit, place++))));
    }
  }

  /** One buffer for each log of the commit. */
  #deliveriesOf(drafts: readonly RoomDraft[], commit: Commit): Map<string, Delivery> {
    const time = new Date(commit.timeMs).toISOString();
    const runs = new Map<string, Run>();
    drafts.forEach((draft, place) => {
      const seq = outcomeAt(commit, place);
      if (typeof seq !== "number") return;
      let run = runs.get(draft.room.key);
      if (run === undefined) {
        const shown = this.#feeds.get(draft.room.key)?.name ?? "";
        run = { place: placeOf(shown), from: seq, entries: [], erasedTo: 0, topic: undefined };
        runs.set(draft.room.key, run);
      }
      const version = commit.versions.get(place);
      const body = version === undefined ? draft.body : withVersion(draft.body, version);
      run.entries.push({ type: draft.type, seq, time, body });
      const erased = commit.erased.get(place);
      erased?.seqs.forEach((gone) => {
        erase(run, gone);
      });
      run.topic = draft.topic ?? (erased?.isTopic === true ? "" : run.topic);
    });
    const deliveries = new Map<string, Delivery>();
    for (const [key, run] of runs) deliveries.set(key, deliveryOf(run));
    return deliveries;
  }
}

/** What went in the commit that it came in was never said: nobody hears, and nobody keeps, what is not in the log. */
function erase(run: Run, seq: number): void {
  run.erasedTo = Math.max(run.erasedTo, seq);
  const entry = run.entries[seq - run.from];
  if (entry !== undefined) run.entries[seq - run.from] = { ...entry, body: deletedBody(entry.body) };
}

function deliveryOf({ place, from, entries, erasedTo, topic }: Run): Delivery {
  const lines = entries.map((entry) => entryLine(place, entry));
  return {
    ...{ from, to: from + entries.length - 1, bytes: Buffer.from(lines.join("")) },
    ...(erasedTo > 0 && { erasedTo }),
    ...(topic !== undefined && { topic }),
  };
}

function outcomeAt(commit: Commit, place: number): Outcome {
  const outcome = commit.outcomes[place];
  if (outcome === undefined) throw new Error(`The commit has no outcome for draft ${place}.`);
  return outcome;
}

function appendedOf(outcome: Outcome): Appended {
  if (typeof outcome === "number") return { seq: outcome };
  return "code" in outcome ? { error: errorOf(outcome) } : outcome;
}

function errorOf({ code, message, cause }: Refusal): RoomError {
  const options = cause === undefined ? undefined : { cause: new Error(cause) };
  return new RoomError(code, message === undefined ? {} : { message }, options);
}
