// Flags and environment to ClientOptions. Pure: what it reads is passed in, and it neither prints nor exits.

import yargs from "yargs";
import { exitCodes } from "./exit-codes.js";

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
  /** Print the wire's own lines. */
  readonly isJson: boolean;
  /** How long to keep trying while the server is not there, in milliseconds; a terminal that was there tries on. */
  readonly waitMs: number;
}

/** What to run with, what to print instead, or what is wrong in one sentence. */
export type ParsedOptions =
  { readonly options: ClientOptions } | { readonly text: string } | { readonly problem: string };

export interface Given {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
}

const flags = {
  name: { type: "string", describe: "your name; empty for a guest's name (else you are asked)" },
  room: { type: "string", describe: "the room; empty for the lobby (else you are asked)" },
  host: { type: "string", default: "127.0.0.1", describe: "where the server is" },
  port: { type: "number", default: 4040, describe: "its port" },
  downloads: { type: "string", default: "downloads", describe: "folder that files are saved in" },
  "token-file": {
    type: "string",
    describe: "file with the operator's token: who has it may delete anything",
  },
  json: { type: "boolean", default: false, describe: "print the server's own JSON lines, for scripts" },
  wait: { type: "number", default: 60, describe: "seconds to keep trying while the server is not there" },
} as const;

export function parseOptions({ argv, env, version }: Given): ParsedOptions {
  let problem: string | undefined;
  let text = "";
  const parser = yargs()
    .scriptName("node client")
    .usage("$0 [flags]\n\nTalk and share files in a room of a Roomline server.")
    .parserConfiguration({ "duplicate-arguments-array": false, "dot-notation": false })
    .options(flags)
    .config(fromEnvironment(env))
    .epilogue(epilogue())
    .strict()
    .locale("en")
    .wrap(100)
    .version(version)
    .exitProcess(false)
    .fail((message, error) => {
      problem ??= message || error.message;
    });
  const values = parser.parseSync(argv, {}, (_error: unknown, _values: unknown, output: string) => {
    text = output;
  });
  problem ??= faultOf(values);
  if (problem !== undefined) return { problem: `${problem.replace(/\.?$/, ".")} See node client --help.` };
  if (text !== "") return { text };
  const { name, room, host, port, downloads, json, wait, "token-file": tokenFile } = values;
  const token = env.ROOMLINE_TOKEN === "" ? undefined : env.ROOMLINE_TOKEN;
  return {
    options: { name, room, host, port, token, tokenFile, downloads, isJson: json, waitMs: wait * 1000 },
  };
}

function faultOf(values: Record<keyof typeof flags, unknown>): string | undefined {
  const { port, wait, host, downloads, "token-file": tokenFile } = values;
  if (typeof port !== "number" || !Number.isInteger(port) || port < 1 || port > 65_535) {
    return "The port must be a whole number from 1 to 65535";
  }
  if (typeof wait !== "number" || !(wait >= 0 && wait <= 86_400)) {
    return "The seconds to wait must be a number from 0 to 86400";
  }
  if (host === "") return "The host is empty";
  if (tokenFile === "") return "The name of the token's file is empty";
  return downloads === "" ? "The downloads folder is empty" : undefined;
}

/** ROOMLINE_NAME and so on, for every flag. A flag wins over them. */
function fromEnvironment(env: Given["env"]): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [flag, { type }] of Object.entries(flags)) {
    const value = env[`ROOMLINE_${flag.replace("-", "_").toUpperCase()}`];
    if (value === undefined) continue;
    if (type === "string") found[flag] = value;
    else if (type === "number") found[flag] = value.trim() === "" ? Number.NaN : Number(value);
    else found[flag] = value !== "" && value !== "0" && value !== "false";
  }
  return found;
}

function epilogue(): string {
  const codes = Object.values(exitCodes).map(
    ({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`,
  );
  return [
    "Each flag can be set in the environment, too: ROOMLINE_NAME, ROOMLINE_PORT and so on. ROOMLINE_TOKEN is the",
    "operator's token itself.",
    "When the input is not a terminal, its lines are what would be typed: first the name and the room,",
    "unless flags give them. The room goes to stdout, everything else to stderr.",
    "A connection that is lost comes back by itself, and what was typed meanwhile is sent: at a terminal for as",
    "long as you like, else for --wait seconds.",
    `\nExit codes:\n${codes.join("\n")}`,
  ].join("\n");
}
