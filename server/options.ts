// Flags, environment (ROOMLINE_PORT ...) and a config file to ServerOptions; pure. The table of flags in
// docs/operations.md is held against this file.

import yargs from "yargs";

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly data: string;
  readonly logLevel: LogLevel;
}

/** What the command line asks for: to serve, or to print a text and end with a code. */
export type Command =
  { readonly serve: ServerOptions } | { readonly print: string; readonly exitCode: 0 | 2 };

const logLevels = ["silent", "error", "warn", "info"] as const;
export type LogLevel = (typeof logLevels)[number];
const defaultLogLevel: LogLevel = "error";

/** @param dataFolder the default of `--data` */
export async function parseServerOptions(
  argv: readonly string[],
  defaults: { dataFolder: string; version: string },
): Promise<Command> {
  let printed = "";
  let fault: string | undefined;
  const parser = yargs([])
    .scriptName("node server")
    .usage("$0 [flags]\n\nServes rooms and their files over JSON lines.")
    .option("host", {
      type: "string",
      default: "127.0.0.1",
      requiresArg: true,
      describe: "Address to listen on",
    })
    .option("port", {
      type: "string",
      default: "4040",
      requiresArg: true,
      describe: "TCP port; 0 lets the system choose",
    })
    .option("data", {
      type: "string",
      default: defaults.dataFolder,
      requiresArg: true,
      describe: "Folder that everything is kept in",
    })
    .option("log-level", {
      choices: logLevels,
      default: defaultLogLevel,
      requiresArg: true,
      describe: "What is logged to stderr",
    })
    .config("config", "JSON file with any of these flags")
    .env("ROOMLINE")
    .version(defaults.version)
    .help()
    .strict()
    .exitProcess(false)
    .fail((message, error) => {
      fault = message || error.message;
    });
  const args = await parser.parseAsync(argv.slice(), {}, (_error, _argv, output) => {
    printed = output;
  });
  if (fault !== undefined) return { print: `${fault}. See node server --help.`, exitCode: 2 };
  if (printed !== "") return { print: printed, exitCode: 0 };
  const port = parsePort(args.port);
  if (port === undefined) return { print: `--port ${args.port} is not a port: 0 to 65535.`, exitCode: 2 };
  return { serve: { host: args.host, port, data: args.data, logLevel: args.logLevel } };
}

function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : undefined;
  return port !== undefined && port <= 65_535 ? port : undefined;
}
