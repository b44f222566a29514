// The commands that look back, a part of the table in commands.ts.

import type { Chat } from "../chat/chat.js";
import { fold } from "../chat/fold.js";
import { entryLines, foldedLines } from "../chat/render.js";
import { ClientError } from "../failures.js";
import { readHistory } from "../session/lists.js";
import type { Command } from "./command.js";
import { noChoices, peopleOf, startingWith } from "./names.js";

const defaultHistoryCount = 20;
const maxHistoryCount = 10_000;
const maxFound = 20;

export const lookupCommands: readonly Command[] = [
  {
    names: ["/history"],
    argument: "optional",
    usage: "/history [count]",
    help: `show the last ${defaultHistoryCount}, or so many, entries as they read by now`,
    async run(chat, argument) {
      const wanted = { ...chat.where(), count: historyCount(argument) };
      const { entries, changes } = await readHistory(chat.session, wanted, chat.asking);
      if (entries.length === 0) chat.voice.tell("* nothing was said here yet");
      for (const folded of fold(entries, changes)) chat.voice.show(foldedLines(folded, chat.look()));
    },
  },
  {
    names: ["/search"],
    argument: "needed",
    usage: "/search <words>",
    help: 'find what was said here; also "a phrase", beginn*, from:name',
    complete(chat, argument) {
      const [, before = "", typed] = /^(.*\s)?from:(\S*)$/is.exec(argument) ?? [];
      if (typed === undefined) return noChoices;
      const choices = startingWith(peopleOf(chat), typed).map((name) => ({
        text: /\s/.test(name) ? `from:"${name}"` : `from:${name}`,
        shown: name,
      }));
      return { from: before.length, choices };
    },
    run: search,
  },
];

async function search(chat: Chat, argument: string): Promise<void> {
  const asked = { ...chat.where(), limit: maxFound, ...readQuery(argument) };
  const { entries, more } = await chat.session.search(asked, chat.asking);
  if (entries.length === 0) chat.voice.tell("* nothing was found");
  if (more) chat.voice.tell(`* these are the newest ${entries.length}; there are more`);
  for (const entry of entries.toReversed()) {
    chat.voice.show(entryLines(entry, chat.look(), { isNumbered: true }));
  }
}

/** @throws ClientError bad-input when there is nothing to look for */
function readQuery(argument: string): { query: string; from?: string } {
  const found = /(?:^|\s)from:(?:"([^"]+)"|(\S+))(?=\s|$)/i.exec(argument);
  const from = found?.[1] ?? found?.[2];
  const query = argument.replace(found?.[0] ?? "", " ").trim();
  if (query === "") throw new ClientError("bad-input", "Say which words to look for.");
  return from === undefined ? { query } : { query, from };
}

function historyCount(argument: string): number {
  if (argument === "") return defaultHistoryCount;
  const amount = /^\d{1,6}$/.test(argument) ? Number(argument) : 0;
  if (amount >= 1 && amount <= maxHistoryCount) return amount;
  throw new ClientError("bad-input", `The count is a number from 1 to ${maxHistoryCount}.`);
}
