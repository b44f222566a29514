// `node client rooms`, `users` and `files`: one thing a line, its facts apart by tabs, for cut(1) and awk(1).

import { visibleJson, visibleLine } from "../chat/visible.js";
import type { Asking } from "../session/asking.js";
import type { Session } from "../session/session.js";
import type { AnswerOf } from "../../shared/answers.js";
import type { Errand, Run } from "./errand.js";

type List = AnswerOf<"rooms"> | AnswerOf<"users"> | AnswerOf<"files">;

interface Listing<L extends List> {
  /** A page of it, behind another. */
  readonly page: (session: Session, last: L | undefined, asking: Asking) => Promise<L>;
  readonly rows: (list: L) => (readonly (string | number)[])[];
  readonly isRoomless?: boolean;
}

function listing<L extends List>({ page, rows, isRoomless = false }: Listing<L>): Errand["plan"] {
  return ({ words }) => {
    if (words.length > 0) return `Unknown argument: ${words.join(" ")}`;
    return {
      isRoomless,
      async run(run: Run) {
        for (let last: L | undefined; last === undefined || last.more;) {
          const list: L = await page(run.session, last, { signal: run.suspend });
          const found = rows(list);
          if (run.isJson) await run.print(visibleJson(list));
          else
            for (const row of found) await run.print(row.map((cell) => visibleLine(String(cell))).join("\t"));
          // A page of nothing has no key to go on behind.
          if (found.length === 0) break;
          last = list;
        }
      },
    };
  };
}

export const rooms: Errand = {
  words: "",
  describe: "lists the server's rooms",
  about: "The columns are the room and how many are in it.",
  examples: ["rooms", "rooms --json | jq -r '.rooms[].room'"],
  flags: {},
  plan: listing<AnswerOf<"rooms">>({
    isRoomless: true,
    page(session, last, asking) {
      const after = last?.rooms.at(-1)?.room;
      return session.rooms(after === undefined ? {} : { after }, asking);
    },
    rows: (list) => list.rooms.map(({ room, memberCount }) => [room, memberCount]),
  }),
};

export const users: Errand = {
  words: "",
  describe: "lists who is in the room, oneself included",
  about: "One name a line.",
  examples: ["users --room lab", "users --json"],
  flags: {},
  plan: listing<AnswerOf<"users">>({
    page(session, last, asking) {
      const after = last?.users.at(-1);
      return session.users(after === undefined ? {} : { after }, asking);
    },
    rows: (list) => list.users.map((name) => [name]),
  }),
};

export const files: Errand = {
  words: "",
  describe: "lists the files of the room, the newest first",
  about:
    "The columns are the name, its version, the size in bytes, the time, who shared it, its SHA-256 and its id.",
  examples: ["files --room lab", "files | awk -F'\\t' '$3 > 1000000 { print $1 }'"],
  flags: {},
  plan: listing<AnswerOf<"files">>({
    page(session, last, asking) {
      const after = last?.files.at(-1)?.seq;
      return session.files(after === undefined ? {} : { after }, asking);
    },
    rows: (list) =>
      list.files.map(({ name, version, size, time, from, sha256, file }) => [
        name,
        version,
        size,
        time,
        from,
        sha256,
        file,
      ]),
  }),
};
