// Drops uploads that nobody has gone on with for too long, and those of one line that an end of the process cut off.
// Called by housekeeping.ts, round after round.

import type { FolderFileStore } from "./files.js";
import type { Records } from "./records.js";

export interface ExpiryParts {
  readonly files: FolderFileStore;
  readonly records: Records;
  /** Uploads above an id that nobody can go on with. */
  readonly list: (page: { after: string; limit: number }) => Promise<readonly string[]>;
  readonly keepMs: number;
}

const uploadsAtOnce = 100;

export async function dropOldUploads({ files, records, list, keepMs }: ExpiryParts): Promise<void> {
  // First, so that nobody goes on with what is being dropped.
  await records.ask({ do: "expire", beforeMs: Date.now() - keepMs });
  for (let after = ""; ;) {
    const found = await list({ after, limit: uploadsAtOnce });
    for (const record of found) if (!files.isUnderWay(record)) await files.drop(record);
    const last = found.at(-1);
    if (last === undefined || found.length < uploadsAtOnce) return;
    after = last;
  }
}
