// Holds the documentation against the code, both ways: what the tables of docs/ say must be what the code says,
// and every example must be true. The checkers are functions of a text and of the code, and return the faults.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { KindGuard, Kind, type TObject, type TSchema } from "@sinclair/typebox";
import { exitCodes } from "../client/exit-codes.js";
import { parseOptions as parseClientOptions } from "../client/options.js";
import { sessionLifetimeMs } from "../server/engines/embedded/sessions.js";
import { pageLimit } from "../server/handlers/page.js";
import { parseOptions as parseServerOptions } from "../server/options.js";
import { presenceIntervalMs } from "../server/presence.js";
import { answers } from "../shared/answers.js";
import { errorTable } from "../shared/errors.js";
import { defaultLimits, maxPageBytes, maxUnanswered } from "../shared/limits.js";
import { parseAnswer, parseRequest, protocolVersion } from "../shared/protocol.js";
import { requests } from "../shared/requests.js";
import { openPeer } from "./support/peer.js";
import { startServer } from "./support/server.js";

const root = resolve(__dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const protocol = read("docs/protocol.md");
const operations = read("docs/operations.md");

describe("docs/protocol.md", () => {
  it("is of the version that the code speaks", () => {
    expect(protocol.split("\n")[0]).toBe(`# The wire, version ${protocolVersion}`);
  });

  it("lists every request and answer with every field, and no other", () => {
    expect(faultsOfShapes(protocol, "Requests", requests)).toEqual([]);
    expect(faultsOfShapes(protocol, "Answers", answers)).toEqual([]);
  });

  it("has the table of errors of the code", () => {
    const yes = (is: boolean) => (is ? "yes" : "no");
    const rows = Object.entries(errorTable).map(
      ([code, { meaning, retry, closes }]) => [code, `${meaning} ${yes(retry)} ${yes(closes)}`] as const,
    );
    expect(faultsOfTable(protocol, { title: "Errors" }, new Map(rows))).toEqual([]);
  });

  it("has the limits of the code", () => {
    const stated = Object.entries(defaultLimits).map(([name, value]) => [name, String(value)] as const);
    expect(faultsOfTable(protocol, { title: "Limits", columns: 1 }, new Map(stated))).toEqual([]);
    const fixed = new Map([
      ["unanswered requests before the server stops reading", String(maxUnanswered)],
      ["bytes at which a page of history ends", String(maxPageBytes)],
      ["items in a page of users, rooms or files", String(pageLimit(undefined))],
      ["milliseconds between two presence lines of a room", String(presenceIntervalMs)],
      ["hours that a session lasts", String(sessionLifetimeMs / 3_600_000)],
    ]);
    expect(faultsOfTable(protocol, { title: "Limits", table: 1 }, fixed)).toEqual([]);
  });

  it("shows only lines that are valid, and every type at least once", () => {
    expect(faultsOfExamples(protocol)).toEqual([]);
    const shown = (mark: string) => new Set(examplesOf(protocol, mark).map(({ type }) => type));
    expect([...shown(">")].sort()).toEqual(Object.keys(requests).sort());
    expect([...shown("<")].sort()).toEqual(Object.keys(answers).sort());
  });

  const conversations = fencesOf(protocol, "wire").map((lines, place) => ({ lines, place: place + 1 }));

  it.each(conversations)("shows conversation $place as a server really has it", async ({ lines }) => {
    const { port } = await startServer();
    expect(await replay(lines, port)).toEqual(withoutChance(lines));
  });

  it("has conversations to show", () => {
    expect(conversations.length).toBeGreaterThanOrEqual(3);
  });
});

describe("docs/operations.md", () => {
  const given = { argv: ["--help"], env: {}, version: "1" };

  it("lists the flags of the server and their defaults", () => {
    const parsed = parseServerOptions({ ...given, dataFolder: "uploads" });
    const help = "text" in parsed ? parsed.text : "";
    expect(faultsOfTable(operations, { title: "Flags of the server", columns: 1 }, flagsOf(help))).toEqual(
      [],
    );
    expect(faultsOfChoices(operations, help)).toEqual([]);
  });

  it("lists the flags of the client and their defaults", () => {
    const parsed = parseClientOptions(given);
    const help = "text" in parsed ? parsed.text : "";
    expect(faultsOfTable(operations, { title: "Flags of the client", columns: 1 }, flagsOf(help))).toEqual(
      [],
    );
  });

  it("lists the exit codes of the client", () => {
    const codes = Object.values(exitCodes).map(({ code, meaning }) => [String(code), meaning] as const);
    expect(faultsOfTable(operations, { title: "Exit codes of the client" }, new Map(codes))).toEqual([]);
  });
});

describe("every page", () => {
  const top = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].filter((name) => existsSync(join(root, name)));
  const below = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name));

  it.each([...top, ...below])("%s links only to what exists", (name) => {
    expect(faultsOfLinks(read(name), join(root, name))).toEqual([]);
  });
});

describe("the checkers", () => {
  const table = (row: string) =>
    `## Requests\n\n### ping\n\n| field | type | required | meaning |\n|---|---|---|---|\n${row}\n`;
  const ping = { ping: requests.ping };

  it("find a type that is missing, one too many, and one without fields", () => {
    expect(faultsOfShapes("## Requests\n", "Requests", ping)).toEqual(["Requests: ping is missing"]);
    expect(faultsOfShapes(table("| id | id | no | |"), "Requests", {})).toEqual([
      "Requests: ping is not in the code",
    ]);
    expect(faultsOfShapes("## Requests\n### ping\n", "Requests", ping)).toEqual(["ping: id is missing"]);
  });

  it("find a field that is wrong or too many", () => {
    expect(faultsOfShapes(table("| id | id | no | |"), "Requests", ping)).toEqual([]);
    expect(faultsOfShapes(table("| id | string | no | |"), "Requests", ping)).toHaveLength(1);
    expect(faultsOfShapes(table("| id | id | yes | |"), "Requests", ping)).toHaveLength(1);
    const two = table("| id | id | no | |\n| room | string | no | |");
    expect(faultsOfShapes(two, "Requests", ping)).toEqual(["ping: room is not in the code"]);
  });

  it("find a field of a list's items that is missing", () => {
    const row = "| memberCount | whole | yes | how many are in it |\n";
    expect(protocol).toContain(row);
    const faults = faultsOfShapes(protocol.replace(row, ""), "Answers", answers);
    expect(faults).toEqual(["Each of rooms: memberCount is missing"]);
  });

  it("find a row of a table that is missing, wrong, twice, or too many", () => {
    const facts = new Map([["a", "1"]]);
    const page = (...rows: string[]) => `## T\n| name | value |\n|---|---|\n${rows.join("\n")}\n`;
    expect(faultsOfTable(page("| a | 1 |"), { title: "T" }, facts)).toEqual([]);
    expect(faultsOfTable(page(), { title: "T" }, facts)).toEqual(["T: a is missing"]);
    expect(faultsOfTable(page("| a | 2 |"), { title: "T" }, facts)).toEqual([
      `T: a is "2" here and "1" in the code`,
    ]);
    expect(faultsOfTable(page("| a | 1 |", "| a | 1 |"), { title: "T" }, facts)).toEqual([
      "T: a is there twice",
    ]);
    expect(faultsOfTable(page("| a | 1 |", "| b | 1 |"), { title: "T" }, facts)).toEqual([
      "T: b is not in the code",
    ]);
    expect(faultsOfTable("", { title: "T" }, facts)).toEqual(["T: a is missing"]);
  });

  it("find flags in a help screen", () => {
    const help =
      'x\n\nOptions:\n  --port  TCP port\n          [string] [default: "4040"]\n  --help  Help  [boolean]\n\nEnd --no';
    expect([...flagsOf(help)]).toEqual([
      ["--port", "4040"],
      ["--help", ""],
    ]);
    expect(() => flagsOf("Fehler")).toThrow("no options");
    const choices = '--log  What [choices: "a", "b"] [default: "a"]';
    expect(faultsOfChoices("| `--log` | `a` | `a` or `b` |", choices)).toEqual([]);
    expect(faultsOfChoices("| `--log` | `a` | what |", choices)).toEqual(["--log: b"]);
  });

  it("find an example that is not valid", () => {
    const fence = (line: string) => `\`\`\`json\n${line}\n\`\`\`\n`;
    expect(faultsOfExamples(fence(`> {"type":"ping"}`))).toEqual([]);
    expect(faultsOfExamples(fence(`> {"type":"ping","id":""}`))).toHaveLength(1);
    expect(faultsOfExamples(fence(`> {"type":"ping","extra":1}`))).toHaveLength(1);
    expect(faultsOfExamples(fence(`> {"type":"nothing"}`))).toHaveLength(1);
    expect(faultsOfExamples(fence(`< {"type":"pong"}`))).toHaveLength(1);
    expect(faultsOfExamples(fence(`< {"type":"nothing"}`))).toHaveLength(1);
    expect(faultsOfExamples(fence(`< {"type":"live","room":"lab","head":1,…}`))).toHaveLength(1);
  });

  it("find a conversation that is not what the server says", async () => {
    const { port } = await startServer();
    const lines = [`> {"type":"ping"}`, `< {"type":"pong","time":"t","id":"other"}`];
    expect(await replay(lines, port)).not.toEqual(withoutChance(lines));
  });

  it("find a link to nothing", () => {
    const at = join(root, "docs", "protocol.md");
    expect(faultsOfLinks("[a](protocol.md) [b](#limits) [c](https://example.org/x)\n## Limits", at)).toEqual(
      [],
    );
    expect(faultsOfLinks("[a](nothing.md)", at)).toEqual(["nothing.md"]);
    expect(faultsOfLinks("[a](#nothing)", at)).toEqual(["#nothing"]);
    expect(faultsOfLinks("[a](protocol.md#nothing)", at)).toEqual(["protocol.md#nothing"]);
  });
});

type Rows = readonly (readonly string[])[];

interface Section {
  readonly level: number;
  readonly title: string;
  readonly tables: Rows[];
}

/** The headings of a page and the tables below each, without their heads; what is in fences is passed over. */
function sectionsOf(page: string): Section[] {
  const sections: Section[] = [];
  let rows: string[][] | undefined;
  for (const line of page.replace(/^```[^]*?^```$/gm, "").split("\n")) {
    const [, marks, title] = /^(#+) (.*)$/.exec(line) ?? [];
    if (marks !== undefined && title !== undefined) sections.push({ level: marks.length, title, tables: [] });
    if (!line.startsWith("|")) rows = undefined;
    else if (rows === undefined) sections.at(-1)?.tables.push((rows = []));
    else if (!line.startsWith("|---")) rows.push(line.slice(1, -1).split("|").map(plain));
  }
  return sections;
}

const plain = (cell: string) => cell.trim().replace(/^`(.*)`$/, "$1");

function faultsOfRows(rows: Rows, facts: ReadonlyMap<string, string>, where: string): string[] {
  const said = new Map(rows.map(([name = "", ...cells]) => [name, cells.join(" ").trim()]));
  const names = rows.map(([name = ""]) => name);
  const twice = names.filter((name, place) => names.indexOf(name) !== place);
  const faults = twice.map((name) => `${where}: ${name} is there twice`);
  for (const name of said.keys()) if (!facts.has(name)) faults.push(`${where}: ${name} is not in the code`);
  for (const [name, fact] of facts) {
    const found = said.get(name);
    if (found === undefined) faults.push(`${where}: ${name} is missing`);
    else if (found !== fact) faults.push(`${where}: ${name} is "${found}" here and "${fact}" in the code`);
  }
  return faults;
}

interface Place {
  readonly title: string;
  /** Which table under that heading; the first when not told. */
  readonly table?: number;
  /** How many columns count beside the first; all when not told. */
  readonly columns?: number;
}

/** Compares a table with facts by the name in its first column. */
function faultsOfTable(
  page: string,
  { title, table = 0, columns = Infinity }: Place,
  facts: ReadonlyMap<string, string>,
): string[] {
  const section = sectionsOf(page).find((each) => each.title === title);
  const rows = (section?.tables[table] ?? []).map((row) => row.slice(0, columns + 1));
  return faultsOfRows(rows, facts, title);
}

function faultsOfShapes(page: string, title: string, schemas: Readonly<Record<string, TObject>>): string[] {
  const sections = sectionsOf(page);
  const start = sections.findIndex((section) => section.level === 2 && section.title === title);
  const end = sections.findIndex((section, place) => place > start && section.level === 2);
  const ours = start === -1 ? [] : sections.slice(start + 1, end === -1 ? undefined : end);
  const wanted = new Map(Object.entries(schemas));
  for (const [field, item] of Object.values(schemas).flatMap(itemsOf)) wanted.set(`Each of ${field}`, item);
  const faults: string[] = [];
  for (const { title: name } of ours)
    if (!wanted.has(name)) faults.push(`${title}: ${name} is not in the code`);
  for (const [name, schema] of wanted) {
    const section = ours.find((each) => each.title === name);
    if (section === undefined) faults.push(`${title}: ${name} is missing`);
    else
      faults.push(
        ...faultsOfRows(
          (section.tables[0] ?? []).map((row) => row.slice(0, 3)),
          fieldsOf(schema),
          name,
        ),
      );
  }
  return faults;
}

/** What a table must say of each field: its type and whether it is required. */
function fieldsOf({ properties, required = [] }: TObject): Map<string, string> {
  const fields = Object.entries(properties).filter(([name]) => name !== "type");
  return new Map(
    fields.map(([name, schema]) => [name, `${wordOf(schema)} ${required.includes(name) ? "yes" : "no"}`]),
  );
}

function itemsOf({ properties }: TObject): [string, TObject][] {
  return Object.entries(properties).flatMap(([field, schema]): [string, TObject][] =>
    KindGuard.IsArray(schema) && KindGuard.IsObject(schema.items) ? [[field, schema.items]] : [],
  );
}

const words = new Map([
  ["Text", "string"],
  ["Id", "id"],
  ["Whole", "whole"],
  ["Count", "count"],
  ["Sha256", "sha256"],
  ["Boolean", "boolean"],
  ["Object", "object"],
]);

function wordOf(schema: TSchema): string {
  if (KindGuard.IsArray(schema)) return `array of ${wordOf(schema.items)}s`;
  if (KindGuard.IsUnion(schema)) {
    if (schema.anyOf.every((each) => KindGuard.IsLiteral(each))) return "code";
    return schema.anyOf.map((each) => (KindGuard.IsNull(each) ? "null" : wordOf(each))).join(" or ");
  }
  const word = words.get(schema[Kind]);
  if (word === undefined) throw new Error(`docs/protocol.md has no word for the kind ${schema[Kind]}.`);
  return word;
}

/** Flags and their defaults, read from a help screen of yargs. */
function flagsOf(help: string): Map<string, string> {
  const [, list] = /^Options:\n([^]*?)(\n\n|$(?![^]))/m.exec(help) ?? [];
  if (list === undefined) throw new Error(`There are no options in: ${help}`);
  const entries = list.split(/\n(?= {2}--)/).map((entry) => entry.replace(/\s+/g, " ").trim());
  return new Map(
    entries.map((entry) => {
      const fallback = /\[default: "?(.*?)"?\]/.exec(entry)?.[1] ?? "";
      return [/^--[a-z-]+/.exec(entry)?.[0] ?? entry, fallback];
    }),
  );
}

/** Values that a flag may have and the line of its row does not name. */
function faultsOfChoices(page: string, help: string): string[] {
  const choices = help.replace(/\s+/g, " ").matchAll(/(--[a-z-]+)[^[]*\[choices: ([^\]]*)\]/g);
  return Array.from(choices).flatMap(([, flag = "", list = ""]) => {
    const row = page.split("\n").find((line) => line.startsWith(`| \`${flag}\``)) ?? "";
    const values = list.replaceAll('"', "").split(", ");
    return values.filter((value) => !row.includes(`\`${value}\``)).map((value) => `${flag}: ${value}`);
  });
}

function fencesOf(page: string, language: string): string[][] {
  const fences = page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm"));
  return Array.from(fences, ([, text = ""]) => text.trimEnd().split("\n"));
}

/** The lines with a mark, as objects. */
function examplesOf(page: string, mark: string): Record<string, unknown>[] {
  const lines = page.split("\n").filter((line) => line.startsWith(`${mark} {`));
  return lines.map((line) => JSON.parse(line.slice(2)) as Record<string, unknown>);
}

function faultsOfExamples(page: string): string[] {
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

function requestOf(text: string): object {
  const parsed = parseRequest(Buffer.from(text));
  if (parsed.error !== undefined) throw parsed.error;
  return parsed.request;
}

const timesAndSecrets = /"(time|session|server)":"[^"]*"/g;
const randomIds = /(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])/g;

/** A conversation's lines without what chance or the clock decides; ids become numbers in order of appearance. */
function withoutChance(lines: readonly string[]): string[] {
  const ids: string[] = [];
  const number = (id: string) => `#${ids.includes(id) ? ids.indexOf(id) : ids.push(id) - 1}`;
  return lines.map((line) => line.replace(timesAndSecrets, `"$1":"~"`).replace(randomIds, number));
}

/** Sends a conversation's requests to a real server and returns the conversation as it came to be. */
async function replay(lines: readonly string[], port: number): Promise<string[]> {
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
function faultsOfLinks(page: string, path: string): string[] {
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
function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}
