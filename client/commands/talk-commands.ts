// The commands that say something, a part of the table in commands.ts: to one person, in answer, in the place of what
// was said, or under it.

import type { Chat } from "../chat/chat.js";
import { RoomError } from "../../shared/errors.js";
import { fold } from "../chat/fold.js";
import { foldedLines } from "../chat/render.js";
import { readHistory } from "../session/lists.js";
import { ClientError } from "../failures.js";
import type { Completion } from "../terminal/screen.js";
import type { Command } from "./command.js";
import { completePerson, leadingName, noChoices } from "./names.js";
import {
  aimedText,
  completeTarget,
  isOfOthers,
  isOwn,
  isOwnText,
  isSaid,
  misused,
  targetOf,
} from "./targets.js";

/** Entries of a talk that are shown when one goes on with it. */
const talkCount = 10;

export const talkCommands: readonly Command[] = [
  {
    names: ["/msg"],
    argument: "needed",
    usage: "/msg <name> [text]",
    help: "say something to one person alone; without a text, go on talking with them",
    complete: completePerson,
    async run(chat, argument) {
      const { name, rest } = leadingName(argument) ?? { name: "", rest: "" };
      if (rest === "") await talkWith(chat, name);
      else await chat.session.direct(name, rest, chat.asking);
    },
  },
  {
    names: ["/reply", "/r"],
    argument: "needed",
    usage: "/reply [number] <text>",
    help: "answer the entry of that number, or ^ for the newest; without one, who wrote to you alone last",
    complete(chat, argument) {
      return completeTarget(chat, argument, isOfOthers(chat));
    },
    run: reply,
  },
  {
    names: ["/edit"],
    argument: "needed",
    usage: "/edit <number> <text>",
    help: "say something else in the place of what you said; ^ is the newest, and Tab brings its text",
    complete: completeEdit,
    async run(chat, argument) {
      const edited = aimedText(chat, argument, { usage: this.usage, isSuch: isOwnText(chat) });
      await chat.session.edit({ ...chat.where(), ...edited }, chat.asking);
    },
  },
  {
    names: ["/delete"],
    argument: "needed",
    usage: "/delete <number or file>",
    help: "take away for good what you said or shared",
    complete(chat, argument) {
      return completeTarget(chat, argument, isOwn(chat));
    },
    run: remove,
  },
  {
    names: ["/react"],
    argument: "needed",
    usage: "/react <number> <emoji>",
    help: "put an emoji, or a short word, under an entry",
    complete(chat, argument) {
      return completeTarget(chat, argument, isOfOthers(chat));
    },
    run(chat, argument) {
      return react(chat, argument, { usage: this.usage, on: true });
    },
  },
  {
    names: ["/unreact"],
    argument: "needed",
    usage: "/unreact <number> <emoji>",
    help: "take it back",
    run(chat, argument) {
      return react(chat, argument, { usage: this.usage, on: false });
    },
  },
];

async function talkWith(chat: Chat, name: string): Promise<void> {
  const before = { with: name, count: talkCount };
  const { entries, changes } = await readHistory(chat.session, before, chat.asking);
  chat.goTo({ with: name });
  for (const folded of fold(entries, changes)) chat.voice.show(foldedLines(folded, chat.look()));
}

async function reply(chat: Chat, argument: string): Promise<void> {
  const [, first = "", text = ""] = /^(\S+)\s+(.+)$/s.exec(argument) ?? [];
  const target = targetOf(chat, first, isOfOthers(chat));
  if (target !== undefined) await chat.say(text, target);
  else if (/^#?\d+$|^\^$/.test(argument)) throw misused("/reply [number] <text>");
  else if (chat.lastCorrespondent === undefined) {
    throw new ClientError("bad-input", "Nobody has written to you alone yet. Usage: /reply <number> <text>");
  } else await chat.session.direct(chat.lastCorrespondent, argument, chat.asking);
}

/** The newest of one's own, or that of the number, to be changed where it stands. */
function completeEdit(chat: Chat, argument: string): Completion {
  if (chat.here === undefined || /\s/.test(argument)) return noChoices;
  const isMine = isOwnText(chat);
  const target = argument === "" ? undefined : targetOf(chat, argument, isMine);
  const entry =
    target === undefined
      ? chat.timeline.newest(chat.here, isMine)[0]
      : chat.timeline.newest(chat.here, (entry) => isMine(entry) && entry.seq === target)[0];
  if (entry === undefined || !("text" in entry)) return noChoices;
  return { from: 0, choices: [{ text: `#${entry.seq} ${entry.text ?? ""}` }] };
}

async function remove(chat: Chat, argument: string): Promise<void> {
  const where = chat.where();
  const target = targetOf(chat, argument, isOwn(chat));
  if (target !== undefined) {
    await chat.session.delete({ ...where, target }, chat.asking);
    return;
  }
  if (/^#?\d+$/.test(argument)) throw misused("/delete <number or file>");
  const room = chat.currentRoom();
  const { files } = await chat.session.files({ room, name: argument, limit: 1 }, chat.asking);
  const [file] = files;
  if (file === undefined) throw new RoomError("file-not-found");
  await chat.session.delete({ room, file: file.file }, chat.asking);
}

async function react(
  chat: Chat,
  argument: string,
  { usage, on }: { usage: string; on: boolean },
): Promise<void> {
  const { target, text: emoji } = aimedText(chat, argument, {
    usage,
    isSuch: on ? isOfOthers(chat) : isSaid,
  });
  await chat.session.react({ ...chat.where(), target, emoji, on }, chat.asking);
}
