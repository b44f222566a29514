// Errands as they are typed: words and flags to what is to be done. Called by options.ts when the first word is the name
// of one. Whoever runs an errand says `--as`, since `--name` is what a file is called.

import type { Options } from "yargs";
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
import type { Errand, Given } from "./errand.js";
import { errands, type ErrandName } from "./errands.js";

const sharedFlags = {
  as: { type: "string", default: "", describe: "your name; else a guest's" },
  room: { type: "string", default: "", describe: "the room; else the lobby" },
  json: { type: "boolean", default: false, describe: "write the server's own JSON lines, for jq" },
  ...addressFlags,
} as const;

export function errandUsages(): string {
  const rows = Object.entries(errands).map(([name, { words, describe }]) => [
    `${name} ${words}`.trimEnd(),
    describe,
  ]);
  const width = Math.max(...rows.map(([usage = ""]) => usage.length));
  return rows
    .map(([usage = "", describe = ""]) => `  node client ${usage.padEnd(width)}  ${describe}`)
    .join("\n");
}

/** All flags of an errand, its own first. */
export function errandFlags(name: ErrandName): Readonly<Record<string, Options>> {
  return { ...errands[name].flags, ...sharedFlags };
}

export function parseErrand(name: ErrandName, given: GivenFlags): ParsedOptions {
  const errand: Errand = errands[name];
  const { flags } = errand;
  // Flags that are no settings: no variable of the environment stands for them.
  const own = Object.keys(flags).filter((flag) => flag !== "downloads");
  const variables = { ...Object.fromEntries(own.map((flag) => [flag, ""])), as: "NAME" };
  const all = errandFlags(name);
  const version = "version" in flags ? undefined : given.version;
  const parser = plainParser(version).options(all).options(sharedFlags).requiresArg(withValues(all));
  const read = readFlags(
    parser.config(fromEnvironment(all, given.env, variables)),
    hyphens(given.argv),
    textsOf(name),
  );
  if (!("values" in read)) return "problem" in read ? advised(read, name) : read;
  const { as, room, json: isJson, host, port, wait, ...others } = read.values;
  const plan = errand.plan(givenOf(read.values._.map(String), others));
  const fault = typeof plan === "string" ? plan : addressFault(read.values);
  if (fault !== undefined || typeof plan === "string") return advised(problemOf(fault ?? ""), name);
  return { errand: { plan, name: as, room, host, port, waitMs: wait * 1000, isJson } };
}

function withValues(flags: Readonly<Record<string, Options>>): string[] {
  return Object.keys(flags).filter((flag) => flags[flag]?.type !== "boolean");
}

// yargs takes a lone hyphen behind a flag for no value.
function hyphens(argv: readonly string[]): string[] {
  return argv.flatMap((word, at) => {
    if (word === "-" && argv[at - 1] === "--out") return [];
    return word === "--out" && argv[at + 1] === "-" ? ["--out=-"] : [word];
  });
}

function givenOf(words: readonly string[], values: Readonly<Record<string, unknown>>): Given {
  const value = (flag: string): unknown => values[flag];
  return {
    words,
    text(flag) {
      const text = value(flag);
      return typeof text === "string" ? text : undefined;
    },
    number(flag) {
      const number = value(flag);
      return typeof number === "number" ? number : undefined;
    },
    isSet: (flag) => value(flag) !== undefined && value(flag) !== false,
  };
}

function advised({ problem }: { problem: string }, name: ErrandName): { problem: string } {
  return { problem: problem.replace("node client --help", `node client ${name} --help`) };
}

function textsOf(name: ErrandName): HelpTexts {
  const { words, describe, about, examples } = errands[name];
  const sentence = describe.replace(/^./, (letter) => letter.toUpperCase());
  const shown = examples.map((example) =>
    example.startsWith(name) ? `  node client ${example}` : `  ${example}`,
  );
  return {
    above: `node client ${name} ${words} [flags]`.replace("  ", " ") + `\n\n${sentence}.\n${about}`,
    below: `Examples:\n${shown.join("\n")}\n\nExit codes are those of node client --help.`,
  };
}
