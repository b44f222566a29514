// What Tab makes of a line: names of commands, what a command's argument may be, and people in what is said.

import type { Chat } from "../chat/chat.js";
import type { Completion } from "../terminal/screen.js";
import { commands } from "./commands.js";
import { peopleOf, startingWith } from "./names.js";
import { commandAt } from "./typed.js";

/** @param cursor up to where the line counts, in UTF-16 units */
export async function completeLine(chat: Chat, line: string, cursor: number): Promise<Completion> {
  const typed = line.slice(0, cursor);
  const found = commandAt(typed);
  if (found !== undefined && (found.argumentFrom > found.name.length || found.name.endsWith(":"))) {
    const { command, argumentFrom } = found;
    const completion = await command.complete?.(chat, typed.slice(argumentFrom));
    return completion === undefined
      ? { from: cursor, choices: [] }
      : { from: argumentFrom + completion.from, choices: completion.choices };
  }
  const names = /^\S+$/.test(typed) ? commandNames(typed) : [];
  const people = typed.startsWith("/") ? { from: 0, choices: [] } : completeMention(chat, typed);
  if (names.length > 0) return { from: 0, choices: [...names.map((text) => ({ text })), ...people.choices] };
  return people;
}

function commandNames(typed: string): string[] {
  const key = typed.toLowerCase();
  return commands.flatMap(({ names }) => names.filter((name) => name.startsWith(key))).sort();
}

/** The last word as somebody's name; at the beginning of a line it is addressed to them. */
function completeMention(chat: Chat, typed: string): Completion {
  const word = /@?[^\s@]*$/.exec(typed)?.[0] ?? "";
  const from = typed.length - word.length;
  const [at, name] = word.startsWith("@") ? ["@", word.slice(1)] : ["", word];
  if (word === "") return { from, choices: [] };
  const end = from === 0 && at === "" ? ":" : "";
  const choices = startingWith(peopleOf(chat), name).map((person) => ({
    text: `${at}${person}${end}`,
    shown: person,
  }));
  return { from, choices };
}
