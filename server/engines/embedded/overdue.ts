// Which entries are to be taken away: those that are older than is kept, or beyond the count or the bytes that are. It
// only says; pruner.ts does. Lives in the reading thread, which reader.ts is, a little at a time.

import type { Keep, Retention } from "../../engine.js";
import type { Database, Statement } from "./database.js";

export interface OverdueCall {
  readonly retention: Retention;
  readonly nowMs: number;
  /** Logs above this key. */
  readonly after: string;
  readonly limit: number;
}

export interface OverduePage {
  /** Logs with entries that are to go, up to a number. */
  readonly logs: readonly OverdueLog[];
  /** Where the next page begins; undefined when this was the last. */
  readonly last: string | undefined;
  /** Whether a large log is not looked at to its end yet: ask again. */
  readonly isCounting: boolean;
}

export interface OverdueLog {
  readonly roomKey: string;
  readonly to: number;
  readonly keepsFiles: boolean;
}

/** A run of a log's entries whose bytes were counted. */
interface Block {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly bytes: number;
}

/** What is known of a log's bytes. */
interface Count {
  blocks: Block[];
  /** Deletions up to this number came before anything was counted that they took away. */
  seenTo: number;
}

interface Log {
  readonly roomId: number;
  /** What its blocks are known by: another log may have the same row some day. */
  readonly epoch: string;
}

/** Rows that are looked at for one log in one go. */
const rowsAtOnce = 5000;

export class Overdue {
  readonly #selectRooms: Statement;
  readonly #selectLow: Statement;
  readonly #selectHead: Statement;
  readonly #selectOld: Statement;
  readonly #selectBytes: Statement;
  /** Of logs that are bounded in bytes. The first count of a large one takes many calls. */
  readonly #counts = new Map<string, Count>();
  #isCounting = false;

  constructor(database: Database) {
    this.#selectRooms = database.prepare(
      "SELECT id, key, epoch FROM rooms WHERE key > ? ORDER BY key LIMIT ?",
    );
    this.#selectLow = database.prepare("SELECT min(seq) AS low FROM entries WHERE room = ?");
    this.#selectHead = database.prepare("SELECT max(seq) AS head FROM entries WHERE room = ?");
    this.#selectOld = database.prepare(
      `SELECT max(seq) AS seq FROM (SELECT seq, time FROM entries WHERE room = ? ORDER BY seq LIMIT ?)
       WHERE time < ?`,
    );
    // What a file takes is the file, unless it stays when its entry goes.
    this.#selectBytes = database.prepare(
      `SELECT e.seq, octet_length(e.body) + coalesce(f.size, 0) * ? AS bytes,
         CASE e.type WHEN 'delete' THEN json_extract('{' || e.body, '$.target') END AS target
       FROM entries e LEFT JOIN files f ON f.room = e.room AND f.seq = e.seq
       WHERE e.room = ? AND e.seq > ? ORDER BY e.seq LIMIT ?`,
    );
  }

  page({ retention, nowMs, after, limit }: OverdueCall): OverduePage {
    this.#isCounting = false;
    const rows = this.#selectRooms.all(after, limit);
    const logs: OverdueLog[] = [];
    for (const { id, key, epoch } of rows) {
      const keep = retention.rooms.get(String(key)) ?? retention.all;
      const log = { roomId: Number(id), epoch: String(epoch) };
      const to = isBounded(keep) ? this.#cutOf(log, keep, nowMs) : 0;
      if (to > 0) logs.push({ roomKey: String(key), to, keepsFiles: keep.keepsFiles });
    }
    return {
      logs,
      last: rows.length < limit ? undefined : String(rows.at(-1)?.key),
      isCounting: this.#isCounting,
    };
  }

  /** The number up to which entries are to go; 0 when none are. */
  #cutOf(log: Log, keep: Keep, nowMs: number): number {
    const { roomId } = log;
    const low = this.#selectLow.get(roomId)?.low;
    if (typeof low !== "number") return 0;
    let to = 0;
    if (keep.entries !== undefined) to = this.#headOf(roomId) - keep.entries;
    if (keep.ageMs !== undefined) to = Math.max(to, this.#ageCut(roomId, low, nowMs - keep.ageMs));
    if (keep.bytes !== undefined) to = Math.max(to, this.#bytesCut(log, low, keep));
    return to >= low ? to : 0;
  }

  #ageCut(roomId: number, low: number, beforeMs: number): number {
    const cut = Number(this.#selectOld.get(roomId, rowsAtOnce, beforeMs)?.seq ?? 0);
    // All that was looked at is old: there may be more of it.
    if (cut - low + 1 >= rowsAtOnce) this.#isCounting = true;
    return cut;
  }

  #bytesCut(log: Log, low: number, { bytes = Infinity, keepsFiles }: Keep): number {
    const { roomId } = log;
    const files = keepsFiles ? 0 : 1;
    const { blocks, isWhole } = this.#blocksOf(log, low, files);
    // What is not counted yet may say that something was deleted.
    if (!isWhole) return 0;
    let left = blocks.reduce((sum, block) => sum + block.bytes, 0);
    let cut = 0;
    for (const block of blocks) {
      if (left <= bytes) break;
      if (left - block.bytes > bytes) {
        left -= block.bytes;
        cut = block.to;
        continue;
      }
      for (const row of this.#selectBytes.iterate(files, roomId, block.from - 1, block.count)) {
        if (left <= bytes) break;
        left -= Number(row.bytes);
        cut = Number(row.seq);
      }
    }
    return cut;
  }

  /** What a log has, counted a little further than before. */
  #blocksOf({ roomId, epoch }: Log, low: number, files: number): { blocks: Block[]; isWhole: boolean } {
    const count = this.#counts.get(epoch) ?? { blocks: [], seenTo: this.#headOf(roomId) };
    this.#counts.set(epoch, count);
    const { blocks } = count;
    while ((blocks[0]?.to ?? low) < low) blocks.shift();
    const [first] = blocks;
    // Taken away in part since: only this run is counted anew.
    if (first !== undefined && first.from < low) {
      blocks[0] = this.#count({ files, roomId, after: low - 1, limit: first.to - low + 1 }).block;
    }
    const last = blocks.at(-1);
    const next = this.#count({ files, roomId, after: last?.to ?? low - 1, limit: rowsAtOnce });
    const hasMore = next.block.count === rowsAtOnce;
    const isStale = dropStale(count, next);
    if (!isStale) addBlock(blocks, next.block);
    if (hasMore || isStale) this.#isCounting = true;
    return { blocks, isWhole: !hasMore && !isStale };
  }

  #headOf(roomId: number): number {
    return Number(this.#selectHead.get(roomId)?.head ?? 0);
  }

  #count(from: { files: number; roomId: number; after: number; limit: number }): Counted {
    const rows = this.#selectBytes.all(from.files, from.roomId, from.after, from.limit);
    const bytes = rows.reduce((sum, row) => sum + Number(row.bytes), 0);
    const deletions = rows.flatMap(({ seq, target }) =>
      typeof target === "number" ? [{ seq: Number(seq), target }] : [],
    );
    const to = Number(rows.at(-1)?.seq ?? from.after);
    return { block: { from: from.after + 1, to, count: rows.length, bytes }, deletions };
  }
}

/** A run as it was just counted, and what the deletions in it took away. */
interface Counted {
  readonly block: Block;
  readonly deletions: readonly { readonly seq: number; readonly target: number }[];
}

/** Blocks from which something was deleted since they were counted are not as large any more: they are counted anew. */
function dropStale(count: Count, { block, deletions }: Counted): boolean {
  const news = deletions.filter(({ seq }) => seq > count.seenTo);
  count.seenTo = Math.max(count.seenTo, block.to);
  const lowest = Math.min(...news.map(({ target }) => target));
  const stale = count.blocks.findIndex(({ to }) => to >= lowest);
  if (stale === -1) return false;
  count.blocks.splice(stale);
  return true;
}

function addBlock(blocks: Block[], next: Block): void {
  const last = blocks.at(-1);
  if (last === undefined || last.count + next.count > rowsAtOnce) {
    if (next.count > 0) blocks.push(next);
    return;
  }
  const { to, count, bytes } = next;
  blocks.splice(-1, 1, { from: last.from, to, count: last.count + count, bytes: last.bytes + bytes });
}

function isBounded({ ageMs, entries, bytes }: Keep): boolean {
  return (ageMs ?? entries ?? bytes) !== undefined;
}
