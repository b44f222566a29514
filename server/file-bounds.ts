// What the flags say of how much files may take: text to numbers of bytes. Called by options.ts.

import { defaultLimits } from "../shared/limits.js";
import { bytesOf } from "../shared/units.js";

export interface FileBounds {
  /** Largest file, in bytes. */
  readonly fileBytes: number;
  /** Bytes of all files of a room, and of all that one sender has shared; undefined for any number. */
  readonly roomBytes: number | undefined;
  readonly senderBytes: number | undefined;
  /** With less room left on the disk, in bytes, nothing of a file is taken; undefined for what the engine needs. */
  readonly minFreeBytes: number | undefined;
}

/** The flags' values, as they were given; undefined when they were not. */
export interface FileFlags {
  readonly file: string | undefined;
  readonly room: string | undefined;
  readonly sender: string | undefined;
  readonly free: string | undefined;
}

/** @throws Error with a sentence about what is wrong */
export function parseFileBounds({ file, room, sender, free }: FileFlags): FileBounds {
  const bytes = (text: string | undefined, flag: string) =>
    text === undefined ? undefined : bytesOf(text, flag);
  return {
    fileBytes: bytes(file, "--max-file") ?? defaultLimits.fileBytes,
    roomBytes: bytes(room, "--max-room-files"),
    senderBytes: bytes(sender, "--max-sender-files"),
    minFreeBytes: bytes(free, "--min-free"),
  };
}
