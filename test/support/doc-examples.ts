// Examples and links of a page of documentation: read, checked, and played against a real server.

import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseAnswer, parseRequest } from "../../shared/protocol.js";
import { sectionsOf } from "./doc-tables.js";
import { openPeer } from "./peer.js";

export function fencesOf(page: string, language: string): string[][] {
  const fences = page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm"));
  return Array.from(fences, ([, text = ""]) => text.trimEnd().split("\n"));
}

/** The lines with a mark, as objects. */
export function examplesOf(page: string, mark: string): Record<string, unknown>[] {
  const lines = page.split("\n").filter((line) => line.startsWith(`${mark} {`));
  return lines.map((line) => JSON.parse(line.slice(2)) as Record<string, unknown>);
}

export function faultsOfExamples(page: string): string[] {
  const lines = page.split("\n").filter((line) => /^[<>] \{/.test(line));
  return lines.flatMap((line) => {
    const fault = faultOfExample(line.startsWith(">"), line.slice(2));
    return fault === undefined ? [] : [`${line}: ${fault}`];
  });
}

function faultOfExample(isRequest: boolean, text: string): string | undefined {
  try {
    const given = JSON.parse(text) as Record<string, unknown>;
    const known = Object.keys(isRequest ? requestOf(text) : (parseAnswer(given) ?? {}));
    const unknown = Object.keys(given).filter((field) => !known.includes(field));
    return unknown.length > 0 ? `nobody knows ${unknown.join(", ")}` : undefined;
  } catch (error) {
    return String(error);
  }
}

export function requestOf(text: string): object {
  const parsed = parseRequest(Buffer.from(text));
  if (parsed.error !== undefined) throw parsed.error;
  return parsed.request;
}

const timesAndSecrets = /"(time|session|server)":"[^"]*"/g;
const randomIds = /(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])/g;

/** A conversation's lines without what chance or the clock decides; ids become numbers in order of appearance. */
export function withoutChance(lines: readonly string[]): string[] {
  const ids: string[] = [];
  const number = (id: string) => `#${ids.includes(id) ? ids.indexOf(id) : ids.push(id) - 1}`;
  return lines.map((line) => line.replace(timesAndSecrets, `"$1":"~"`).replace(randomIds, number));
}

/** Sends a conversation's requests to a real server and returns the conversation as it came to be. */
export async function replay(lines: readonly string[], port: number): Promise<string[]> {
  const peer = await openPeer(port);
  const written: string[] = [];
  const real: string[] = [];
  const had: string[] = [];
  for (const line of lines) {
    if (line.startsWith(">")) {
      had.push(line.replace(randomIds, (id) => real[written.indexOf(id)] ?? id));
      peer.send(`${had.at(-1)?.slice(2) ?? ""}\n`);
      continue;
    }
    written.push(...(line.match(randomIds) ?? []));
    had.push(`< ${JSON.stringify(await peer.next(() => true))}`);
    real.push(...(had.at(-1)?.match(randomIds) ?? []));
  }
  return withoutChance(had);
}

/** Relative links of a page that lead to no file, or to no heading of it. */
export function faultsOfLinks(page: string, path: string): string[] {
  const prose = page.replace(/^```[^]*?^```$/gm, "").replace(/`[^`\n]*`/g, "");
  const links = Array.from(prose.matchAll(/\]\(([^()\s]+)\)/g), ([, link = ""]) => link);
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? path : join(dirname(path), file);
    if (file !== "" && !existsSync(target)) return true;
    if (anchor === undefined || !basename(target).endsWith(".md")) return false;
    const text = file === "" ? page : readFileSync(target, "utf8");
    return !sectionsOf(text).some(({ title }) => slugOf(title) === anchor);
  });
}

/** The anchor that GitHub gives a heading. */
export function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}
