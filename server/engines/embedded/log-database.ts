// Opens the database of the log for the one who alone writes it: brought up to date, and clean of what was deleted.
// Called by writer.ts, and by import.ts when no server runs.

import { Checkpoints } from "./checkpoints.js";
import { openForWriting, unusable, type Database } from "./database.js";
import { copiesOf, migrate } from "./migration.js";

export interface LogDatabase {
  readonly database: Database;
  readonly checkpoints: Checkpoints;
}

/** @throws Error with a sentence for the person who started the program */
export function openLogDatabase(path: string): LogDatabase {
  const database = openForWriting(path);
  const isMigrated = migrate(database, path);
  try {
    const checkpoints = new Checkpoints(database, path);
    // Also when an earlier process was killed before it had: the copy is there until the first clean stop.
    if (isMigrated || copiesOf(path).length > 0) checkpoints.cleanAll();
    // What an earlier process deleted, and did not live to purge.
    checkpoints.purge();
    return { database, checkpoints };
  } catch (error) {
    throw unusable(path, error);
  }
}
