// Which entry a command is about, as a person says it: by its number, with or without the # it is shown with, or ^ for
// the newest that it can be about.

import type { Chat } from "../chat/chat.js";
import { excerpt } from "../chat/render.js";
import { ClientError } from "../failures.js";
import type { Entry } from "../session/exchanges.js";
import type { Completion } from "../terminal/screen.js";

export type IsSuch = (entry: Entry) => boolean;

const maxChoices = 8;
const excerptColumns = 60;

export function isSaid(entry: Entry): boolean {
  return (
    (entry.type === "message" || entry.type === "direct" || entry.type === "file") && entry.deleted !== true
  );
}

/** What somebody has said themself, and may correct. */
export function isOwnText(chat: Chat): IsSuch {
  const { name } = chat.session;
  return (entry) => entry.from === name && entry.type !== "file" && isSaid(entry);
}

export function isOwn(chat: Chat): IsSuch {
  const { name } = chat.session;
  return (entry) => entry.from === name && isSaid(entry);
}

export function isOfOthers(chat: Chat): IsSuch {
  const { name } = chat.session;
  return (entry) => entry.from !== name && isSaid(entry);
}

/** A number; undefined when that is none. @throws ClientError bad-input when there is nothing that ^ could mean */
export function targetOf(chat: Chat, text: string, isSuch: IsSuch): number | undefined {
  if (text === "^") {
    const [newest] = chat.timeline.newest(chat.where(), isSuch);
    if (newest === undefined)
      throw new ClientError("bad-input", "There is nothing here yet that ^ could mean.");
    return newest.seq;
  }
  const number = Number(/^#?(\d{1,15})$/.exec(text)?.[1] ?? 0);
  return number > 0 ? number : undefined;
}

export interface Aim {
  readonly usage: string;
  readonly isSuch: IsSuch;
}

/** A target alone. @throws ClientError bad-input */
export function aimed(chat: Chat, argument: string, { usage, isSuch }: Aim): number {
  const target = targetOf(chat, argument, isSuch);
  if (target === undefined) throw misused(usage);
  return target;
}

/** A target and the text behind it. @throws ClientError bad-input */
export function aimedText(chat: Chat, argument: string, aim: Aim): { target: number; text: string } {
  const [, first = "", text = ""] = /^(\S+)\s+(.+)$/s.exec(argument) ?? [];
  if (text === "") throw misused(aim.usage);
  return { target: aimed(chat, first, aim), text };
}

export function misused(usage: string): ClientError {
  return new ClientError("bad-input", `Usage: ${usage}`);
}

/** The newest entries that it could be about, by their numbers. */
export function completeTarget(chat: Chat, argument: string, isSuch: IsSuch): Completion {
  if (chat.here === undefined || /\s/.test(argument)) return { from: 0, choices: [] };
  const digits = argument.replace("#", "");
  const choices = chat.timeline
    .newest(chat.here, isSuch)
    .filter(({ seq }) => String(seq).startsWith(digits))
    .slice(0, maxChoices)
    .map((entry) => ({ text: `#${entry.seq}`, shown: excerpt(entry, excerptColumns) ?? `#${entry.seq}` }));
  return { from: 0, choices };
}
