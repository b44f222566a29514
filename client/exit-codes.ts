// What the client's exit code says, for scripts. One table: `--help` prints it and the documentation is held
// against it.

import { RoomError } from "../shared/errors.js";
import { ClientError } from "./failures.js";

export const exitCodes = {
  ok: { code: 0, meaning: "everything went well" },
  bug: { code: 1, meaning: "the client is not built, or made a mistake" },
  usage: { code: 2, meaning: "a flag or a setting is wrong" },
  cannotConnect: { code: 3, meaning: "no server answered in time" },
  refused: { code: 4, meaning: "the server refused, for example because the name is taken" },
  lost: { code: 5, meaning: "the server went away" },
  failed: { code: 6, meaning: "something that was typed failed, for example a missing file" },
  interrupted: { code: 130, meaning: "interrupted" },
} as const;

/** The exit code for what kept the client from starting, or ended it. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof RoomError) return exitCodes.refused.code;
  if (!(error instanceof ClientError)) return exitCodes.bug.code;
  switch (error.code) {
    case "cannot-connect":
      return exitCodes.cannotConnect.code;
    case "connection-lost":
    case "no-answer":
      return exitCodes.lost.code;
    case "interrupted":
      return exitCodes.interrupted.code;
    case "not-sent":
    case "bad-file":
    case "damaged":
    case "bad-input":
    case "cancelled":
      return exitCodes.failed.code;
  }
}
