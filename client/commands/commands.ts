// Everything that a person may type besides messages, in one table: the help screen is printed from it and
// typed.ts finds commands in it. Names are matched without case, at the beginning of a line.

import { join } from "node:path";
import { RoomError } from "../../shared/errors.js";
import type { Chat } from "../chat/chat.js";
import type { Command } from "./command.js";
import { download, type Saved } from "../transfer/download.js";
import { lookupCommands } from "./lookup-commands.js";
import { startingWith } from "./names.js";
import { roomCommands } from "./room-commands.js";
import { talkCommands } from "./talk-commands.js";
import { misused } from "./targets.js";
import { ClientError } from "../failures.js";
import { listFiles } from "../session/lists.js";
import { fileLine, transferredLine } from "../chat/render.js";
import { upload } from "../transfer/upload.js";
import { visibleLine } from "../chat/visible.js";

export const commands: readonly Command[] = [
  {
    names: ["upload:", "/upload", "/send", "sendfile"],
    argument: "needed",
    usage: "upload: <path>",
    help: "share a file with the room (also sendfile, /send)",
    runsBeside: true,
    async run(chat, argument) {
      const path = localPath(argument, chat.options.home);
      const entry = await chat.transfers.run(chat.currentRoom(), (options) =>
        upload(chat.session, path, options),
      );
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
  ...roomCommands,
  ...talkCommands,
  ...lookupCommands,
  {
    names: ["/bell"],
    argument: "optional",
    usage: "/bell [on|off]",
    help: "ring when somebody speaks of you, or to you alone, or do not",
    complete: (_chat, argument) => ({
      from: 0,
      choices: startingWith(["on", "off"], argument).map((text) => ({ text })),
    }),
    run(chat, argument) {
      if (!["", "on", "off"].includes(argument)) throw misused(this.usage);
      chat.rings = argument === "" ? !chat.rings : argument === "on";
      chat.voice.tell(chat.rings ? "* the bell is on" : "* the bell is off");
    },
  },
  {
    names: ["/help", "/?"],
    argument: "optional",
    usage: "/help [command]",
    help: "show this, or one of these",
    complete: (_chat, argument) => ({
      from: 0,
      choices: startingWith(allNames(), argument).map((text) => ({ text })),
    }),
    run(chat, argument) {
      for (const line of argument === "" ? helpLines() : helpOf(argument)) chat.voice.tell(line);
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

/** Of one command, with or without its slash. @throws ClientError bad-input when there is none */
function helpOf(typed: string): string[] {
  const word = typed.toLowerCase();
  const command = commands.find(({ names }) =>
    names.some((name) => [word, `/${word}`, `${word}:`].includes(name)),
  );
  if (command === undefined)
    throw new ClientError("bad-input", `There is no command ${visibleLine(typed)}; /help lists them.`);
  const { usage, help, names } = command;
  const others = names.filter((name) => !usage.startsWith(name));
  return [`  ${usage}`, `  ${help}`, ...(others.length === 0 ? [] : [`  Also: ${others.join(", ")}`])];
}

function allNames(): string[] {
  return commands.flatMap(({ names }) => names);
}

// As it stands first, because quotes may be part of a name; then without those that somebody put around it.
async function fetchNamed(chat: Chat, typed: string): Promise<Saved> {
  const { folder } = chat.options;
  const fetch = (name: string) =>
    chat.transfers.run(chat.currentRoom(), (options) =>
      download(chat.session, { name }, { ...options, folder }),
    );
  try {
    return await fetch(typed);
  } catch (error) {
    const isUnknown = error instanceof RoomError && error.code === "file-not-found";
    if (!isUnknown || unquoted(typed) === typed) throw error;
    return fetch(unquoted(typed));
  }
}

/** A path as it was typed or dropped here. */
function localPath(typed: string, home: string): string {
  const path = unquoted(typed);
  return path === "~" || path.startsWith("~/") ? join(home, path.slice(1)) : path;
}

function unquoted(text: string): string {
  return /^(["'])(.+)\1$/s.exec(text)?.[2] ?? text;
}
