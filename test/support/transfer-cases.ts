// Every state of a transfer that somebody can be killed in: points of the code (kill-build.ts) and moments on the wire
// (wire-tap.ts). What a round does with one is in transfer-rounds.ts.

import type { Passage, WireLine } from "./wire-tap.js";

export type Victim = "server" | "client";

/** A file of a size that is known; one from a pipe; one in one line; or one that is fetched. */
export type Way = "upload" | "pipe" | "one line" | "download";

export interface TransferCase {
  readonly victim: Victim;
  readonly way: Way;
  /** Where: a point of the code, or a moment on the wire. */
  readonly at: string | WireMoment;
  /** How large the file is at least, in bytes, so that it comes to this. */
  readonly minBytes: number;
  /** Whether it comes to this more than once in a file of some MB. */
  readonly isRepeated?: boolean;
}

export interface WireMoment {
  readonly from: WireLine["from"];
  readonly type: string;
  readonly passes: Exclude<Passage, "all">;
}

const MiB = 1024 * 1024;
/** With this much, whoever takes it acknowledges some before the end. */
const acknowledged = { minBytes: 2 * MiB, isRepeated: true };
const chunked = { minBytes: 1, isRepeated: true };
const any = { minBytes: 0 };

export const transferCases: readonly TransferCase[] = [
  ...cases("server", ["upload", "pipe"], {
    "before its record": any,
    "after its record": any,
    "at a chunk": chunked,
    "after a sync, before its record": acknowledged,
    "after the record of a sync": acknowledged,
    "after the last sync, before its record": any,
    "after the record that it is complete": any,
  }),
  ...cases("server", ["one line"], {
    "whole, before its record": any,
    "whole, after its record": any,
    "whole, on disk": any,
  }),
  ...cases("server", ["upload", "pipe", "one line"], {
    "before the rename": any,
    "after the rename": any,
    "after the rename's sync": any,
    "before the commit": any,
    "inside the commit": any,
    "after the commit": any,
  }),
  ...cases("server", ["download"], { "before downloading": any, "at a piece": any }),
  ...cases("client", ["download"], {
    "after the part's sync": any,
    "before the link": any,
    "after the link": any,
    "after the part's unlink": any,
    "after the download's folder sync": any,
  }),
  ...(["server", "client"] as const).flatMap((victim) => [
    ...(["upload", "pipe"] as const).flatMap((way) => [
      onWire({ victim, way, ...any }, { from: "client", type: "upload", passes: "half" }),
      onWire({ victim, way, ...any }, { from: "server", type: "uploading", passes: "half" }),
      onWire({ victim, way, ...any }, { from: "server", type: "uploading", passes: "all, as the last" }),
      onWire({ victim, way, ...chunked }, { from: "client", type: "chunk", passes: "half" }),
      onWire(
        { victim, way, ...acknowledged },
        { from: "server", type: "progress", passes: "all, as the last" },
      ),
    ]),
    ...(["upload", "pipe", "one line"] as const).map((way) =>
      onWire({ victim, way, ...any }, { from: "server", type: "file", passes: "nothing" }),
    ),
    onWire({ victim, way: "download", ...any }, { from: "server", type: "downloading", passes: "half" }),
    onWire(
      { victim, way: "download", ...any },
      { from: "server", type: "downloading", passes: "all, as the last" },
    ),
    onWire({ victim, way: "download", ...chunked }, { from: "server", type: "chunk", passes: "half" }),
    onWire(
      { victim, way: "download", ...acknowledged },
      { from: "client", type: "ack", passes: "all, as the last" },
    ),
  ]),
];

type Need = Pick<TransferCase, "minBytes" | "isRepeated">;

function cases(
  victim: Victim,
  ways: readonly Way[],
  points: Readonly<Record<string, Need>>,
): readonly TransferCase[] {
  return ways.flatMap((way) => Object.entries(points).map(([at, need]) => ({ victim, way, at, ...need })));
}

function onWire(facts: Omit<TransferCase, "at">, at: WireMoment): TransferCase {
  return { ...facts, at };
}

export function describeCase({ victim, way, at }: TransferCase): string {
  const where = typeof at === "string" ? at : `${at.passes} of ${at.type} from the ${at.from}`;
  return `${way}, ${victim} killed: ${where}`;
}
