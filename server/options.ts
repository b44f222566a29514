// Flags, environment and config file to ServerOptions, in that order of weight. What it reads is passed in, the
// config file aside; it neither prints nor exits. docs/operations.md has the table.

import yargs from "yargs";

export interface ServerOptions {
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
  /** The folder that everything is kept in. */
  readonly data: string;
  readonly logLevel: LogLevel;
  /** Connections that one address may have. */
  readonly maxPerAddress: number;
}

/** What to run with, what to print instead, or what is wrong in one sentence. */
export type ParsedOptions =
  { readonly options: ServerOptions } | { readonly text: string } | { readonly problem: string };

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
  "log-level": { type: "string", choices: logLevels, default: "error", describe: "what is logged to stderr" },
} as const;

export function parseOptions({ argv, env, version, dataFolder }: Given): ParsedOptions {
  let problem: string | undefined;
  let text = "";
  const parser = yargs()
    .scriptName("node server")
    .usage("$0 [flags]\n\nServes rooms and their files over JSON lines.")
    .parserConfiguration({ "duplicate-arguments-array": false, "dot-notation": false })
    .options(flags)
    .requiresArg(Object.keys(flags))
    .default("data", dataFolder)
    .config("config", "JSON file with any of these flags")
    .epilogue("Each flag can be set in the environment, too: ROOMLINE_PORT, ROOMLINE_LOG_LEVEL and so on.")
    .strict()
    .locale("en")
    .wrap(100)
    .version(version)
    .exitProcess(false)
    .fail((message, error) => {
      problem ??= message || error.message;
    });
  const all = [...fromEnvironment(env), ...argv];
  const values = parser.parseSync(all, {}, (_error: unknown, _values: unknown, output: string) => {
    text = output;
  });
  problem ??= faultOf(values);
  if (problem !== undefined) {
    const sentence = problem
      .trim()
      .replace(/\s*\n\s*/g, " ")
      .replace(/\.?$/, ".");
    return { problem: `${sentence} See node server --help.` };
  }
  if (text !== "") return { text };
  const { host, port, data, logLevel, maxPerAddress } = values;
  const options = { host, port: Number(port), data, logLevel };
  return { options: { ...options, maxPerAddress: Number(maxPerAddress) || Infinity } };
}

function faultOf({ host, port, data, maxPerAddress }: Record<string, unknown>): string | undefined {
  // A string, because yargs takes an empty one for the number 0.
  if (!/^\d{1,5}$/.test(String(port)) || Number(port) > 65_535) {
    return "The port must be a whole number from 0 to 65535";
  }
  if (!/^\d{1,9}$/.test(String(maxPerAddress))) return "The connections of an address must be a whole number";
  if (typeof host !== "string" || host === "") return "The host is empty";
  return typeof data !== "string" || data === "" ? "The data folder is empty" : undefined;
}

/** ROOMLINE_HOST and so on, as flags that the real ones come after. Other variables are not ours. */
function fromEnvironment(env: Given["env"]): string[] {
  return [...Object.keys(flags), "config"].flatMap((flag) => {
    const value = env[`ROOMLINE_${flag.replaceAll("-", "_").toUpperCase()}`];
    return value === undefined ? [] : [`--${flag}=${value}`];
  });
}
