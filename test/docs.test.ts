// Holds the documentation against the code, both ways: what the tables of docs/ say must be what the code says,
// and every example must be true. The checkers are functions of a text and of the code, and return the faults.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { exitCodes } from "../client/exit-codes.js";
import { errands } from "../client/scripts/errands.js";
import { parseOptions as parseClientOptions } from "../client/options.js";
import { sessionLifetimeMs } from "../server/engines/embedded/sessions.js";
import { commands } from "../server/commands.js";
import { pageLimit } from "../server/page-limit.js";
import { parseOptions as parseServerOptions } from "../server/options.js";
import { leaveGraceMs, presenceIntervalMs } from "../server/presence.js";
import { answers } from "../shared/answers.js";
import { errorTable } from "../shared/errors.js";
import {
  defaultLimits,
  maxEdits,
  maxEmojiBytes,
  maxPageBytes,
  maxPageChanges,
  maxQueryBytes,
  maxQueryTerms,
  maxTopicBytes,
  maxUnanswered,
  maxUnfinished,
  maxUnfinishedOfAll,
  maxUnread,
  minPrefixLetters,
  unfinishedMs,
} from "../shared/limits.js";
import { protocolVersion } from "../shared/protocol.js";
import { requests } from "../shared/requests.js";
import {
  fencesOf,
  examplesOf,
  faultsOfExamples,
  withoutChance,
  replay,
  faultsOfLinks,
} from "./support/doc-examples.js";
import { faultsOfTable, faultsOfShapes, flagsOf, faultsOfChoices } from "./support/doc-tables.js";
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
      ["items in a page of users, rooms, files or directs", String(pageLimit(undefined))],
      ["bytes of a topic", String(maxTopicBytes)],
      ["bytes of an emoji", String(maxEmojiBytes)],
      ["bytes of a query", String(maxQueryBytes)],
      ["words of a query", String(maxQueryTerms)],
      ["letters of a beginning that is searched for", String(minPrefixLetters)],
      ["edits of one entry", String(maxEdits)],
      ["changes that come with a page of history", String(maxPageChanges)],
      ["entries among which unread ones are counted", String(maxUnread)],
      ["milliseconds between two presence lines of a room", String(presenceIntervalMs)],
      ["seconds that one who vanished may be away before it is told", String(leaveGraceMs / 1000)],
      ["hours that a session lasts", String(sessionLifetimeMs / 3_600_000)],
      ["unfinished uploads of one sender", String(maxUnfinished)],
      ["unfinished uploads of all", String(maxUnfinishedOfAll)],
      ["hours that an unfinished upload is kept", String(unfinishedMs / 3_600_000)],
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

  it("lists the commands of the server", () => {
    const rows = Object.entries(commands).map(([name, { describe }]) => [name, describe] as const);
    expect(faultsOfTable(operations, { title: "Commands of the server" }, new Map(rows))).toEqual([]);
  });

  it.each(Object.keys(commands))("lists the flags of node server %s and their defaults", (name) => {
    const parsed = parseServerOptions({ ...given, argv: [name, "--help"], dataFolder: "uploads" });
    const help = "text" in parsed ? parsed.text : "";
    const title = `node server ${name}`;
    expect(faultsOfTable(operations, { title, columns: 1 }, flagsOf(help))).toEqual([]);
  });

  it("lists the flags of the client and their defaults", () => {
    const parsed = parseClientOptions(given);
    const help = "text" in parsed ? parsed.text : "";
    expect(faultsOfTable(operations, { title: "Flags of the client", columns: 1 }, flagsOf(help))).toEqual(
      [],
    );
  });

  const errandHelp = (name: string) => {
    const parsed = parseClientOptions({ ...given, argv: [name, "--help"] });
    return flagsOf("text" in parsed ? parsed.text : "");
  };
  const shared = errandHelp("rooms");

  it("lists the commands of the client, and the flags that all of them have", () => {
    const rows = Object.entries(errands).map(([name, { describe }]) => [name, describe] as const);
    expect(faultsOfTable(operations, { title: "Commands of the client" }, new Map(rows))).toEqual([]);
    const table = { title: "Commands of the client", table: 1, columns: 1 };
    expect(faultsOfTable(operations, table, shared)).toEqual([]);
  });

  it.each(Object.entries(errands).filter(([, { flags }]) => Object.keys(flags).length > 0))(
    "lists the flags of node client %s and their defaults",
    (name, { flags }) => {
      const own = new Map([...errandHelp(name)].filter(([flag]) => Object.hasOwn(flags, flag.slice(2))));
      expect(own.size).toBe(Object.keys(flags).length);
      expect(faultsOfTable(operations, { title: `node client ${name}`, columns: 1 }, own)).toEqual([]);
    },
  );

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
