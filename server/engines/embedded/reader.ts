// The thread that reads. It never writes, and never holds a read transaction between calls. Called by log.ts,
// catalog.ts and index.ts through calls.ts.

import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import type { Range } from "../../engine.js";
import { serveCalls } from "./calls.js";
import { openForReading } from "./database.js";
import { databaseFile } from "./layout.js";
import { Listing } from "./listing.js";
import { Pages } from "./pages.js";

export type ReaderMethods = ReturnType<typeof openReader>;

function openReader(folder: string) {
  const database = openForReading(join(folder, databaseFile));
  const pages = new Pages(database);
  const listing = new Listing(database);
  return {
    page: (query: { roomKey: string; range: Range }) => pages.read(query),
    rooms: (page: { after: string; limit: number }) => listing.rooms(page),
    files: (page: { roomKey: string; after: number | undefined; limit: number }) => listing.files(page),
    fileById: (query: { roomKey: string; file: string }) => listing.fileById(query),
    fileByName: (query: { roomKey: string; key: string; version: number | undefined }) =>
      listing.fileByName(query),
    orphans: (hashes: readonly string[]) => listing.orphans(hashes),
    close: (_argument: undefined) => {
      database.close();
    },
  };
}

if (parentPort !== null) serveCalls(parentPort, openReader(String(workerData)));
