// Flags and environment to ClientOptions; a first word that is an errand goes to errand-options.ts. Pure: what it reads
// is passed in, and it neither prints nor exits.

import { errandUsages, parseErrand } from "./scripts/errand-options.js";
import { isErrand } from "./scripts/errands.js";
import type { ErrandOptions } from "./scripts/run-errand.js";
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
  /** The folder that files are saved in. */
  readonly downloads: string;
  /** Ring when somebody speaks of us, or to us alone. */
  readonly bell?: boolean;
  /** Print the wire's own lines. */
  readonly isJson: boolean;
  /** How long to keep trying while the server is not there, in milliseconds; a terminal that was there tries on. */
  readonly waitMs: number;
}

/** What to run with, what to print instead, or what is wrong in one sentence. */
export type ParsedOptions =
  | { readonly options: ClientOptions }
  | { readonly errand: ErrandOptions }
  | { readonly completion: "script"; readonly shell: string | undefined }
  | { readonly completion: readonly string[] }
  | { readonly text: string }
  | { readonly problem: string };

export interface Given {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
}

/** Of the client itself; errands have flags of their own. */
export const terminalFlags = {
  name: { type: "string", describe: "your name; empty for a guest's name (else you are asked)" },
  room: { type: "string", describe: "the room; empty for the lobby (else you are asked)" },
  host: addressFlags.host,
  port: addressFlags.port,
  downloads: { type: "string", default: "downloads", describe: "folder that files are saved in" },
  bell: { type: "boolean", default: true, describe: "ring when somebody speaks of you, or to you alone" },
  "token-file": {
    type: "string",
    describe: "file with the operator's token: who has it may delete anything",
  },
  json: { type: "boolean", default: false, describe: "print the server's own JSON lines, for scripts" },
  wait: addressFlags.wait,
} as const;

/** What the script of yargs calls. */
const completionFlag = "--get-yargs-completions";

export function parseOptions(given: Given): ParsedOptions {
  const [word, ...argv] = given.argv;
  if (word === "completion") return parseCompletion(argv);
  if (word === completionFlag) return { completion: argv };
  if (isErrand(word)) return parseErrand(word, { ...given, argv });
  const parser = plainParser(given.version)
    .options(terminalFlags)
    .config(fromEnvironment(terminalFlags, given.env));
  const read = readFlags(parser, given.argv, { above: above(), below: below() });
  if (!("values" in read)) return read;
  const fault = faultOf(read.values);
  if (fault !== undefined) return problemOf(fault);
  const { name, room, host, port, downloads, json, wait, bell } = read.values;
  const { "token-file": tokenFile } = read.values;
  const token = given.env.ROOMLINE_TOKEN === "" ? undefined : given.env.ROOMLINE_TOKEN;
  return {
    options: {
      name,
      room,
      host,
      port,
      token,
      tokenFile,
      downloads,
      bell,
      isJson: json,
      waitMs: wait * 1000,
    },
  };
}

function parseCompletion(argv: readonly string[]): ParsedOptions {
  const [shell] = argv;
  if (argv.length <= 1 && (shell === undefined || shell === "bash" || shell === "zsh"))
    return { completion: "script", shell };
  return problemOf("There is completion for bash and for zsh");
}

function faultOf(
  values: Record<keyof typeof terminalFlags, unknown> & { _: readonly unknown[] },
): string | undefined {
  if (values._.length > 0) return `Unknown argument: ${values._.join(" ")}`;
  const fault = addressFault(values);
  if (fault !== undefined) return fault;
  if (values["token-file"] === "") return "The name of the token's file is empty";
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
