// Names that peers choose: of people, rooms and files. A name is data: it is checked here once, compared by
// its key and shown as it was first given; no path, key or markup is ever made from it.

import { RoomError } from "./errors.js";
import { countCharacters, replaceUnseen, utf8Bytes } from "./text.js";

/** A checked name. */
export interface Name {
  /** As given, in NFC. */
  readonly shown: string;
  /** Equal for names that count as the same: NFKC, without case. */
  readonly key: string;
}

const maxNameCharacters = 64;
const maxFileNameBytes = 255;
const maxRawUnits = 1024;

/** @throws RoomError bad-name */
export const parsePersonName = (text: string): Name => parseName(text, "A name");

/** @throws RoomError bad-name */
export const parseRoomName = (text: string): Name => parseName(text, "The name of a room");

/** @throws RoomError bad-name */
export function parseFileName(text: string): Name {
  const name = checked(text, "The name of a file");
  if (utf8Bytes(name.shown) > maxFileNameBytes)
    refuse("The name of a file", `is over ${maxFileNameBytes} bytes`);
  return name;
}

/** The key that two names share when they count as the same. */
export function nameKey(text: string): string {
  // Lower, upper, lower: the sharp s and its capital, the final sigma and the Kelvin sign all meet.
  // The selector that asks for an emoji's coloured form makes no other name: ❤ and ❤️ are twins.
  return text
    .replaceAll("\ufe0f", "")
    .normalize("NFKC")
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .normalize("NFKC");
}

function parseName(text: string, what: string): Name {
  const name = checked(text, what);
  if (countCharacters(name.shown) > maxNameCharacters)
    refuse(what, `has over ${maxNameCharacters} characters`);
  return name;
}

function checked(text: string, what: string): Name {
  // Before anything else: putting thousands of combining marks in order takes seconds.
  if (text.length > maxRawUnits) refuse(what, "is too long");
  const shown = text.normalize("NFC");
  const key = nameKey(shown);
  if (shown === "") refuse(what, "is empty");
  if (key === "." || key === "..") refuse(what, "is a dot");
  if (shown !== shown.trim() || key !== key.trim()) refuse(what, "begins or ends with a blank");
  if (/[/\\]/.test(shown) || /[/\\]/.test(key)) refuse(what, "has a slash");
  if (isEncodedPath(key)) refuse(what, "hides a path behind percent signs");
  if (/^[a-z]:/i.test(key)) refuse(what, "begins like a drive");
  if (hasUnseen(shown)) refuse(what, "has a character that cannot be seen");
  return { shown, key };
}

// A name goes into addresses some day, and is decoded there, perhaps twice.
function isEncodedPath(key: string): boolean {
  if (!key.includes("%")) return false;
  const decoded = decodedOnce(decodedOnce(key));
  return decoded !== key && (/[/\\\p{Cc}]/u.test(decoded) || decoded === "." || decoded === "..");
}

function decodedOnce(text: string): string {
  return text.replace(/%([0-7][0-9a-f])/gi, (_escape, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}

// An emoji may need a joiner, a selector or tags to be that emoji; anywhere else they hide in a name.
function hasUnseen(text: string): boolean {
  return replaceUnseen(text, () => "") !== text;
}

function refuse(what: string, why: string): never {
  throw new RoomError("bad-name", { message: `${what} ${why}.` });
}
