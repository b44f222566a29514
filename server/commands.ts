// The operator's commands, as they are typed: their words and flags to a Command. What they do is an engine's; main.ts
// brings the two together. Called by options.ts when the first word is one of them.

import { readFileSync } from "node:fs";
import type { Argv, Options } from "yargs";
import { RoomError } from "../shared/errors.js";
import { parseRoomName, type Name } from "../shared/names.js";
import { lastOf, plainParser, readArguments, type Outcome, type Values } from "./arguments.js";

export type Command =
  | {
      readonly name: "export";
      readonly data: string;
      readonly room: Name;
      /** The file to make; undefined for stdout. */
      readonly out: string | undefined;
      /** The folder that blobs are copied to. */
      readonly files: string | undefined;
    }
  | {
      readonly name: "import";
      readonly data: string;
      /** The file to read; `-` for stdin. */
      readonly file: string;
      /** What the room is called here; undefined for what it was called. */
      readonly room: Name | undefined;
      /** The folder that blobs are in. */
      readonly files: string | undefined;
    }
  | { readonly name: "backup"; readonly data: string; readonly folder: string }
  | { readonly name: "check"; readonly data: string };

export type CommandName = Command["name"];

interface Usage {
  /** The words after the command's name, as yargs writes them. */
  readonly words: string;
  readonly describe: string;
  readonly positionals: Readonly<Record<string, string>>;
  readonly flags: Readonly<Record<string, Options>>;
}

export const commands: Readonly<Record<CommandName, Usage>> = {
  export: {
    words: "<room>",
    describe: "writes a room as lines of JSON",
    positionals: { room: "the room" },
    flags: {
      out: { type: "string", describe: "file to make; else it goes to stdout" },
      files: { type: "string", describe: "folder that the room's files are copied to, under their SHA-256" },
    },
  },
  import: {
    words: "<file>",
    describe: "makes a room of what export wrote",
    positionals: { file: "what export wrote; - for stdin" },
    flags: {
      room: { type: "string", describe: "another name for the room" },
      files: { type: "string", describe: "folder that has the room's files, as export made it" },
    },
  },
  backup: {
    words: "<folder>",
    describe: "copies everything, also while the server runs",
    positionals: { folder: "folder to make" },
    flags: {},
  },
  check: {
    words: "",
    describe: "holds database and files against each other, also while the server runs",
    positionals: {},
    flags: {},
  },
};

export function isCommand(word: string | undefined): word is CommandName {
  return word !== undefined && Object.hasOwn(commands, word);
}

export interface GivenCommand {
  readonly name: CommandName;
  /** What comes after the name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly dataFolder: string;
}

export function parseCommand(given: GivenCommand): Outcome<{ readonly command: Command }> {
  let command: Command | undefined;
  const words = given.argv.map((word) => (word === "-" ? dash : word));
  const outcome = readArguments(parserOf(given), [...fromEnvironment(given.env), ...words], (values) => {
    try {
      command = commandOf(given.name, values);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  });
  if ("problem" in outcome) return { problem: `${outcome.problem} See node server ${given.name} --help.` };
  if ("text" in outcome || command === undefined) return { text: "text" in outcome ? outcome.text : "" };
  return { command };
}

/** Stands for a dash alone, of which yargs makes nothing; no argument can have this character. */
const dash = "\0";

function parserOf({ name, version, dataFolder }: GivenCommand): Argv {
  const { words, describe, positionals, flags } = commands[name];
  const data = {
    type: "string",
    describe: "folder that everything is kept in",
    default: dataFolder,
  } as const;
  const own = { ...flags, data };
  return plainParser({ scriptName: `node server ${name}`, version })
    .command(`$0 ${words}`.trimEnd(), sentence(describe), (parser) => {
      for (const [word, what] of Object.entries(positionals)) {
        parser.positional(word, { type: "string", describe: what, demandOption: true });
      }
      return parser;
    })
    .options(own)
    .requiresArg(Object.keys(own))
    .config("config", "the server's config file; only its data folder counts here", dataOfConfig)
    .epilogue("ROOMLINE_DATA in the environment names the data folder, too.");
}

function commandOf(name: CommandName, values: Values): Command {
  const data = textOf(values.data, "The data folder");
  const optional = (value: unknown, what: string) => (value === undefined ? undefined : textOf(value, what));
  const files = optional(values.files, "The folder for files");
  switch (name) {
    case "export":
      return {
        name,
        data,
        files,
        room: roomOf(values.room),
        out: optional(values.out, "The name of the file"),
      };
    case "import": {
      const room = values.room === undefined ? undefined : roomOf(values.room);
      return { name, data, files, room, file: textOf(values.file, "The name of the file") };
    }
    case "backup":
      return { name, data, folder: textOf(values.folder, "The folder") };
    case "check":
      return { name, data };
  }
}

function textOf(value: unknown, what: string): string {
  const text = lastOf(value);
  if (text === dash) return "-";
  if (typeof text === "string" && text !== "") return text;
  throw new Error(`${what} is empty`);
}

function roomOf(value: unknown): Name {
  try {
    return parseRoomName(String(lastOf(value)));
  } catch (error) {
    throw error instanceof RoomError ? new Error(error.message, { cause: error }) : error;
  }
}

// What else a config file or the environment says is for the server that serves.
function dataOfConfig(path: string): { data?: unknown } {
  try {
    const config: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof config === "object" && config !== null && "data" in config ? { data: config.data } : {};
  } catch (error) {
    throw new Error(`The config file ${path} cannot be read`, { cause: error });
  }
}

function fromEnvironment({ ROOMLINE_DATA: data, ROOMLINE_CONFIG: config }: GivenCommand["env"]): string[] {
  return [
    ...(data === undefined ? [] : [`--data=${data}`]),
    ...(config === undefined ? [] : [`--config=${config}`]),
  ];
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
