// How each thing that the server says looks as lines of text. Every string of others passes visible.ts here.

import type { AnswerOf, FileItem } from "../../shared/answers.js";
import type { Entry } from "../session/exchanges.js";
import type { Folded } from "./fold.js";
import type { Gap } from "../session/gap.js";
import type { Speed } from "../transfer/pace.js";
import type { Progress } from "../transfer/transfer.js";
import { cutToWidth } from "../terminal/width.js";
import { isMentioned, markMentions } from "./mentions.js";
import { plainStyles, type Styles } from "./styles.js";
import { visibleLine, visibleText } from "./visible.js";

/** Where, when and how something is shown, and to whom: what is of another room, or of another day, says so. */
export interface Look {
  readonly room: string | undefined;
  readonly me: string;
  readonly now: Date;
  /** Plain when left out. */
  readonly styles?: Styles;
  /** How a time is shown: the time of day, and its date when that is another day than now, or always. */
  readonly clock?: "minutes" | "seconds" | "date";
}

export interface Showing {
  /** Whether the entry's number is shown, so that it can be named. */
  readonly isNumbered?: boolean;
  /** What the entry is about, as `excerpt` gives it: it is shown above. */
  readonly about?: string | undefined;
}

export function entryLines(entry: Entry, look: Look, { isNumbered = false, about }: Showing = {}): string {
  const { dim } = look.styles ?? plainStyles;
  const number = isNumbered ? `${dim(`#${entry.seq}`)} ` : "";
  const mark = "room" in entry ? roomMark(entry.room, look) : "";
  const above = about === undefined ? "" : `${marginOf(look).slice(0, -2)}${dim(`> ${about}`)}\n`;
  const time = dim(timeOf(entry.time, look));
  return `${above}${time} ${mark}${number}${speaker(entry, look)}${said(entry, look, about !== undefined)}`;
}

/** Who said what, in one short line, for what is about it; undefined when there is nothing to say of it. */
export function excerpt(entry: Entry, columns: number): string | undefined {
  const what = "text" in entry ? entry.text : "name" in entry ? entry.name : undefined;
  if (what === undefined) return undefined;
  const line = what.split(/\r\n|\n/).join(" ");
  return cutToWidth(`#${entry.seq} ${visibleLine(entry.from)}: ${visibleLine(line)}`, columns);
}

/** An entry with its number, and with what became of it. */
export function foldedLines({ entry, isEdited, reactions }: Folded, look: Look): string {
  const lines = entryLines(entry, look, { isNumbered: true }) + (isEdited ? " (edited)" : "");
  const shown = Array.from(reactions, ([emoji, names]) => `${emoji} ${[...names].join(", ")}`);
  return shown.length === 0 ? lines : `${lines}\n${marginOf(look)}${visibleLine(shown.join("  "))}`;
}

export function fileLine(file: FileItem, now: Date): string {
  return `${timeOf(file.time, { now })} ${visibleLine(file.from)} ${shared(file)}`;
}

/** Lines for who came and who went; none when it is only me. */
export function presenceLines(presence: AnswerOf<"presence">, look: Look): string[] {
  const mark = roomMark(presence.room, look);
  const { joined, left, memberCount } = presence;
  const others = joined.filter((name) => name !== look.me);
  if (joined.length + left.length === 0)
    return [`* ${mark}${count(memberCount, "person is", "people are")} here`];
  return [
    ...others.map((name) => `* ${mark}${visibleLine(name)} joined`),
    ...left.map((name) => `* ${mark}${visibleLine(name)} left`),
  ];
}

/** Entries that will never be shown. */
export function gapLine(gap: Gap): string {
  const where = "room" in gap ? visibleLine(gap.room) : `your talk with ${visibleLine(gap.with)}`;
  if (gap.kind === "reset")
    return `* ${where} begins anew: its log is not the one that you saw; /history shows it`;
  const what = gap.from === gap.to ? `entry ${gap.from}` : `entries ${gap.from} to ${gap.to}`;
  return `* the server has ${what} of ${where} no more`;
}

/** What is told of a room when one comes. */
export type JoinedFacts = Pick<AnswerOf<"joined">, "room" | "memberCount" | "members" | "topic" | "unread">;

export function joinedLine(joined: JoinedFacts, me: string): string {
  const { room, memberCount, members, unread = 0, topic } = joined;
  const others = members?.filter((name) => name !== me);
  const news = unread === 0 ? "" : `; ${unread} unread`;
  const about = topic === "" ? "" : `; topic: ${visibleLine(topic)}`;
  return `* you are in ${visibleLine(room)} with ${company(memberCount - 1, others)}${news}${about}`;
}

export function topicLine(topic: string): string {
  return topic === "" ? "* the room has no topic" : `* topic: ${visibleLine(topic)}`;
}

export function roomLine({ room, memberCount }: { room: string; memberCount: number }): string {
  return `${visibleLine(room)} (${count(memberCount, "person", "people")} here)`;
}

export function progressLine({ direction, name, bytes, size }: Progress, speed?: Speed): string {
  const percent = size === 0 || size === undefined ? 100 : Math.floor((bytes / size) * 100);
  const done = size === undefined ? sizeOf(bytes) : `${percent} % of ${sizeOf(size)}`;
  return `${direction} of ${visibleLine(name)}: ${done}${speed === undefined ? "" : paceOf(speed)}`;
}

/** What became of a file that was sent or saved, and the beginning of its hash, which the other side shows, too. */
export function transferredLine(done: string, { name, size = 0, sha256 = "" }: Partial<FileItem>): string {
  return `* ${done} ${visibleLine(name ?? "")} (${sizeOf(size)}, sha256 ${sha256.slice(0, 12)})`;
}

function paceOf({ bytesPerSecond, secondsLeft }: Speed): string {
  const left = secondsLeft === undefined ? "" : `, ${durationOf(secondsLeft)} left`;
  return `, ${sizeOf(Math.round(bytesPerSecond))}/s${left}`;
}

/** 45 s, 3 min 20 s, 2 h 5 min. */
function durationOf(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
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

/** Who says it, and in a conversation of two to whom. */
function speaker(entry: Entry, look: Look): string {
  if ("room" in entry || !("to" in entry)) return person(entry.from, look);
  const { me, styles = plainStyles } = look;
  const [from, to] = [entry.from, entry.to ?? ""].map((name) =>
    name === me ? styles.own("you") : person(name, look),
  );
  return `${from ?? ""} -> ${to ?? ""}`;
}

function person(name: string, { me, styles = plainStyles }: Look): string {
  const shown = visibleLine(name);
  return name === me ? styles.own(shown) : styles.person(name, shown);
}

function said(entry: Entry, look: Look, isAboutShown: boolean): string {
  switch (entry.type) {
    case "message":
    case "direct": {
      const reply = entry.replyTo === undefined || isAboutShown ? "" : ` (to #${entry.replyTo})`;
      return `${reply}: ${textOf(entry, look)}`;
    }
    case "file":
      return entry.deleted === true ? ` shared a file ${gone}` : ` ${shared(entry)}`;
    case "edit":
      return ` edited #${entry.target}: ${textOf(entry, look)}`;
    case "delete":
      return ` deleted #${entry.target}`;
    case "react":
      return reacted(entry);
    case "topic":
      return entry.text === "" ? " took the topic away" : ` set the topic: ${textOf(entry, look)}`;
  }
}

const gone = "(deleted)";

function textOf(entry: { from: string; text?: string; deleted?: boolean }, look: Look): string {
  const { from, text, deleted = false } = entry;
  if (deleted || text === undefined) return gone;
  const { me, styles = plainStyles } = look;
  const shown = visibleText(text, marginOf(look));
  return from === me || !isMentioned(text, me) ? shown : markMentions(shown, visibleLine(me), styles.mention);
}

/** Continues a text: as wide as the time, and with a bar, so that no text can look like another's line. */
function marginOf({ clock }: Look): string {
  return clock === "minutes" ? "      | " : "         | ";
}

function reacted({ target, emoji, on }: AnswerOf<"react">): string {
  if (emoji === undefined) return ` put something under #${target} ${gone}`;
  const shown = visibleLine(emoji);
  return on === true ? ` put ${shown} under #${target}` : ` took ${shown} back from #${target}`;
}

function shared({ name = "", size = 0, mime = "", version = 1 }: Partial<FileItem>): string {
  const again = version > 1 ? `, version ${version}` : "";
  const shown = visibleLine(name);
  return `shared ${shown} (${sizeOf(size)}, ${visibleLine(mime)}${again})  download: ${shown}`;
}

function company(otherCount: number, others: readonly string[] | undefined): string {
  if (otherCount <= 0) return "nobody else yet";
  return others?.map(visibleLine).join(", ") ?? count(otherCount, "other", "others");
}

function roomMark(room: string | undefined, look: Look): string {
  return room === undefined || room === look.room ? "" : `[${visibleLine(room)}] `;
}

/** The time of day here; the date before it when that is another day than now. */
function timeOf(time: string, { now, clock = "seconds" }: Pick<Look, "now" | "clock">): string {
  const then = new Date(time);
  if (Number.isNaN(then.getTime())) return clock === "minutes" ? "--:--" : "--:--:--";
  const parts = [then.getHours(), then.getMinutes(), ...(clock === "minutes" ? [] : [then.getSeconds()])];
  const shown = parts.map(twoDigits).join(":");
  return clock !== "date" && then.toDateString() === now.toDateString() ? shown : `${dayOf(then)} ${shown}`;
}

function dayOf(date: Date): string {
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(twoDigits).join("-");
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
