// The commands that are about what was said, a part of the table in commands.ts: to say something to one person or in
// answer, to correct it, to find it again. Entries are named by their numbers in the room.

import type { Chat } from "../chat/chat.js";
import type { Command } from "./command.js";
import { ClientError } from "../failures.js";
import { entryLines, topicLine } from "../chat/render.js";

const maxFound = 20;

export const entryCommands: readonly Command[] = [
  {
    names: ["/msg"],
    argument: "needed",
    usage: "/msg <name> <text>",
    help: "say something to one person alone",
    async run(chat, argument) {
      const [name, text] = split(argument, /^(?:"([^"]+)"|(\S+))\s+(.+)$/s, this.usage);
      await chat.session.direct(name, text, chat.asking);
    },
  },
  {
    names: ["/reply"],
    argument: "needed",
    usage: "/reply <number> <text>",
    help: "answer the entry of that number; /history shows the numbers",
    async run(chat, argument) {
      const { target, text } = aimed(argument, this.usage);
      await chat.session.say(text, chat.currentRoom(), { ...chat.asking, replyTo: target });
    },
  },
  {
    names: ["/edit"],
    argument: "needed",
    usage: "/edit <number> <text>",
    help: "say something else in the place of what you said",
    async run(chat, argument) {
      const { target, text } = aimed(argument, this.usage);
      await chat.session.edit({ room: chat.currentRoom(), target, text }, chat.asking);
    },
  },
  {
    names: ["/delete"],
    argument: "needed",
    usage: "/delete <number>",
    help: "take away for good what you said or shared",
    async run(chat, argument) {
      const target = numberOf(argument, this.usage);
      await chat.session.delete({ room: chat.currentRoom(), target }, chat.asking);
    },
  },
  {
    names: ["/react"],
    argument: "needed",
    usage: "/react <number> <emoji>",
    help: "put an emoji, or a short word, under an entry",
    run(chat, argument) {
      return react(chat, { ...aimed(argument, this.usage), on: true });
    },
  },
  {
    names: ["/unreact"],
    argument: "needed",
    usage: "/unreact <number> <emoji>",
    help: "take it back",
    run(chat, argument) {
      return react(chat, { ...aimed(argument, this.usage), on: false });
    },
  },
  {
    names: ["/topic"],
    argument: "optional",
    usage: "/topic [text]",
    help: 'show what the room is about, or say it; "" takes it away',
    async run(chat, argument) {
      const room = chat.currentRoom();
      if (argument === "") chat.voice.tell(topicLine(chat.topics.of(room)));
      else await chat.session.setTopic(argument === '""' ? "" : argument, room, chat.asking);
    },
  },
  {
    names: ["/search"],
    argument: "needed",
    usage: "/search <words>",
    help: 'find what was said in the room; also "a phrase", beginn*, from:name',
    run: search,
  },
];

async function react(
  chat: Chat,
  { target, text: emoji, on }: { target: number; text: string; on: boolean },
): Promise<void> {
  await chat.session.react({ room: chat.currentRoom(), target, emoji, on }, chat.asking);
}

async function search(chat: Chat, argument: string): Promise<void> {
  const asked = { room: chat.currentRoom(), limit: maxFound, ...readQuery(argument) };
  const { entries, more } = await chat.session.search(asked, chat.asking);
  if (entries.length === 0) chat.voice.tell("* nothing was found");
  if (more) chat.voice.tell(`* these are the newest ${entries.length}; there are more`);
  for (const entry of entries.toReversed()) {
    chat.voice.show(entryLines(entry, chat.place(), { isNumbered: true }));
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

/** A number and what is behind it. @throws ClientError bad-input */
function aimed(argument: string, usage: string): { target: number; text: string } {
  const [number, text] = split(argument, /^(\S+)\s+(.+)$/s, usage);
  return { target: numberOf(number, usage), text };
}

/** 42, or #42. @throws ClientError bad-input */
function numberOf(text: string, usage: string): number {
  const number = /^#?(\d{1,15})$/.exec(text)?.[1];
  if (number === undefined || Number(number) === 0) throw new ClientError("bad-input", `Usage: ${usage}`);
  return Number(number);
}

/** The two parts that a form finds. @throws ClientError bad-input */
function split(argument: string, form: RegExp, usage: string): [string, string] {
  const [, ...parts]: (string | undefined)[] = form.exec(argument) ?? [];
  const [first, second] = parts.filter((part) => part !== undefined);
  if (first === undefined || second === undefined) throw new ClientError("bad-input", `Usage: ${usage}`);
  return [first, second];
}
