// Tables of a page of documentation, read and held against what the code says. A checker returns the faults.

import { KindGuard, Kind, type TObject, type TSchema } from "@sinclair/typebox";

type Rows = readonly (readonly string[])[];

interface Section {
  readonly level: number;
  readonly title: string;
  readonly tables: Rows[];
}

/** The headings of a page and the tables below each, without their heads; what is in fences is passed over. */
export function sectionsOf(page: string): Section[] {
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
export function faultsOfTable(
  page: string,
  { title, table = 0, columns = Infinity }: Place,
  facts: ReadonlyMap<string, string>,
): string[] {
  const section = sectionsOf(page).find((each) => each.title === title);
  const rows = (section?.tables[table] ?? []).map((row) => row.slice(0, columns + 1));
  return faultsOfRows(rows, facts, title);
}

export function faultsOfShapes(
  page: string,
  title: string,
  schemas: Readonly<Record<string, TObject>>,
): string[] {
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
  ["Data", "string"],
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
export function flagsOf(help: string): Map<string, string> {
  const [, list] = /^Options:\n([^]*?)(\n\n|$(?![^]))/m.exec(help) ?? [];
  if (list === undefined) throw new Error(`There are no options in: ${help}`);
  const entries = list.split(/\n(?= {2,6}(?:-\w, )?--)/).map((entry) => entry.replace(/\s+/g, " ").trim());
  return new Map(
    entries.map((entry) => {
      const fallback = /\[default: "?(.*?)"?\]/.exec(entry)?.[1] ?? "";
      return [/--[a-z-]+/.exec(entry)?.[0] ?? entry, fallback];
    }),
  );
}

/** Values that a flag may have and the line of its row does not name. */
export function faultsOfChoices(page: string, help: string): string[] {
  const choices = help.replace(/\s+/g, " ").matchAll(/(--[a-z-]+)[^[]*\[choices: ([^\]]*)\]/g);
  return Array.from(choices).flatMap(([, flag = "", list = ""]) => {
    const row = page.split("\n").find((line) => line.startsWith(`| \`${flag}\``)) ?? "";
    const values = list.replaceAll('"', "").split(", ");
    return values.filter((value) => !row.includes(`\`${value}\``)).map((value) => `${flag}: ${value}`);
  });
}
