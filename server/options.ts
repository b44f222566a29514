// Flags, environment and config file to ServerOptions, in that order of weight; a first word that is a command goes to
// commands.ts. What it reads is passed in, the config file aside; it neither prints nor exits. docs/operations.md has
// the tables.

import { lastOf, plainParser, readArguments, type Outcome, type Values } from "./arguments.js";
import { commands, isCommand, parseCommand, type Command } from "./commands.js";
import type { Retention } from "./engine.js";
import { parseFileBounds, type FileBounds } from "./file-bounds.js";
import { parseRetention } from "./keep.js";

export interface ServerOptions {
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
  /** The folder that everything is kept in. */
  readonly data: string;
  readonly logLevel: LogLevel;
  /** Connections that one address may have. */
  readonly maxPerAddress: number;
  /** What of the rooms is kept. */
  readonly retention: Retention;
  /** How much files may take. */
  readonly fileBounds: FileBounds;
}

/** What to run, what to print instead, or what is wrong in one sentence. */
export type ParsedOptions = Outcome<{ readonly options: ServerOptions } | { readonly command: Command }>;

export interface Given {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** The default of `--data`. */
  readonly dataFolder: string;
}

const logLevels = ["silent", "error", "warn", "info"] as const;
export type LogLevel = (typeof logLevels)[number];

const flags = {
  host: { type: "string", default: "127.0.0.1", describe: "address to listen on" },
  port: { type: "string", default: "4040", describe: "TCP port; 0 lets the system choose" },
  data: { type: "string", describe: "folder that everything is kept in" },
  "max-per-address": {
    type: "string",
    default: "1000",
    describe: "connections that one address may have; 0 for any number, and this machine always has",
  },
  "keep-age": { type: "string", describe: "how old entries become: 90m, 12h, 30d, 8w, 1y" },
  "keep-entries": { type: "string", describe: "how many entries a room keeps" },
  "keep-bytes": { type: "string", describe: "how much a room keeps, its files counted: 500MB, 2GiB" },
  // No type, for yargs takes any text for false; no default, for it takes that when there is no text.
  "keep-files": { describe: "files stay when their entry goes" },
  "keep-room": {
    type: "string",
    describe:
      "what one room keeps instead, as in lab/age=7d,entries=1000,bytes=1GiB,files; may be given again",
  },
  "max-file": { type: "string", describe: "how large a file may be: 500MB, 2GiB; else 10GiB" },
  "max-room-files": { type: "string", describe: "how much all files of a room may take" },
  "max-sender-files": { type: "string", describe: "how much all files of one sender may take" },
  "min-free": { type: "string", describe: "how much room files leave on the disk" },
  "log-level": { type: "string", choices: logLevels, default: "error", describe: "what is logged to stderr" },
} as const;

export function parseOptions(given: Given): ParsedOptions {
  const [word, ...argv] = given.argv;
  if (isCommand(word)) return parseCommand({ ...given, name: word, argv });
  let options: ServerOptions | undefined;
  const args = [...fromEnvironment(given), ...given.argv];
  const outcome = readArguments(parserOf(given), args, (values) => {
    const fault = faultOf(values);
    if (fault !== undefined) return fault;
    try {
      options = optionsOf(values);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  });
  if ("problem" in outcome) return { problem: `${outcome.problem} See node server --help.` };
  if ("text" in outcome || options === undefined) return { text: "text" in outcome ? outcome.text : "" };
  return { options };
}

function parserOf({ version, dataFolder }: Given) {
  const list = Object.entries(commands).map(
    ([name, { words, describe }]) => `  ${`$0 ${name} ${words}`.trimEnd().padEnd(20)}  ${describe}`,
  );
  return plainParser({ scriptName: "node server", version })
    .usage(`$0 [flags]\n\nServes rooms and their files over JSON lines.\n\nCommands:\n${list.join("\n")}`)
    .options(flags)
    .requiresArg(Object.keys(flags).filter((flag) => flag !== "keep-files"))
    .default("data", dataFolder)
    .config("config", "JSON file with any of these flags")
    .epilogue(
      "Each flag can be set in the environment, too: ROOMLINE_PORT, ROOMLINE_LOG_LEVEL and so on. " +
        "Each command has flags of its own: node server export --help.",
    );
}

function optionsOf(values: Values): ServerOptions {
  const last = (flag: string) => lastOf(values[flag]);
  // In a config file a number may be one.
  const text = (flag: string) => (last(flag) === undefined ? undefined : String(last(flag)));
  const rooms = values["keep-room"] ?? [];
  return {
    host: String(last("host")),
    port: Number(last("port")),
    data: String(last("data")),
    logLevel: logLevels.find((level) => level === last("log-level")) ?? "error",
    maxPerAddress: Number(last("max-per-address")) || Infinity,
    retention: parseRetention({
      age: text("keep-age"),
      entries: text("keep-entries"),
      bytes: text("keep-bytes"),
      files: last("keep-files"),
      rooms: (Array.isArray(rooms) ? rooms : [rooms]).map(String),
    }),
    fileBounds: parseFileBounds({
      file: text("max-file"),
      room: text("max-room-files"),
      sender: text("max-sender-files"),
      free: text("min-free"),
    }),
  };
}

function faultOf(values: Values): string | undefined {
  const [host, data] = [lastOf(values.host), lastOf(values.data)];
  // A string, because yargs takes an empty one for the number 0.
  const port = String(lastOf(values.port));
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    return "The port must be a whole number from 0 to 65535";
  }
  if (!/^\d{1,9}$/.test(String(lastOf(values["max-per-address"])))) {
    return "The connections of an address must be a whole number";
  }
  if (typeof host !== "string" || host === "") return "The host is empty";
  return typeof data !== "string" || data === "" ? "The data folder is empty" : undefined;
}

/** ROOMLINE_HOST and so on, as flags that the real ones come after. Other variables are not ours. */
function fromEnvironment({ argv, env }: Given): string[] {
  return [...Object.keys(flags), "config"].flatMap((flag) => {
    const value = env[`ROOMLINE_${flag.replaceAll("-", "_").toUpperCase()}`];
    if (value === undefined) return [];
    if (flag !== "keep-room") return [`--${flag}=${value}`];
    // Those of the command line are not added to these, but stand instead.
    if (argv.some((argument) => /^--keep-?room(=|$)/i.test(argument))) return [];
    return value
      .split(";")
      .filter((line) => line.trim() !== "")
      .map((line) => `--${flag}=${line.trim()}`);
  });
}
