// All errands of scripts, by their names, in one table: the help screen, the documentation and completion come from it.

import type { Errand } from "./errand.js";
import { exportRoom } from "./export.js";
import { fetch } from "./fetch.js";
import { files, rooms, users } from "./lists.js";
import { search } from "./search.js";
import { send } from "./send.js";
import { share } from "./share.js";
import { tail } from "./tail.js";

export const errands = {
  send,
  upload: share,
  download: fetch,
  tail,
  rooms,
  users,
  files,
  search,
  export: exportRoom,
} as const satisfies Readonly<Record<string, Errand>>;

export type ErrandName = keyof typeof errands;

export function isErrand(word: string | undefined): word is ErrandName {
  return word !== undefined && Object.hasOwn(errands, word);
}
