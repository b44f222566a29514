// Names of people and rooms where they are typed: with quotes around them when they have blanks, and completed by Tab.

import type { Chat } from "../chat/chat.js";
import { visibleLine } from "../chat/visible.js";
import { listRooms } from "../session/lists.js";
import type { Choice, Completion } from "../terminal/screen.js";
import { nameKey } from "../../shared/names.js";

export const noChoices: Completion = { from: 0, choices: [] };

/** A name at the beginning, and what is behind it; undefined when there is none. */
export function leadingName(argument: string): { name: string; rest: string } | undefined {
  const [, quoted, plain, rest = ""] = /^(?:"([^"]+)"|(\S+))(?:\s+(.*))?$/s.exec(argument) ?? [];
  const name = quoted ?? plain;
  return name === undefined ? undefined : { name, rest };
}

/** A name that is all there is, blanks in it or not. */
export function wholeName(argument: string): string {
  return /^"([^"]+)"$/.exec(argument)?.[1] ?? argument;
}

/** People who are where one is, and those one has talked with. */
export function completePerson(chat: Chat, typed: string): Completion {
  if (/\s/.test(typed) && !typed.startsWith('"')) return noChoices;
  return { from: 0, choices: choicesOf(peopleOf(chat), typed.replace(/^"/, "")) };
}

/** Rooms one is in, and those of the server. */
export async function completeRoom(chat: Chat, typed: string): Promise<Completion> {
  const others = chat.session.isConnected ? await listRooms(chat.session, chat.asking) : [];
  const names = new Map(
    [...chat.places.rooms, ...others.map(({ room }) => room)].map((name) => [nameKey(name), name]),
  );
  return { from: 0, choices: startingWith([...names.values()], typed).map((text) => ({ text })) };
}

export function peopleOf(chat: Chat): string[] {
  const { here, places, lastCorrespondent, session } = chat;
  const near = here === undefined ? [] : "room" in here ? places.membersOf(here.room) : [here.with];
  const names = [...near, ...(lastCorrespondent === undefined ? [] : [lastCorrespondent])];
  return [...new Set(names)].filter((name) => name !== session.name);
}

/** Names that begin so, without case, as names are compared. */
export function startingWith(names: readonly string[], typed: string): string[] {
  const key = nameKey(typed);
  return names
    .filter((name) => nameKey(name).startsWith(key))
    .filter((name) => visibleLine(name) === name)
    .sort((a, b) => a.localeCompare(b));
}

function choicesOf(names: readonly string[], typed: string): Choice[] {
  return startingWith(names, typed).map((name) => ({
    text: /\s/.test(name) ? `"${name}"` : name,
    shown: name,
  }));
}
