// What an errand of a script is: one command that does one thing and ends. The table of all is in errands.ts; how one is
// run is in run-errand.ts.

import type { Readable, Writable } from "node:stream";
import type { Options } from "yargs";
import type { Beginning } from "../session/asking.js";
import type { Session } from "../session/session.js";
import type { Outcome } from "./outcome.js";
import type { ProgressLine } from "./progress-line.js";

export interface Errand {
  /** What stands behind its name. */
  readonly words: string;
  readonly describe: string;
  /** More than a flag can say, for its help screen. */
  readonly about: string;
  /** Each a whole command, without `node client`. */
  readonly examples: readonly string[];
  /** Besides those of every errand. */
  readonly flags: Readonly<Record<string, Options>>;
  /** What is to be done; what is wrong in one sentence. */
  plan(given: Given): Plan | string;
}

export interface Plan {
  /** Where in the room it begins. @throws ClientError */
  begin?(at: Beginnings): Promise<Beginning> | Beginning;
  /** Whether it needs no room. */
  readonly isRoomless?: boolean;
  /** @throws what ends it all */
  run(run: Run): Promise<void>;
}

export type Beginnings = Pick<ErrandStreams, "outputFd"> & { readonly room: string };

/** What was typed: the words, and the flags by their names. */
export interface Given {
  readonly words: readonly string[];
  text(flag: string): string | undefined;
  number(flag: string): number | undefined;
  isSet(flag: string): boolean;
}

export interface ErrandStreams {
  readonly input: Readable;
  readonly output: Writable;
  /** The descriptor of the output. */
  readonly outputFd: number;
  readonly talk: Writable & { readonly isTTY?: boolean };
}

/** An errand on its way. */
export interface Run {
  readonly session: Session;
  readonly streams: ErrandStreams;
  /** Talk, and how far a transfer is. */
  readonly line: ProgressLine;
  /** Ends it, and leaves what can be gone on with. */
  readonly suspend: AbortSignal;
  readonly outcome: Outcome;
  readonly isJson: boolean;
  /** Writes lines to the output. Resolves when there is room for more. */
  print(text: string): Promise<void>;
}
