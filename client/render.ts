// How each thing that the server says looks as lines of text. Every string of others passes visible.ts here.

import type { AnswerOf, FileItem } from "../shared/answers.js";
import type { Entry } from "./exchanges.js";
import type { Gap } from "./inbox.js";
import type { Progress } from "./transfer.js";
import { visibleLine, visibleText } from "./visible.js";

/** Where and when something is shown: what is of another room, or of another day, says so. */
export interface Place {
  readonly room: string | undefined;
  readonly now: Date;
}

/** Continues a text: as wide as the time, and with a bar, so that no text can look like another's line. */
const margin = "         | ";

export function entryLines(entry: Entry, place: Place): string {
  const head = `${timeOf(entry.time, place.now)} ${roomMark(entry.room, place)}`;
  if (entry.type === "file") return `${head}${visibleLine(entry.from)} ${shared(entry)}`;
  return `${head}${visibleLine(entry.from)}: ${visibleText(entry.text, margin)}`;
}

export function fileLine(file: FileItem, now: Date): string {
  return `${timeOf(file.time, now)} ${visibleLine(file.from)} ${shared(file)}`;
}

/** Lines for who came and who went; none when it is only me. */
export function presenceLines(presence: AnswerOf<"presence">, place: Place & { me: string }): string[] {
  const mark = roomMark(presence.room, place);
  const { joined, left, memberCount } = presence;
  const others = joined.filter((name) => name !== place.me);
  if (joined.length + left.length === 0)
    return [`* ${mark}${count(memberCount, "person is", "people are")} here`];
  return [
    ...others.map((name) => `* ${mark}${visibleLine(name)} joined`),
    ...left.map((name) => `* ${mark}${visibleLine(name)} left`),
  ];
}

/** Entries that will never be shown. */
export function gapLine(gap: Gap): string {
  const room = visibleLine(gap.room);
  if (gap.kind === "reset")
    return `* ${room} begins anew: its log is not the one that you saw; /history shows it`;
  const what = gap.from === gap.to ? `entry ${gap.from}` : `entries ${gap.from} to ${gap.to}`;
  return `* the server has ${what} of ${room} no more`;
}

export function joinedLine({ room, memberCount, members }: AnswerOf<"joined">, me: string): string {
  const others = members?.filter((name) => name !== me);
  return `* you are in ${visibleLine(room)} with ${company(memberCount - 1, others)}`;
}

export function roomLine({ room, memberCount }: { room: string; memberCount: number }): string {
  return `${visibleLine(room)} (${count(memberCount, "person", "people")} here)`;
}

export function progressLine({ direction, name, bytes, size }: Progress): string {
  const percent = size === 0 ? 100 : Math.floor((bytes / size) * 100);
  return `* ${direction} of ${visibleLine(name)}: ${percent} % of ${sizeOf(size)}`;
}

/** 34.1 KiB. */
export function sizeOf(bytes: number): string {
  if (bytes < 1024) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  const units = ["KiB", "MiB", "GiB", "TiB", "PiB"];
  let size = bytes / 1024;
  let unit = 0;
  // 1023.96 would be printed as 1024.0.
  while (size >= 1023.95 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size.toFixed(1)} ${units[unit] ?? ""}`;
}

export function count(amount: number, one: string, many: string): string {
  return `${amount} ${amount === 1 ? one : many}`;
}

function shared({ name, size, mime, version }: FileItem): string {
  const again = version > 1 ? `, version ${version}` : "";
  const shown = visibleLine(name);
  return `shared ${shown} (${sizeOf(size)}, ${visibleLine(mime)}${again})  download: ${shown}`;
}

function company(otherCount: number, others: readonly string[] | undefined): string {
  if (otherCount <= 0) return "nobody else yet";
  return others?.map(visibleLine).join(", ") ?? count(otherCount, "other", "others");
}

function roomMark(room: string, place: Place): string {
  return room === place.room ? "" : `[${visibleLine(room)}] `;
}

/** The time of day here; the date before it when that is another day than now. */
function timeOf(time: string, now: Date): string {
  const then = new Date(time);
  if (Number.isNaN(then.getTime())) return "--:--:--";
  const clock = [then.getHours(), then.getMinutes(), then.getSeconds()].map(twoDigits).join(":");
  return then.toDateString() === now.toDateString() ? clock : `${dayOf(then)} ${clock}`;
}

function dayOf(date: Date): string {
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(twoDigits).join("-");
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
