// Runs one errand: enters the room, does it, leaves. Only what was asked for goes to the output; all talk goes to the
// talk stream.

import { setMaxListeners } from "node:events";
import { exitCodeOf } from "../exit-codes.js";
import { ClientError, diskFailure, isForeseen, systemCode } from "../failures.js";
import { openFor } from "../opening.js";
import type { Session } from "../session/session.js";
import { visibleLine } from "../chat/visible.js";
import type { ErrandStreams, Plan } from "./errand.js";
import { Outcome } from "./outcome.js";
import type { Surroundings } from "./pipe.js";
import { ProgressLine } from "./progress-line.js";

export interface ErrandOptions {
  readonly plan: Plan;
  /** Empty for a guest's. */
  readonly name: string;
  /** Empty for the lobby. */
  readonly room: string;
  readonly host: string;
  readonly port: number;
  readonly waitMs: number;
  /** Print the wire's own lines. */
  readonly isJson: boolean;
}

/** How a script's command ended: with a code, or because nobody reads what it writes. */
export type ErrandEnd = number | "unread";

export async function runErrand(
  streams: ErrandStreams,
  options: ErrandOptions,
  { sessions, signal }: Surroundings,
): Promise<ErrandEnd> {
  // Whoever reads us may have had enough, as with `| head`; a disk that is full has not.
  const unread = new AbortController();
  const unwritten = new AbortController();
  const fail = (error: unknown): void => {
    if (systemCode(error) === "EPIPE")
      unread.abort(new ClientError("interrupted", "Nobody reads the output."));
    else unwritten.abort(diskFailure("write the output", error));
  };
  streams.output.on("error", fail);
  const stop = AbortSignal.any([signal, unread.signal, unwritten.signal]);
  // As many wait for it as requests are under way, which is no leak.
  setMaxListeners(0, stop);
  const line = new ProgressLine(streams.talk);
  const tell = (text: string): void => {
    line.tell(text);
  };
  try {
    const { plan, room, waitMs } = options;
    const beginning =
      (await plan.begin?.({ outputFd: streams.outputFd, room: room === "" ? "lobby" : room })) ?? {};
    const given = {
      ...options,
      room: plan.isRoomless === true ? null : room,
      reconnectForMs: waitMs,
      ...beginning,
    };
    const session = await openFor({ ...given, token: undefined }, { tell, signal: stop, sessions });
    return await runIn(session, { streams, line, suspend: stop, ...options });
  } catch (error) {
    const reason: unknown = unwritten.signal.aborted ? unwritten.signal.reason : error;
    if (unread.signal.aborted || systemCode(error) === "EPIPE") return "unread";
    const failure = isForeseen(reason) ? reason : diskFailure("write the output", reason);
    if (!isForeseen(failure)) throw reason;
    tell(`! ${visibleLine(failure.message)}`);
    return exitCodeOf(failure);
  }
}

interface Running extends ErrandOptions {
  readonly streams: ErrandStreams;
  readonly line: ProgressLine;
  readonly suspend: AbortSignal;
}

async function runIn(session: Session, { plan, streams, line, suspend, isJson }: Running): Promise<number> {
  const tell = (text: string): void => {
    line.tell(text);
  };
  const outcome = new Outcome({ session, tell });
  session.onState((change) => {
    if (change.state === "connected") tell("* back again");
    else if (change.triesAgain) tell("* the connection is lost; trying again…");
  });
  const print = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      streams.output.write(`${text}\n`, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  try {
    await plan.run({ session, streams, line, suspend, outcome, isJson, print });
  } finally {
    line.clear();
    await session.close();
  }
  return outcome.exitCode;
}
