// What yargs makes of arguments, without printing or exiting: values, or what to print instead, or what is wrong in one
// sentence. What the flags are is in options.ts and commands.ts.

import yargs, { type Argv } from "yargs";

export type Values = Readonly<Record<string, unknown>>;

/** What to go on with, what to print instead, or what is wrong in one sentence. */
export type Outcome<T> = T | { readonly text: string } | { readonly problem: string };

/** A parser that knows no flags yet. */
export function plainParser({ scriptName, version }: { scriptName: string; version: string }): Argv {
  return (
    yargs()
      .scriptName(scriptName)
      .parserConfiguration({ "dot-notation": false, "parse-positional-numbers": false })
      .strict()
      .locale("en")
      // Terminals wrap by themselves, and between letters only where there is no blank.
      .wrap(null)
      .version(version)
      .exitProcess(false)
  );
}

/** @param faultOf what is wrong with the values, if something is; a flag that was given twice has its last one */
export function readArguments(
  parser: Argv,
  args: readonly string[],
  faultOf: (values: Values) => string | undefined,
): Outcome<{ readonly values: Values }> {
  let problem: string | undefined;
  let text = "";
  parser.fail((message, error) => {
    problem ??= message || error.message;
  });
  const values: Values = parser.parseSync(
    [...args],
    {},
    (_error: unknown, _values: unknown, output: string) => {
      text = output;
    },
  );
  problem ??= text === "" ? faultOf(values) : undefined;
  if (problem !== undefined) return { problem: oneSentence(problem) };
  return text === "" ? { values } : { text };
}

/** The value of a flag: the last, when it was given more than once. */
export function lastOf(value: unknown): unknown {
  return Array.isArray(value) ? (value as readonly unknown[]).at(-1) : value;
}

function oneSentence(problem: string): string {
  return problem
    .trim()
    .replace(/\s*\n\s*/g, " ")
    .replace(/\.?$/, ".");
}
