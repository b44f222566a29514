// What a shell completes behind `roomline`: the script that it loads once, and the words that it asks for then, both by
// yargs. `roomline` is what an installed client is called; a shell cannot complete behind `node client`.

import yargs, { type Argv } from "yargs";
import { terminalFlags } from "../options.js";
import { errandFlags } from "./errand-options.js";
import { errands, isErrand } from "./errands.js";

const program = "roomline";

/** Prints the script; for zsh when yargs takes that for the user's shell. */
export function showCompletionScript(): void {
  parserFor(undefined).completion("completion").scriptName(program).showCompletionScript();
}

/** @param words what is typed so far, the program's own name first */
export async function completionsOf(words: readonly string[]): Promise<readonly string[]> {
  const [, errand] = words;
  return parserFor(errand).getCompletion(isErrand(errand) ? [program, ...words.slice(2)] : words);
}

function parserFor(errand: string | undefined): Argv {
  const parser = yargs().scriptName(program).help().exitProcess(false);
  if (isErrand(errand)) return parser.options(errandFlags(errand));
  for (const [name, { describe }] of Object.entries(errands)) parser.command(name, describe);
  parser.command("completion", "prints what a shell needs to complete");
  return parser.options(terminalFlags);
}
