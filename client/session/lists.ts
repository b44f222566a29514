// Lists and history that are longer than a page, put together. A list ends at a bound, not where memory does.

import type { FileItem, RoomItem } from "../../shared/answers.js";
import type { Entry } from "./exchanges.js";
import type { Asking, HistoryPage, Where } from "./asking.js";
import type { Session } from "./session.js";

const maxPages = 100;

export async function listUsers(session: Session, room: string, asking: Asking = {}): Promise<string[]> {
  const users: string[] = [];
  for (let page = 0; page < maxPages; page++) {
    const after = users.at(-1);
    const answer = await session.users({ room, ...(after !== undefined && { after }) }, asking);
    users.push(...answer.users);
    if (!answer.more || answer.users.length === 0) break;
  }
  return users;
}

export async function listRooms(session: Session, asking: Asking = {}): Promise<RoomItem[]> {
  const rooms: RoomItem[] = [];
  for (let page = 0; page < maxPages; page++) {
    const after = rooms.at(-1)?.room;
    const answer = await session.rooms(after === undefined ? {} : { after }, asking);
    rooms.push(...answer.rooms);
    if (!answer.more || answer.rooms.length === 0) break;
  }
  return rooms;
}

/** Newest first. */
export async function listFiles(session: Session, room: string, asking: Asking = {}): Promise<FileItem[]> {
  const files: FileItem[] = [];
  for (let page = 0; page < maxPages; page++) {
    const after = files.at(-1)?.seq;
    const answer = await session.files({ room, ...(after !== undefined && { after }) }, asking);
    files.push(...answer.files);
    if (!answer.more || answer.files.length === 0) break;
  }
  return files;
}

/** The newest `count` entries of a place, and the later ones that change them; ascending both. */
export async function readHistory(
  session: Session,
  { count, ...where }: Where & { count: number },
  asking: Asking = {},
): Promise<{ entries: Entry[]; changes: Entry[] }> {
  const pages: HistoryPage[] = [];
  let missing = count;
  while (missing > 0) {
    const before = pages.at(-1)?.from;
    const limit = Math.min(missing, session.limits.historyCount);
    const range = { ...where, limit, changes: true, ...(before !== undefined && { before }) };
    const page = await session.history(range, asking);
    if (page.count === 0) break;
    pages.push(page);
    missing -= page.count;
    if (!page.more) break;
  }
  pages.reverse();
  const changes = new Map(pages.flatMap((page) => page.changes).map((change) => [change.seq, change]));
  return {
    entries: pages.flatMap((page) => page.entries),
    changes: [...changes.values()].sort((a, b) => a.seq - b.seq),
  };
}
