// The thread that reads. It never writes, and never holds a read transaction between calls. Called by log.ts,
// catalog.ts and index.ts through calls.ts.

import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import type { Range } from "../../engine.js";
import { serveCalls } from "./calls.js";
import { ConversationList } from "./conversation-list.js";
import { openForReading } from "./database.js";
import { databaseFile } from "./layout.js";
import { Listing, type FilesPage } from "./listing.js";
import { Overdue, type OverdueCall } from "./overdue.js";
import { Pages } from "./pages.js";
import { readMarksOf } from "./read-marks.js";

export type ReaderMethods = ReturnType<typeof openReader>;

function openReader(folder: string) {
  const database = openForReading(join(folder, databaseFile));
  const pages = new Pages(database);
  const listing = new Listing(database);
  const conversations = new ConversationList(database);
  const overdue = new Overdue(database);
  return {
    page: (query: { roomKey: string; range: Range }) => pages.read(query),
    rooms: (page: { after: string; limit: number }) => listing.rooms(page),
    files: (page: FilesPage) => listing.files(page),
    fileById: (query: { roomKey: string; file: string }) => listing.fileById(query),
    fileByName: (query: { roomKey: string; key: string; version: number | undefined }) =>
      listing.fileByName(query),
    conversation: (query: { sender: string; key: string }) => conversations.one(query),
    conversations: (page: { sender: string; after: string; limit: number }) => conversations.page(page),
    silentConversations: (page: { after: string; sinceMs: number; limit: number }) =>
      conversations.silent(page),
    readMark: readMarksOf(database),
    overdue: (call: OverdueCall) => overdue.page(call),
    freed: (limit: number) => listing.freed(limit),
    wholeUploads: (page: { after: string; limit: number }) => listing.wholeUploads(page),
    orphans: (hashes: readonly string[]) => listing.orphans(hashes),
    close: (_argument: undefined) => {
      database.close();
    },
  };
}

if (parentPort !== null) serveCalls(parentPort, openReader(String(workerData)));
