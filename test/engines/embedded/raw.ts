// The database of a data folder, past the engine: for tests that make a state or look at one.

import { join } from "node:path";
import { openForWriting, type Database } from "../../../server/engines/embedded/database.js";

/** Opens it beside an engine, or without one, for as long as the work takes. */
export function change<T>(folder: string, work: (database: Database) => T): T {
  const database = openForWriting(join(folder, "roomline.db"));
  try {
    return work(database);
  } finally {
    database.close();
  }
}

/** The number that a query gives. */
export function count(folder: string, query: string): number {
  return change(folder, (database) => Number(Object.values(database.prepare(query).get() ?? {})[0]));
}
