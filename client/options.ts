// Flags and environment to ClientOptions; a first word that is an errand goes to errand-options.ts. Pure: what it reads
// is passed in, and it neither prints nor exits.

import { bytesOf } from "../shared/units.js";
import { errandUsages, isErrand, parseErrand } from "./scripts/errand-options.js";
import type { ErrandOptions } from "./scripts/errands.js";
import { exitCodes } from "./exit-codes.js";
import { addressFault, addressFlags, fromEnvironment, plainParser, problemOf, readFlags } from "./flags.js";

export interface ClientOptions {
  /** Undefined: ask. Empty: the server gives a guest's name. */
  readonly name: string | undefined;
  /** Undefined: ask. Empty: the lobby. */
  readonly room: string | undefined;
  readonly host: string;
  readonly port: number;
  /** The operator's secret, of which no command line may tell. */
  readonly token?: string | undefined;
  /** A file that holds it instead. */
  readonly tokenFile?: string | undefined;
  /** Ask for the operator's secret, without showing it. */
  readonly asksToken?: boolean;
  /** The folder that files are saved in. */
  readonly downloads: string;
  /** Save what others share by itself, up to this size in bytes; undefined: nothing. */
  readonly autoDownloadBytes?: number | undefined;
  /** Show the images that are shared. */
  readonly previews?: boolean;
  /** Ring when somebody speaks of us, or to us alone. */
  readonly bell?: boolean;
  /** Start a server on this machine if none answers. */
  readonly serve?: boolean;
  /** What is remembered between runs is in this file; the usual one when left out. */
  readonly configFile?: string | undefined;
  /** Print the wire's own lines. */
  readonly isJson: boolean;
  /** How long to keep trying while the server is not there, in milliseconds; a terminal that was there tries on. */
  readonly waitMs: number;
}

/** What to run with, what to print instead, or what is wrong in one sentence. */
export type ParsedOptions =
  | { readonly options: ClientOptions }
  | { readonly errand: ErrandOptions }
  | { readonly text: string }
  | { readonly problem: string };

export interface Given {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
}

const flags = {
  name: { type: "string", describe: "your name; empty for a guest's name (else you are asked)" },
  room: { type: "string", describe: "the room; empty for the lobby (else you are asked)" },
  host: addressFlags.host,
  port: addressFlags.port,
  serve: { type: "boolean", default: false, describe: "start a server on this machine if none answers" },
  downloads: { type: "string", default: "downloads", describe: "folder that files are saved in" },
  "auto-download": {
    type: "string",
    describe: "save what others share by itself, up to this size: 500kB, 20MB",
  },
  previews: { type: "boolean", default: false, describe: "show the images that are shared" },
  bell: { type: "boolean", default: true, describe: "ring when somebody speaks of you, or to you alone" },
  config: { type: "string", describe: "JSON file with any of these flags; remembers who and where you were" },
  "ask-token": { type: "boolean", default: false, describe: "ask for the operator's token" },
  "token-file": {
    type: "string",
    describe: "file with the operator's token: who has it may delete anything",
  },
  json: { type: "boolean", default: false, describe: "print the server's own JSON lines, for scripts" },
  wait: addressFlags.wait,
} as const;

export function parseOptions(given: Given): ParsedOptions {
  const [word, ...argv] = given.argv;
  if (isErrand(word)) return parseErrand(word, { ...given, argv });
  const parser = plainParser(given.version).options(flags).config(fromEnvironment(flags, given.env));
  const read = readFlags(parser, given.argv, { above: above(), below: below() });
  if (!("values" in read)) return read;
  const fault = faultOf(read.values);
  if (fault !== undefined) return problemOf(fault);
  const { name, room, host, port, downloads, json, wait, previews, bell, serve } = read.values;
  const { "token-file": tokenFile, "ask-token": asksToken, "auto-download": autoDownload } = read.values;
  const token = given.env.ROOMLINE_TOKEN === "" ? undefined : given.env.ROOMLINE_TOKEN;
  return {
    options: {
      name,
      room,
      host,
      port,
      token,
      tokenFile,
      asksToken,
      downloads,
      autoDownloadBytes: autoDownload === undefined ? undefined : bytesOf(autoDownload, "--auto-download"),
      previews,
      bell,
      serve,
      configFile: read.values.config,
      isJson: json,
      waitMs: wait * 1000,
    },
  };
}

function faultOf(
  values: Record<keyof typeof flags, unknown> & { _: readonly unknown[] },
): string | undefined {
  if (values._.length > 0) return `Unknown argument: ${values._.join(" ")}`;
  const fault = addressFault(values);
  if (fault !== undefined) return fault;
  if (values["token-file"] === "") return "The name of the token's file is empty";
  if (values.config === "") return "The name of the config file is empty";
  const { "auto-download": autoDownload } = values;
  if (typeof autoDownload === "string") {
    try {
      bytesOf(autoDownload, "--auto-download");
    } catch (error) {
      if (error instanceof Error) return error.message;
      throw error;
    }
  }
  return values.downloads === "" ? "The downloads folder is empty" : undefined;
}

function above(): string {
  const [usage, about] = ["node client [flags]", "Talk and share files in a room of a Roomline server."];
  return `${usage}\n\n${about}\n\nCommands:\n${errandUsages()}`;
}

function below(): string {
  const codes = Object.values(exitCodes).map(
    ({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`,
  );
  return [
    "Each flag can be set in the environment, too: ROOMLINE_NAME, ROOMLINE_PORT and so on.",
    "ROOMLINE_TOKEN is the operator's token itself. Commands have flags of their own, such as --as for",
    "your name: node client upload --help.",
    "When the input is not a terminal, its lines are what would be typed: first the name and the room,",
    "unless flags give them. The room goes to stdout, everything else to stderr.",
    "A connection that is lost comes back by itself, and what was typed meanwhile is sent: at a terminal",
    "for as long as you like, else for --wait seconds.",
    `\nExit codes:\n${codes.join("\n")}`,
  ].join("\n");
}
