// What rows of the database mean, where more than one file reads them.

import type { EntryType } from "../../../shared/answers.js";
import type { Row } from "./database.js";

export function entryTypeOf({ type }: Row): EntryType {
  return type === "file" ? "file" : "message";
}
