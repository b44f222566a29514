// A safe local name for a file that somebody else named, on any system it may be saved on. The server has
// refused the worst already, but a client cannot know what server it talks to. Pure functions, no disk.

import { basename, dirname, resolve } from "node:path";
import { nameKey } from "../../shared/names.js";
import { replaceUnseen, utf8Bytes } from "../../shared/text.js";

/** What every common file system takes. */
const maxNameBytes = 255;
/** What follows the name in that of a part, at most: a hash, a process, a count and the ending. */
const partTailBytes = 96;
/** A longer ending is no file type and may be cut. */
const maxEndingBytes = 32;

// Separators, and what Windows refuses; a colon would name a hidden stream.
const unsafe = /[/\\:*?"<>|]/g;
// Devices on Windows, with any ending: opening NUL.txt opens the device. NFKC turns COM¹ into COM1.
const device = /^(con|prn|aux|nul|com\d|lpt\d|clock\$|conin\$|conout\$) *(\.|$)/i;

/**
 * The name under which a file is saved: one path segment of at most 255 bytes that is neither hidden nor a device.
 * Any text gives one.
 */
export function localFileName(name: string): string {
  // What turns the direction of text is not seen either, so that `gpj.exe` cannot look like a picture.
  const seen = replaceUnseen(name.slice(0, 1024).normalize("NFC").toWellFormed(), () => "_");
  let safe = seen.replace(unsafe, "_").trimStart();
  safe = safe.replace(/[\s.]+$/u, "");
  // A hidden file could be one that a shell or a tool reads by itself.
  if (safe === "" || safe.startsWith(".") || device.test(safe.normalize("NFKC"))) safe = `_${safe}`;
  return withSuffix(safe, "");
}

/** The name itself for 1, then `photo (2).png`, `photo (3).png`; still at most 255 bytes. */
export function numberedFileName(name: string, count: number): string {
  return count === 1 ? name : withSuffix(name, ` (${count})`);
}

/** As much of a name as fits into 255 bytes, its ending kept. */
export function fittingName(name: string): string {
  return withSuffix(name, "");
}

/** What the name of a part says. */
export interface PartName {
  /** Of the name that the file will have, as much as fits. */
  readonly stem: string;
  /** Of the whole file. */
  readonly sha256: string;
  /** The process that works on it, or did. */
  readonly pid: number;
}

/** The name of a file while it is not complete. The count keeps apart what one process saves. */
export function partFileName(
  name: string,
  { sha256, pid, count }: Omit<PartName, "stem"> & { count: number },
): string {
  return `${stemOf(name)}.${sha256}.${pid}-${count}.part`;
}

export function parsePartName(entry: string): PartName | undefined {
  const [, stem, sha256, pid] = /^(.+)\.([0-9a-f]{64})\.([1-9]\d{0,9})-\d{1,10}\.part$/s.exec(entry) ?? [];
  if (stem === undefined || sha256 === undefined) return undefined;
  return { stem, sha256, pid: Number(pid) };
}

/** Whether it may be a part of a file of this name: names compare as the server compares them. */
export function isPartOf({ stem }: PartName, name: string): boolean {
  return nameKey(stem) === nameKey(stemOf(name));
}

/** Whether a path is an entry of that folder itself: the last check before a file is made. */
export function isDirectlyInside(folder: string, path: string): boolean {
  const full = resolve(path);
  return dirname(full) === resolve(folder) && basename(full) !== "";
}

function withSuffix(name: string, suffix: string): string {
  const dot = name.lastIndexOf(".");
  const hasEnding = dot > 0 && utf8Bytes(name.slice(dot)) <= maxEndingBytes;
  const ending = hasEnding ? name.slice(dot) : "";
  const stem = hasEnding ? name.slice(0, dot) : name;
  return cut(stem, maxNameBytes - utf8Bytes(suffix) - utf8Bytes(ending)) + suffix + ending;
}

// The same however many digits follow, so that another process finds it.
function stemOf(name: string): string {
  return cut(name, maxNameBytes - partTailBytes);
}

/** As many whole characters as fit. */
function cut(text: string, maxBytes: number): string {
  if (utf8Bytes(text) <= maxBytes) return text;
  let kept = "";
  let bytes = 0;
  for (const character of text) {
    bytes += utf8Bytes(character);
    if (bytes > maxBytes) break;
    kept += character;
  }
  // The joiner of an emoji that was cut in two.
  return replaceUnseen(kept, () => "").trimEnd();
}
