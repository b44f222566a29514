// What a typed line means: a message, or a command of the table with its argument. Pure.

import type { Command } from "./command.js";
import { commands } from "./commands.js";
import { ClientError } from "../failures.js";
import { visibleLine } from "../chat/visible.js";

export type Typed =
  | { readonly kind: "nothing" }
  | { readonly kind: "message"; readonly text: string }
  | { readonly kind: "command"; readonly command: Command; readonly argument: string };

/** @throws ClientError bad-input for an unknown command, or one that is used wrongly */
export function readTyped(line: string): Typed {
  if (line.trim() === "") return { kind: "nothing" };
  if (line.startsWith("//")) return { kind: "message", text: line.slice(1) };
  const found = findCommand(line);
  if (found === undefined) {
    if (line.startsWith("/")) throw unknownCommand(line);
    return { kind: "message", text: line };
  }
  checkUse(found.command, found.argument);
  return { kind: "command", ...found };
}

/** Whether a line is something to say. Never throws. */
export function isMessage(line: string): boolean {
  if (line.startsWith("//")) return true;
  return line.trim() !== "" && !line.startsWith("/") && findCommand(line) === undefined;
}

/** Whether the next line need not wait for what this one does. Never throws. */
export function runsBeside(line: string): boolean {
  return isMessage(line) || findCommand(line)?.command.runsBeside === true;
}

/** Whether a line ends it all. Never throws. */
export function isGoodbye(line: string): boolean {
  return findCommand(line)?.command.names.includes("/quit") === true;
}

/** The command that a line begins with, and where its argument begins; none when it is a word of a message. */
export function commandAt(line: string): CommandAt | undefined {
  for (const command of commands) {
    for (const name of command.names) {
      const argumentFrom = argumentAfter(name, line);
      if (argumentFrom === undefined) continue;
      // A plain word is a command only alone: "exit through the gift shop" is something to say.
      if (/^\w+$/.test(name) && command.argument === "none" && line.slice(argumentFrom).trim() !== "")
        continue;
      return { command, name, argumentFrom };
    }
  }
  return undefined;
}

interface CommandAt {
  readonly command: Command;
  readonly name: string;
  readonly argumentFrom: number;
}

function findCommand(line: string): { command: Command; argument: string } | undefined {
  const found = commandAt(line);
  return found && { command: found.command, argument: line.slice(found.argumentFrom).trim() };
}

/** Where the text behind a command's name begins; undefined when the line does not begin with the name. */
function argumentAfter(name: string, line: string): number | undefined {
  if (line.slice(0, name.length).toLowerCase() !== name) return undefined;
  const blanks = /^\s*/.exec(line.slice(name.length))?.[0].length ?? 0;
  const isWhole = name.endsWith(":") || line.length === name.length || blanks > 0;
  // "upload:cat.png" needs no blank, "/sender" is not "/send".
  return isWhole ? name.length + blanks : undefined;
}

function checkUse(command: Command, argument: string): void {
  const isUsedWell = command.argument === "optional" || (command.argument === "none") === (argument === "");
  if (!isUsedWell) throw new ClientError("bad-input", `Usage: ${command.usage}`);
}

function unknownCommand(line: string): ClientError {
  const word = (/^\S+/.exec(line)?.[0] ?? line).toLowerCase();
  const names = commands.flatMap((command) => command.names).filter((name) => name.startsWith("/"));
  const [nearest] = names
    .map((name) => ({ name, distance: editDistance(word, name) }))
    .filter(({ name, distance }) => distance <= Math.ceil(name.length / 3))
    .sort((a, b) => a.distance - b.distance);
  const advice = nearest === undefined ? "; /help lists them." : `; did you mean ${nearest.name}?`;
  return new ClientError(
    "bad-input",
    `There is no command ${visibleLine(word)}${advice} To say it as a message, begin with //.`,
  );
}

/** Levenshtein's distance: how many letters to add, drop or change. Words are short. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [index, letter] of Array.from(a.slice(0, 64)).entries()) {
    const next = [index + 1];
    for (let at = 1; at <= b.length; at++) {
      const changed = (row[at - 1] ?? 0) + (letter === b[at - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
