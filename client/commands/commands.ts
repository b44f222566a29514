// Everything that a person may type besides messages, in one table: the help screen is printed from it and
// typed.ts finds commands in it. Names are matched without case, at the beginning of a line.

import { join } from "node:path";
import { RoomError } from "../../shared/errors.js";
import type { Chat } from "../chat/chat.js";
import type { Command } from "./command.js";
import { download, type Saved } from "../transfer/download.js";
import { entryCommands } from "./entry-commands.js";
import { ClientError } from "../failures.js";
import { fold } from "../chat/fold.js";
import { listFiles, listRooms, listUsers, readHistory } from "../session/lists.js";
import { fileLine, foldedLines, roomLine, transferredLine } from "../chat/render.js";
import { upload } from "../transfer/upload.js";
import { visibleLine } from "../chat/visible.js";

const defaultHistoryCount = 20;
const maxHistoryCount = 10_000;

export const commands: readonly Command[] = [
  {
    names: ["upload:", "/upload", "/send", "sendfile"],
    argument: "needed",
    usage: "upload: <path>",
    help: "share a file with the room (also sendfile, /send)",
    runsBeside: true,
    async run(chat, argument) {
      const path = localPath(argument, chat.options.home);
      const entry = await chat.transfer((options) => upload(chat.session, path, options));
      chat.voice.tell(transferredLine("uploaded", entry));
    },
  },
  {
    names: ["download:", "/download"],
    argument: "needed",
    usage: "download: <name>",
    help: "save a file of the room in the downloads folder",
    runsBeside: true,
    async run(chat, argument) {
      const saved = await fetchNamed(chat, argument);
      chat.voice.tell(transferredLine("saved", { ...saved.file, name: saved.path }));
    },
  },
  {
    names: ["/files"],
    argument: "none",
    usage: "/files",
    help: "list the files of the room",
    async run(chat) {
      const files = await listFiles(chat.session, chat.currentRoom(), chat.asking);
      if (files.length === 0) chat.voice.tell("* no files yet");
      for (const file of files.reverse()) chat.voice.show(fileLine(file, new Date()));
    },
  },
  {
    names: ["/users", "/who"],
    argument: "none",
    usage: "/users",
    help: "list who is in the room",
    async run(chat) {
      const users = await listUsers(chat.session, chat.currentRoom(), chat.asking);
      for (const user of users) chat.voice.show(visibleLine(user));
    },
  },
  {
    names: ["/rooms"],
    argument: "none",
    usage: "/rooms",
    help: "list the server's rooms",
    async run(chat) {
      for (const room of await listRooms(chat.session, chat.asking)) chat.voice.show(roomLine(room));
    },
  },
  {
    names: ["/history"],
    argument: "optional",
    usage: "/history [count]",
    help: `show the last ${defaultHistoryCount}, or so many, entries of the room, with their numbers`,
    async run(chat, argument) {
      const wanted = { room: chat.currentRoom(), count: historyCount(argument) };
      const { entries, changes } = await readHistory(chat.session, wanted, chat.asking);
      if (entries.length === 0) chat.voice.tell("* nothing was said here yet");
      for (const folded of fold(entries, changes)) chat.voice.show(foldedLines(folded, chat.place()));
    },
  },
  ...entryCommands,
  {
    names: ["/join"],
    argument: "needed",
    usage: "/join <room>",
    help: "go to a room; you stay in the others and hear them",
    async run(chat, argument) {
      chat.enter(await chat.session.join(argument, { ...chat.asking, ...chat.options.beginning }));
    },
  },
  {
    names: ["/leave"],
    argument: "none",
    usage: "/leave",
    help: "leave the room",
    async run(chat) {
      const { room } = await chat.session.leave(chat.currentRoom(), chat.asking);
      chat.room = [...chat.session.positions.keys()].at(-1);
      const where = chat.room === undefined ? "in no room; /join one" : `in ${visibleLine(chat.room)}`;
      chat.voice.tell(`* you have left ${visibleLine(room)} and are ${where}`);
    },
  },
  {
    names: ["/help", "/?"],
    argument: "none",
    usage: "/help",
    help: "show this",
    run(chat) {
      for (const line of helpLines()) chat.voice.tell(line);
    },
  },
  {
    names: ["/quit", "/exit", "exit"],
    argument: "none",
    usage: "/quit",
    help: "leave the server (also exit)",
    run(chat) {
      chat.isOver = true;
    },
  },
];

export function helpLines(): string[] {
  const width = Math.max(...commands.map(({ usage }) => usage.length));
  return [
    ...commands.map(({ usage, help }) => `  ${usage.padEnd(width)}  ${help}`),
    `  ${"//text".padEnd(width)}  say something that begins with /`,
    "  Everything else is a message. A path may have blanks, quotes around it, and ~ for your home.",
  ];
}

// As it stands first, because quotes may be part of a name; then without those that somebody put around it.
async function fetchNamed(chat: Chat, typed: string): Promise<Saved> {
  const { folder } = chat.options;
  const fetch = (name: string) =>
    chat.transfer((options) => download(chat.session, { name }, { ...options, folder }));
  try {
    return await fetch(typed);
  } catch (error) {
    const isUnknown = error instanceof RoomError && error.code === "file-not-found";
    if (!isUnknown || unquoted(typed) === typed) throw error;
    return fetch(unquoted(typed));
  }
}

function historyCount(argument: string): number {
  if (argument === "") return defaultHistoryCount;
  const amount = /^\d{1,6}$/.test(argument) ? Number(argument) : 0;
  if (amount >= 1 && amount <= maxHistoryCount) return amount;
  throw new ClientError("bad-input", `The count is a number from 1 to ${maxHistoryCount}.`);
}

/** A path as it was typed or dropped here. */
function localPath(typed: string, home: string): string {
  const path = unquoted(typed);
  return path === "~" || path.startsWith("~/") ? join(home, path.slice(1)) : path;
}

function unquoted(text: string): string {
  return /^(["'])(.+)\1$/s.exec(text)?.[2] ?? text;
}
