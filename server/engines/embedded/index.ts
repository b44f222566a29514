// Opens the embedded engine: everything in one data folder.
//
//   roomline.db  (-wal, -shm)   the log, in SQLite        blobs/     complete files, by their hash
//   session.key                 signs guests' sessions    unfinished/   uploads under way, which the log's database names
//   search.db  (-wal, -shm)     the search index, made from it      operator.token  makes an operator of who shows it
//   roomline.lock               held by the one server that has the folder open
//   roomline.db.v1              what the log was before it was brought to a newer schema; goes with the next clean stop

import { join } from "node:path";
import { unfinishedMs as defaultUnfinishedMs } from "../../../shared/limits.js";
import type { Engine, Retention, RoomLog } from "../../engine.js";
import { WorkerCalls, type Methods } from "./calls.js";
import { openCatalog } from "./catalog.js";
import { dropOldUploads } from "./expiry.js";
import { prepareFolder } from "./data-folder.js";
import { EmbeddedDirectory } from "./directory.js";
import { openFolderFileStore, type FolderFileStore } from "./files.js";
import type { IndexerMethods } from "./indexer.js";
import { keyFile, operatorFile } from "./layout.js";
import { KeyTurns } from "./key-turns.js";
import { EmbeddedLog } from "./log.js";
import { openOperatorToken } from "./operator-token.js";
import { EmbeddedReadMarks } from "./read-marks.js";
import type { ReaderMethods } from "./reader.js";
import { Records } from "./records.js";
import { Housekeeping } from "./housekeeping.js";
import { Search } from "./search.js";
import { openSessionKey } from "./sessions.js";
import { Sweeper } from "./sweeper.js";
import type { Quotas } from "./quota.js";
import type { WriterData, WriterMethods } from "./writer.js";

export interface EmbeddedEngineOptions {
  readonly dataFolder: string;
  /** Where the compiled threads, writer.js, reader.js and indexer.js, are. */
  readonly threadFolder: string;
  /** With less room on the disk no bytes of files are taken. */
  readonly minFreeBytes?: number | undefined;
  /** Bounds of what files take. */
  readonly quotas?: Quotas;
  /** For how long an upload that nobody goes on with is kept, in ms; a day when left out. */
  readonly unfinishedMs?: number;
  /** For how long the same sender and id in a room make one entry, in ms; a day when left out. */
  readonly dedupeMs?: number;
  /** Entries whose keys are sealed together (keys.ts). */
  readonly segmentEntries?: number;
  /** What is kept of the logs; everything when left out. */
  readonly retention?: Retention;
  /** How often it is looked for what need not be kept, in ms; a minute when left out. */
  readonly retentionEveryMs?: number;
  /** Called with what went wrong where nobody asked for anything, and will be tried again. */
  readonly onTrouble?: (error: unknown) => void;
}

const defaultDedupeMs = 24 * 3600 * 1000;

const keepsAll: Retention = { all: { keepsFiles: true }, rooms: new Map() };
const defaultRetentionEveryMs = 60_000;
const ignore = () => undefined;

/** Few enough to read back in a moment at the next start, and to seal without being noticed. */
const defaultSegmentEntries = 2 ** 16;

/** @throws Error with a sentence for the person who started the server */
export async function openEmbeddedEngine({
  dataFolder,
  threadFolder,
  dedupeMs = defaultDedupeMs,
  segmentEntries = defaultSegmentEntries,
  quotas = {},
  ...options
}: EmbeddedEngineOptions): Promise<Engine> {
  await prepareFolder(dataFolder);
  // First, because it takes the folder for this process alone.
  const writer = await openThread<WriterMethods>(join(threadFolder, "writer.js"), {
    folder: dataFolder,
    keys: { windowMs: dedupeMs, segmentEntries },
    quotas,
  } satisfies WriterData);
  const reader = openThread<ReaderMethods>(join(threadFolder, "reader.js"), dataFolder);
  const indexer = openThread<IndexerMethods>(join(threadFolder, "indexer.js"), dataFolder);
  try {
    const threads = { writer, reader: await reader, indexer: await indexer };
    return await assemble({ dataFolder, ...threads }, options);
  } catch (error) {
    for (const opened of await Promise.allSettled([indexer, reader]))
      if (opened.status === "fulfilled") await opened.value.close();
    await writer.close();
    throw error;
  }
}

interface Threads {
  readonly dataFolder: string;
  readonly writer: WorkerCalls<WriterMethods>;
  readonly reader: WorkerCalls<ReaderMethods>;
  readonly indexer: WorkerCalls<IndexerMethods>;
}

type Limits = Pick<
  EmbeddedEngineOptions,
  "minFreeBytes" | "unfinishedMs" | "retention" | "retentionEveryMs" | "onTrouble"
>;

async function assemble(
  { dataFolder, writer, reader, indexer }: Threads,
  { retention = keepsAll, retentionEveryMs = defaultRetentionEveryMs, onTrouble = ignore, ...limits }: Limits,
): Promise<Engine> {
  const key = await openSessionKey(join(dataFolder, keyFile));
  const operatorToken = await openOperatorToken(join(dataFolder, operatorFile));
  const onFreed = () => void sweeper.sweep();
  const records = new Records((calls) => writer.call("recordUploads", calls), onFreed);
  const turns = new KeyTurns();
  const { minFreeBytes, unfinishedMs: keepMs = defaultUnfinishedMs } = limits;
  const files = await openFolderFileStore({ folder: dataFolder, records, turns, minFreeBytes });
  const sweeper: Sweeper = new Sweeper({
    ...{ dataFolder, records, turns, onFailed: onTrouble },
    freed: (limit) => reader.call("freed", limit),
    findOrphans: (hashes) => reader.call("orphans", hashes),
  });
  onFreed();
  const search = new Search(indexer);
  const log = new EmbeddedLog({ writer, reader, search, onFreed });
  const directory = new EmbeddedDirectory({ key, operatorToken });
  const readMarks = new EmbeddedReadMarks(writer, reader);
  const housekeeping = new Housekeeping({
    ...{ writer, reader, retention, everyMs: retentionEveryMs, onFreed },
    onPruned: (roomKey, to) => {
      log.tellPruned(roomKey, to);
    },
    dropOldUploads: async () => {
      await dropOldUploads({ files, records, keepMs, list: (page) => reader.call("wholeUploads", page) });
      await sweeper.sweep();
    },
    isKnown: (sender) => directory.isKnown(sender),
    onFailed: onTrouble,
  });
  return {
    log: endingUploads(log, files),
    catalog: openCatalog(reader),
    files,
    directory,
    readMarks,
    failed: Promise.race([writer.failed, reader.failed, indexer.failed]),
    async close() {
      await housekeeping.close();
      await readMarks.flush();
      await log.flush();
      // The files first: they ask the others. The writer last: what it closes is what they read.
      await files.close();
      await sweeper.close();
      search.close();
      await Promise.all([indexer.close(), reader.close()]);
      await writer.close({ isClean: true });
    },
    async abandon() {
      search.close();
      await Promise.all([indexer.close(), reader.close(), writer.close(), housekeeping.close()]);
    },
  };
}

/** The log, where an upload that becomes no entry of its own is dropped, unless its entry may yet be recorded. */
function endingUploads(log: EmbeddedLog, files: FolderFileStore): RoomLog {
  const ending: RoomLog["append"] = async (room, drafts) => {
    const appended = await log.append(room, drafts).catch((error: unknown) => {
      for (const { file } of drafts) if (file?.upload !== undefined) files.giveUp(file.upload);
      throw error;
    });
    // Before anybody is told: who asks again at once must not go on with what is being dropped.
    await Promise.all(
      drafts.map(async ({ file }, place) => {
        const outcome = appended[place];
        if (file?.upload === undefined || outcome === undefined) return;
        if ("seq" in outcome) files.isRecorded(file.upload);
        else if ("duplicate" in outcome || outcome.error.code === "id-reused" || files.isWhole(file.upload))
          await files.drop(file.upload);
      }),
    );
    return appended;
  };
  return {
    append(room, drafts) {
      const isOfFiles = drafts.some(({ file }) => file?.upload !== undefined);
      return isOfFiles ? ending(room, drafts) : log.append(room, drafts);
    },
    subscribe: (room, listener) => log.subscribe(room, listener),
    read: (room, range) => log.read(room, range),
    find: (room, sender, id) => log.find(room, sender, id),
    search: (room, query) => log.search(room, query),
  };
}

async function openThread<M extends Methods<M>>(file: string, data: unknown) {
  const thread = new WorkerCalls<M>(file, data);
  try {
    await thread.ready();
  } catch (error) {
    await thread.close();
    throw error;
  }
  return thread;
}
