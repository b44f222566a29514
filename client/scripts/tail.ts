// `node client tail`: what was said last in the room, and with --follow what is said from then on. With --cursor it goes
// on where the last run ended, and prints each entry once.

import { entryTypes } from "../../shared/answers.js";
import { entryLines, gapLine } from "../chat/render.js";
import { visibleJson } from "../chat/visible.js";
import { ClientError } from "../failures.js";
import type { Entry, RoomEntry } from "../session/exchanges.js";
import { isOfRoom } from "../session/pages.js";
import { Cursor } from "./cursor.js";
import type { Errand, Given, Run } from "./errand.js";
import { lossOf, rejected } from "./stops.js";
import { Tape } from "./tape.js";

const defaultLast = 10;

export const tail: Errand = {
  words: "",
  describe: "writes what was said last in the room, and with -f what is said from then on",
  about:
    "With --cursor each run goes on where the last one ended, and every entry is printed once. A file that the " +
    "output goes into is checked for what a killed run has printed; in a pipe, a kill between the writing of a block " +
    "and of the cursor prints that block again.",
  examples: [
    "tail --last 100",
    "tail -f --json | jq -r 'select(.type == \"file\") | .name'",
    "tail --cursor seen.cursor >> lab.log",
  ],
  flags: {
    last: {
      type: "number",
      describe: `how many of the newest entries; ${defaultLast} unless --since or --cursor say`,
    },
    since: { type: "number", describe: "entries above this number" },
    follow: { type: "boolean", alias: "f", default: false, describe: "go on with what is said from then on" },
    cursor: { type: "string", describe: "file that keeps how far it was printed" },
  },
  plan(given) {
    const fault = faultOf(given);
    if (fault !== undefined) return fault;
    const [last, since] = [given.number("last"), given.number("since")];
    const path = given.text("cursor");
    let cursor: Cursor | undefined;
    return {
      begin({ outputFd, room }) {
        cursor = path === undefined ? undefined : new Cursor(path, outputFd);
        const seen = cursor?.positionIn(room);
        if (seen !== undefined) return { since: seen.seq, epoch: seen.epoch };
        if (since !== undefined) return { since };
        return cursor !== undefined && last === undefined ? { since: 0 } : { last: last ?? defaultLast };
      },
      run: (run) => print(run, { cursor, follows: given.isSet("follow") }),
    };
  },
};

function faultOf(given: Given): string | undefined {
  if (given.words.length > 0) return `Unknown argument: ${given.words.join(" ")}`;
  for (const flag of ["last", "since"]) {
    const number = given.number(flag);
    if (given.isSet(flag) && !(Number.isSafeInteger(number) && Number(number) >= 0))
      return `--${flag} must be a whole number from 0`;
  }
  if (given.isSet("last") && given.isSet("since")) return "--last and --since exclude each other";
  return given.text("cursor") === "" ? "The name of the cursor's file is empty" : undefined;
}

interface Printing {
  readonly cursor: Cursor | undefined;
  readonly follows: boolean;
}

async function print(run: Run, { cursor, follows }: Printing): Promise<void> {
  const { session, streams, suspend } = run;
  const { room = "", epoch = "" } = session.joined ?? {};
  const uncounted = cursor?.uncounted() ?? Buffer.alloc(0);
  cursor?.startIn(room, { epoch, seq: session.positions.get(room)?.seq ?? 0 });
  const tape = new Tape({
    fd: streams.outputFd,
    uncounted,
    count: (seq) => cursor?.reach(room, { epoch, seq }),
  });
  let written = Promise.resolve();
  const stops: (() => void)[] = [];
  const failed = new Promise<never>((_resolve, reject) => {
    const take = (entry: Entry): void => {
      if (!isOfRoom(entry)) return;
      written = tape.add(lineOf(entry, run), entry.seq);
      written.catch(reject);
      session.hold(written.catch(() => undefined));
    };
    for (const type of entryTypes) stops.push(session.on(type, take));
    session.onGap((gap) => {
      if (gap.kind === "lost") run.line.tell(gapLine(gap));
      else reject(new ClientError("bad-setting", otherLog(room, cursor !== undefined)));
    });
  });
  const done = new Promise<void>((resolve) => {
    session.on("live", () => {
      if (!follows) resolve();
    });
  });
  try {
    await Promise.race([done, failed, lossOf(session), rejected(suspend)]);
  } finally {
    // What comes from here on is for the next run.
    for (const stop of stops) stop();
    await written.finally(() => cursor?.close());
  }
}

function lineOf(entry: RoomEntry, { session, isJson }: Run): string {
  const look = { room: entry.room, me: session.name, now: new Date(), clock: "date" as const };
  return isJson ? visibleJson(entry) : entryLines(entry, look, { isNumbered: true });
}

function otherLog(room: string, hasCursor: boolean): string {
  const what = `${room} has another log than the one that was printed before`;
  return hasCursor ? `${what}; remove the cursor's file to begin anew.` : `${what}.`;
}
