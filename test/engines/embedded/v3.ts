// A database as version 3 of the schema made it: what an upgrade begins with that has files of several senders, one of
// them without its entry.

import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { steps } from "../../../server/engines/embedded/schema.js";
import { makeSecondVersion } from "./v2.js";

/** As `makeSecondVersion`, with a last file of bob's, and the first file's entry too old to be kept. */
export function makeThirdVersion(folder: string, entries: number): void {
  makeSecondVersion(folder, entries);
  const database = new DatabaseSync(join(folder, "roomline.db"));
  database.exec(`BEGIN; ${steps[2] ?? ""} PRAGMA user_version = 3; COMMIT;`);
  database.exec(`
    DELETE FROM entries WHERE seq <= 10;
    UPDATE rooms SET pruned = 10;
    UPDATE entries SET sender = 'bob' WHERE seq = ${entries};
    UPDATE files SET size = 1000 WHERE seq = ${entries};
  `);
  database.close();
}
