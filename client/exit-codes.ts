// What the client's exit code says, for scripts. One table: `--help` prints it and the documentation is held
// against it.

import { RoomError } from "../shared/errors.js";
import { ClientError, systemCode } from "./failures.js";

export const exitCodes = {
  ok: { code: 0, meaning: "everything went well" },
  bug: { code: 1, meaning: "the client is not built, or made a mistake" },
  usage: { code: 2, meaning: "a flag or a setting is wrong" },
  cannotConnect: { code: 3, meaning: "no server answered in time" },
  refused: { code: 4, meaning: "the server refused, for example because the name is taken" },
  lost: { code: 5, meaning: "the server went away" },
  partial: {
    code: 6,
    meaning: "some of what was asked failed, or for several reasons, or for one that has no code",
  },
  notFound: { code: 7, meaning: "what was asked for is not there: a file, a person, an entry" },
  damaged: { code: 8, meaning: "bytes arrived that are not those that were sent (SHA-256)" },
  full: { code: 9, meaning: "a disk or a quota is full, here or there" },
  interrupted: { code: 130, meaning: "interrupted; a command of a script ends by the signal itself" },
} as const;

const ofRoomErrors = new Map<string, number>([
  ["file-not-found", exitCodes.notFound.code],
  ["no-such-user", exitCodes.notFound.code],
  ["no-such-entry", exitCodes.notFound.code],
  ["upload-not-found", exitCodes.notFound.code],
  ["hash-mismatch", exitCodes.damaged.code],
  ["quota-exceeded", exitCodes.full.code],
  ["storage-full", exitCodes.full.code],
  ["file-too-large", exitCodes.full.code],
]);

const ofSystemCodes = new Map([
  ["ENOENT", exitCodes.notFound.code],
  ["ENOSPC", exitCodes.full.code],
  ["EDQUOT", exitCodes.full.code],
  ["EFBIG", exitCodes.full.code],
]);

/** The exit code for what kept the client from starting, or ended it. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof RoomError) return ofRoomErrors.get(error.code) ?? exitCodes.refused.code;
  if (!(error instanceof ClientError)) return exitCodes.bug.code;
  switch (error.code) {
    case "cannot-connect":
      return exitCodes.cannotConnect.code;
    case "connection-lost":
    case "no-answer":
      return exitCodes.lost.code;
    case "interrupted":
      return exitCodes.interrupted.code;
    case "bad-file":
      return ofSystemCodes.get(systemCode(error.cause) ?? "") ?? exitCodes.partial.code;
    case "damaged":
      return exitCodes.damaged.code;
    case "bad-setting":
      return exitCodes.usage.code;
    case "not-sent":
    case "bad-input":
    case "cancelled":
      return exitCodes.partial.code;
  }
}
