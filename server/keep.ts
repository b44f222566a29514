// What the flags say of how long, how many and how much of every room is kept: text to Retention. Called by options.ts.
//
//   --keep-age 30d --keep-entries 100000 --keep-bytes 2GiB --keep-files      of every room, but for those with
//   --keep-room "lab/age=7d,entries=1000,bytes=1GiB,files"                   a line of their own

import { RoomError } from "../shared/errors.js";
import { parseRoomName } from "../shared/names.js";
import type { Keep, Retention } from "./engine.js";
import { ageOf, bytesOf, countOf } from "../shared/units.js";

/** The flags' values, as they were given; undefined when they were not. */
export interface KeepFlags {
  readonly age: string | undefined;
  readonly entries: string | undefined;
  readonly bytes: string | undefined;
  readonly files: unknown;
  readonly rooms: readonly string[];
}

/** @throws Error with a sentence about what is wrong */
export function parseRetention({ age, entries, bytes, files, rooms }: KeepFlags): Retention {
  const all = {
    ...(age !== undefined && { ageMs: ageOf(age, "--keep-age") }),
    ...(entries !== undefined && { entries: countOf(entries, "--keep-entries") }),
    ...(bytes !== undefined && { bytes: bytesOf(bytes, "--keep-bytes") }),
    keepsFiles: yesOrNo(files, "--keep-files"),
  };
  const own = new Map<string, Keep>();
  for (const line of rooms) {
    const { key, keep } = parseRoomLine(line);
    if (own.has(key)) throw new Error(`--keep-room has two lines for one room: ${JSON.stringify(line)}`);
    own.set(key, keep);
  }
  return { all, rooms: own };
}

// No room's name has a slash.
function parseRoomLine(line: string): { key: string; keep: Keep } {
  const at = line.indexOf("/");
  if (at === -1) {
    throw new Error(
      `--keep-room is ROOM/age=7d,entries=1000,bytes=1GiB,files and not ${JSON.stringify(line)}`,
    );
  }
  const keep: { -readonly [K in keyof Keep]: Keep[K] } = { keepsFiles: false };
  for (const part of line
    .slice(at + 1)
    .split(",")
    .filter((each) => each.trim() !== "")) {
    const [name = "", value = "", ...more] = part.split("=").map((each) => each.trim());
    const where = `--keep-room ${name}`;
    if (more.length > 0) throw new Error(`--keep-room has ${JSON.stringify(part)}, which says two things`);
    if (name === "age") keep.ageMs = ageOf(value, where);
    else if (name === "entries") keep.entries = countOf(value, where);
    else if (name === "bytes") keep.bytes = bytesOf(value, where);
    else if (name === "files" && value === "") keep.keepsFiles = true;
    else throw new Error(`--keep-room knows age, entries, bytes and files, and not ${JSON.stringify(part)}`);
  }
  return { key: roomKeyOf(line.slice(0, at)), keep };
}

function roomKeyOf(name: string): string {
  try {
    return parseRoomName(name).key;
  } catch (error) {
    if (error instanceof RoomError) throw new Error(`--keep-room: ${error.message}`, { cause: error });
    throw error;
  }
}

function yesOrNo(value: unknown, flag: string): boolean {
  if (value === undefined || value === false || value === "false") return false;
  if (value === true || value === "true" || value === "") return true;
  throw new Error(`${flag} is either there or not, and takes no ${JSON.stringify(value)}`);
}
