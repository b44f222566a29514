// The client's errands as they are typed: their words and flags to ErrandOptions. Called by options.ts when the first
// word is one of them. `--name` is what a file is called, so that whoever runs an errand says `--as`.

import type { DownloadErrand, ErrandOptions } from "./errands.js";
import {
  addressFault,
  addressFlags,
  fromEnvironment,
  plainParser,
  problemOf,
  readFlags,
  type GivenFlags,
  type HelpTexts,
} from "../flags.js";
import type { ParsedOptions } from "../options.js";

type ErrandName = ErrandOptions["errand"]["kind"];

const usages: Readonly<Record<ErrandName, { words: string; describe: string }>> = {
  upload: { words: "PATH...", describe: "shares files, whole folders, or with - what comes from stdin" },
  download: { words: "NAME...", describe: "saves files of the room, or writes one to stdout" },
};

const shared = {
  as: { type: "string", default: "", describe: "your name; else a guest's" },
  room: { type: "string", default: "", describe: "the room; else the lobby" },
  ...addressFlags,
} as const;

const uploadFlags = {
  name: { type: "string", describe: "what the file is called in the room; needed for what comes from stdin" },
  ...shared,
} as const;

const downloadFlags = {
  out: { type: "string", describe: "folder to save in, the file to make, or - for stdout; else --downloads" },
  version: { type: "number", describe: "which version of the file; else the newest" },
  file: { type: "string", describe: "id of the file, in the place of a name" },
  downloads: { type: "string", default: "downloads", describe: "folder that files are saved in" },
  ...shared,
} as const;

/** Flags that are no settings: no variable of the environment stands for them. */
const variables = { as: "NAME", name: "", out: "", version: "", file: "" };

export function isErrand(word: string | undefined): word is ErrandName {
  return word !== undefined && Object.hasOwn(usages, word);
}

export function errandUsages(): string {
  return Object.entries(usages)
    .map(([name, { words, describe }]) => `  ${`node client ${name} ${words}`.padEnd(28)}  ${describe}`)
    .join("\n");
}

export function parseErrand(name: ErrandName, given: GivenFlags): ParsedOptions {
  return name === "upload" ? parseUpload(given) : parseDownload(given);
}

function parseUpload(given: GivenFlags): ParsedOptions {
  const config = fromEnvironment(uploadFlags, given.env, variables);
  const texts = textsOf("upload", "The files of a folder are shared one by one, as folder__inner__file.txt.");
  const read = readFlags(plainParser(given.version).options(uploadFlags).config(config), given.argv, texts);
  if (!("values" in read)) return read;
  const { name } = read.values;
  const paths = read.values._.map(String);
  const fault = uploadFault(paths, name) ?? addressFault(read.values);
  if (fault !== undefined) return problemOf(fault);
  return { errand: { errand: { kind: "upload", paths, name }, ...settingsOf(read.values) } };
}

function uploadFault(paths: readonly string[], name: string | undefined): string | undefined {
  if (paths.length === 0) return "Say what to upload: a path, or - for stdin";
  if (name === "") return "The name of the file is empty";
  if (name !== undefined && paths.length > 1) return "One name cannot be that of several files";
  if (!paths.includes("-")) return undefined;
  if (paths.length > 1) return "What comes from stdin is uploaded alone";
  return name === undefined ? "What comes from stdin needs a --name" : undefined;
}

function parseDownload(given: GivenFlags): ParsedOptions {
  const config = fromEnvironment(downloadFlags, given.env, variables);
  const texts = textsOf(
    "download",
    "What was broken off is gone on with. A file that is there is never touched.",
  );
  const parser = plainParser(undefined).options(downloadFlags).config(config);
  const read = readFlags(parser, withOut(given.argv), texts);
  if (!("values" in read)) return read;
  const { version, file, out, downloads } = read.values;
  const errand = {
    kind: "download",
    names: read.values._.map(String),
    version,
    file,
    out,
    downloads,
  } as const;
  const fault = downloadFault(errand) ?? addressFault(read.values);
  if (fault !== undefined) return problemOf(fault);
  return { errand: { errand, ...settingsOf(read.values) } };
}

// yargs takes a lone hyphen for no value.
function withOut(argv: readonly string[]): string[] {
  return argv.flatMap((word, at) => {
    if (word === "-" && argv[at - 1] === "--out") return [];
    return word === "--out" && argv[at + 1] === "-" ? ["--out=-"] : [word];
  });
}

function downloadFault({ names, version, file, out, downloads }: DownloadErrand): string | undefined {
  const count = names.length + (file === undefined ? 0 : 1);
  if (count === 0) return "Say what to download: a name, or --file and an id";
  if (version !== undefined && !(Number.isSafeInteger(version) && version >= 1))
    return "The version must be a whole number from 1";
  if (version !== undefined && (count > 1 || file !== undefined)) return "A version is that of one name";
  if (out === "-" && count > 1) return "Only one file can go to stdout";
  return out === "" || downloads === "" ? "The place to save in is empty" : undefined;
}

function settingsOf(values: {
  as: string;
  room: string;
  host: string;
  port: number;
  wait: number;
}): Omit<ErrandOptions, "errand"> {
  const { as: name, room, host, port, wait } = values;
  return { name, room, host, port, waitMs: wait * 1000 };
}

function textsOf(name: ErrandName, more: string): HelpTexts {
  const { words, describe } = usages[name];
  const about = describe.replace(/^./, (letter) => letter.toUpperCase());
  return {
    above: `node client ${name} ${words} [flags]\n\n${about}.`,
    below: `${more}\nExit codes are those of node client --help.`,
  };
}
