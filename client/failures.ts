// What can go wrong on this side of the wire, each with a code and a sentence for a person. What the server
// refuses is a RoomError and is thrown as it came; anything that is neither is a bug.

import { types } from "node:util";
import { RoomError } from "../shared/errors.js";

/**
 * - cannot-connect: nobody answers at that address, or not in this language
 * - connection-lost: the server is gone, with or without a goodbye
 * - not-sent: there is no connection, and too much waits for one already
 * - no-answer: the server is there and does not answer
 * - bad-file: a local file or folder cannot be read or written
 * - damaged: bytes arrived that are not those that were sent
 * - bad-input: something typed that cannot be done
 * - bad-setting: a flag, or a file that it names, does not fit
 * - cancelled: a transfer was stopped, and nothing else
 * - interrupted: the person, or the program, asked to stop
 */
export type FailureCode =
  | "cannot-connect"
  | "connection-lost"
  | "not-sent"
  | "no-answer"
  | "bad-file"
  | "damaged"
  | "bad-input"
  | "bad-setting"
  | "cancelled"
  | "interrupted";

export class ClientError extends Error {
  readonly code: FailureCode;

  constructor(code: FailureCode, sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = "ClientError";
    this.code = code;
  }
}

/** What ended with its connection. */
export function lost(): ClientError {
  return new ClientError("connection-lost", "The connection was lost before this was done.");
}

/** What was sent, and may or may not have arrived. */
export function unsure(): ClientError {
  const sentence =
    "The connection was lost before the server answered; this may or may not have been recorded.";
  return new ClientError("connection-lost", sentence);
}

export function isLoss(error: unknown): boolean {
  return error instanceof ClientError && error.code === "connection-lost";
}

/** Whether somebody foresaw this; what nobody foresaw wants its stack shown. */
export function isForeseen(error: unknown): error is ClientError | RoomError {
  return error instanceof ClientError || error instanceof RoomError;
}

const diskSentences = new Map([
  ["ENOENT", "there is no such file or folder"],
  ["EACCES", "no permission"],
  ["EPERM", "no permission"],
  ["EISDIR", "it is a folder"],
  ["ENOTDIR", "a part of the path is no folder"],
  ["EEXIST", "something else has that name"],
  ["ENOSPC", "the disk is full"],
  ["EDQUOT", "the disk quota is used up"],
  ["EFBIG", "the file system takes no file of that size"],
  ["EROFS", "the disk is read-only"],
  ["ENAMETOOLONG", "the name is too long"],
  ["ELOOP", "its links go round in a circle"],
  ["EMFILE", "too many files are open"],
  ["EIO", "the disk does not work"],
]);

/** An error of the file system as one sentence: "Cannot read notes.txt: no permission." */
export function diskFailure(doing: string, error: unknown): unknown {
  const code = systemCode(error);
  if (code === undefined) return error;
  const why = diskSentences.get(code) ?? code;
  return new ClientError("bad-file", `Cannot ${doing}: ${why}.`, { cause: error });
}

/** The code of an error of the operating system, such as ECONNREFUSED. */
export function systemCode(error: unknown): string | undefined {
  if (!types.isNativeError(error) || !("code" in error) || !("syscall" in error || "errors" in error)) {
    return undefined;
  }
  return typeof error.code === "string" ? error.code : undefined;
}
