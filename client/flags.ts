// What reading flags is about wherever the client does: yargs, the environment below the command line, and one
// sentence for what is wrong. options.ts and errand-options.ts say which flags.

import yargs, { type Argv, type Options } from "yargs";

export interface GivenFlags {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
}

type Flags = Readonly<Record<string, Options>>;

/** What was given, what to print instead, or what is wrong in one sentence. */
export type Read<V> = { readonly values: V } | Instead;
export type Instead = { readonly text: string } | { readonly problem: string };

/** What stands above and below the flags in the help screen. yargs would break its lines wherever they are. */
export interface HelpTexts {
  readonly above: string;
  readonly below: string;
}

/** Of whatever connects. */
export const addressFlags = {
  host: { type: "string", default: "127.0.0.1", describe: "where the server is" },
  port: { type: "number", default: 4040, describe: "its port" },
  wait: { type: "number", default: 60, describe: "seconds to keep trying while the server is not there" },
} as const;

export function addressFault({
  host,
  port,
  wait,
}: Record<keyof typeof addressFlags, unknown>): string | undefined {
  if (typeof port !== "number" || !Number.isInteger(port) || port < 1 || port > 65_535) {
    return "The port must be a whole number from 1 to 65535";
  }
  if (typeof wait !== "number" || !(wait >= 0 && wait <= 86_400)) {
    return "The seconds to wait must be a number from 0 to 86400";
  }
  return host === "" ? "The host is empty" : undefined;
}

/** A parser without flags. @param version what `--version` prints; undefined when it is a flag of its own */
export function plainParser(version: string | undefined): Argv {
  const parser = yargs()
    .scriptName("node client")
    .parserConfiguration({
      "duplicate-arguments-array": false,
      "dot-notation": false,
      "parse-positional-numbers": false,
    })
    .strictOptions()
    .locale("en")
    .wrap(100)
    .exitProcess(false);
  return version === undefined ? parser.version(false) : parser.version(version);
}

export function readFlags<T>(
  parser: Argv<T>,
  argv: readonly string[],
  { above, below }: HelpTexts,
): Read<ReturnType<Argv<T>["parseSync"]>> {
  let problem: string | undefined;
  let text = "";
  parser.fail((message, error) => {
    problem ??= message || error.message;
  });
  const values = parser.parseSync(argv, {}, (_error: unknown, _values: unknown, output: string) => {
    text = output.startsWith("Options:") ? `${above}\n\n${output}\n\n${below}` : output;
  });
  if (problem !== undefined) return problemOf(problem);
  return text === "" ? { values } : { text };
}

export function problemOf(sentence: string): { readonly problem: string } {
  return { problem: `${sentence.replace(/\.?$/, ".")} See node client --help.` };
}

/**
 * ROOMLINE_NAME and so on, for every flag. A flag wins over them.
 * @param variables those that are called otherwise, without `ROOMLINE_`; empty for none
 */
export function fromEnvironment(
  flags: Flags,
  env: GivenFlags["env"],
  variables: Readonly<Record<string, string>> = {},
): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [flag, { type }] of Object.entries(flags)) {
    const variable = variables[flag] ?? flag.replace("-", "_").toUpperCase();
    const value = variable === "" ? undefined : env[`ROOMLINE_${variable}`];
    if (value === undefined) continue;
    if (type === "string") found[flag] = value;
    else if (type === "number") found[flag] = value.trim() === "" ? Number.NaN : Number(value);
    else found[flag] = value !== "" && value !== "0" && value !== "false";
  }
  return found;
}
