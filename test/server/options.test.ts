// What is typed, set in the environment and written in a config file, as options and commands.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseOptions, type ParsedOptions } from "../../server/options.js";
import { containing } from "../support/commands.js";
import { temporaryFolder } from "../support/server.js";

function parse(argv: readonly string[], env: Record<string, string> = {}): ParsedOptions {
  return parseOptions({ argv, env, version: "1", dataFolder: "/data" });
}

function retentionOf(argv: readonly string[], env: Record<string, string> = {}) {
  const parsed = parse(argv, env);
  if (!("options" in parsed)) throw new Error(JSON.stringify(parsed));
  const { all, rooms } = parsed.options.retention;
  return { all, rooms: Object.fromEntries(rooms) };
}

function problemOf(argv: readonly string[], env: Record<string, string> = {}): string {
  const parsed = parse(argv, env);
  return "problem" in parsed ? parsed.problem : JSON.stringify(parsed);
}

const dayMs = 24 * 3600 * 1000;

describe("What is kept", () => {
  it("is everything when nothing is said", () => {
    expect(retentionOf([])).toEqual({ all: { keepsFiles: false }, rooms: {} });
  });

  it.each([
    ["90m", dayMs / 16],
    ["12h", dayMs / 2],
    ["30d", 30 * dayMs],
    ["2w", 14 * dayMs],
    ["1y", 365 * dayMs],
  ])("is bounded by an age such as %s", (age, ageMs) => {
    expect(retentionOf(["--keep-age", age]).all).toEqual({ ageMs, keepsFiles: false });
  });

  it.each([
    ["1B", 1],
    ["1kB", 1000],
    ["500MB", 500e6],
    ["1.5GB", 1.5e9],
    ["2KiB", 2048],
    ["3MiB", 3 * 2 ** 20],
    ["2GiB", 2 ** 31],
    ["1 TiB", 2 ** 40],
  ])("is bounded by a size such as %s", (size, bytes) => {
    expect(retentionOf(["--keep-bytes", size]).all).toEqual({ bytes, keepsFiles: false });
  });

  it("is bounded by a number, and files may stay", () => {
    const flags = ["--keep-entries", "1000", "--keep-files"];
    expect(retentionOf(flags).all).toEqual({ entries: 1000, keepsFiles: true });
    expect(retentionOf(["--keep-files=false"]).all).toEqual({ keepsFiles: false });
  });

  it("is in a room with a line of its own what that line says, and nothing else", () => {
    const flags = ["--keep-age", "1d", "--keep-files"];
    const rooms = ["--keep-room", "Lab/age=7d,entries=1000,bytes=1GiB,files", "--keep-room=attic of gold/"];
    expect(retentionOf([...flags, ...rooms])).toEqual({
      all: { ageMs: dayMs, keepsFiles: true },
      rooms: {
        lab: { ageMs: 7 * dayMs, entries: 1000, bytes: 2 ** 30, keepsFiles: true },
        "attic of gold": { keepsFiles: false },
      },
    });
  });

  it("comes from the environment, too, where lines of rooms have a semicolon between them", () => {
    const env = {
      ROOMLINE_KEEP_AGE: "1d",
      ROOMLINE_KEEP_FILES: "true",
      ROOMLINE_KEEP_ROOM: "lab/age=7d; attic/entries=5;",
    };
    const rooms = { lab: { ageMs: 7 * dayMs, keepsFiles: false }, attic: { entries: 5, keepsFiles: false } };
    expect(retentionOf([], env)).toEqual({ all: { ageMs: dayMs, keepsFiles: true }, rooms });
    const flags = ["--keep-age", "2d", "--keep-room", "hall/files"];
    expect(retentionOf(flags, env)).toEqual({
      all: { ageMs: 2 * dayMs, keepsFiles: true },
      rooms: { hall: { keepsFiles: true } },
    });
  });

  it("comes from a config file, where lines of rooms are a list", async () => {
    const config = join(await temporaryFolder(), "config.json");
    const rooms = ["lab/entries=5", "attic/age=7d"];
    await writeFile(config, JSON.stringify({ "keep-entries": 10, "keep-files": true, "keep-room": rooms }));
    expect(retentionOf(["--config", config])).toEqual({
      all: { entries: 10, keepsFiles: true },
      rooms: { lab: { entries: 5, keepsFiles: false }, attic: { ageMs: 7 * dayMs, keepsFiles: false } },
    });
    expect(retentionOf(["--config", config, "--keep-room", "hall/"]).rooms).toEqual({
      hall: { keepsFiles: false },
    });
    const other = join(await temporaryFolder(), "config.json");
    await writeFile(other, JSON.stringify({ "keep-room": "lab/entries=5" }));
    expect(retentionOf(["--config", other]).rooms).toEqual({ lab: { entries: 5, keepsFiles: false } });
  });

  it.each([
    [["--keep-age", "30"], /--keep-age must be a time such as .* not "30"/],
    [["--keep-age", "0d"], /--keep-age/],
    [["--keep-age", "-1d"], /keep-age/],
    [["--keep-age", "1.5d"], /--keep-age/],
    [["--keep-age", ""], /keep-age/],
    [["--keep-entries", "many"], /--keep-entries must be a whole number from 1/],
    [["--keep-entries", "0"], /--keep-entries/],
    [["--keep-entries", "1e3"], /--keep-entries/],
    [["--keep-bytes", "2000"], /--keep-bytes must be a size such as/],
    [["--keep-bytes", "2gib"], /--keep-bytes/],
    [["--keep-bytes", "9999999999999TiB"], /--keep-bytes/],
    [["--keep-files=maybe"], /--keep-files is either there or not/],
    [["--keep-room", "lab"], /--keep-room is ROOM\/age=7d/],
    [["--keep-room", "/age=7d"], /--keep-room: The name of a room is empty/],
    [["--keep-room", "lab/age"], /--keep-room age must be a time/],
    [["--keep-room", "lab/age=1d=2d"], /says two things/],
    [["--keep-room", "lab/color=red"], /knows age, entries, bytes and files, and not "color=red"/],
    [["--keep-room", "lab/files=yes"], /not "files=yes"/],
    [["--keep-room", "lab/", "--keep-room", "LAB/age=1d"], /two lines for one room/],
  ])("cannot be %j", (argv, about) => {
    expect(problemOf(argv)).toMatch(about);
    expect(problemOf(argv)).toMatch(/\. See node server --help\.$/);
  });

  it("takes the last of a flag that was given twice", () => {
    expect(retentionOf(["--keep-age", "1d", "--keep-age", "2d"]).all).toMatchObject({ ageMs: 2 * dayMs });
    expect(parse(["--port", "1", "--port", "2"])).toMatchObject({ options: { port: 2 } });
  });
});

describe("A command", () => {
  const lab = { shown: "Lab", key: "lab" };

  it.each([
    [["export", "Lab"], { name: "export", room: lab, out: undefined, files: undefined }],
    [["export", "Lab", "--out", "a", "--files=b"], { name: "export", room: lab, out: "a", files: "b" }],
    [["export", "007"], { name: "export", room: { shown: "007", key: "007" } }],
    [["import", "-"], { name: "import", file: "-", room: undefined, files: undefined }],
    [["import", "a.ndjson", "--room", "Lab", "--files", "b"], { file: "a.ndjson", room: lab, files: "b" }],
    [["backup", "/mnt/copy"], { name: "backup", folder: "/mnt/copy" }],
    [["check"], { name: "check", data: "/data" }],
    [["check", "--data", "/else"], { name: "check", data: "/else" }],
  ])("is what %j says", (argv, command) => {
    expect(parse(argv)).toMatchObject({ command });
  });

  it("knows the data folder of the environment and of the server's config file, and nothing else of them", async () => {
    const config = join(await temporaryFolder(), "config.json");
    await writeFile(config, JSON.stringify({ data: "/srv/roomline", port: 4040 }));
    expect(parse(["check", "--config", config])).toMatchObject({ command: { data: "/srv/roomline" } });
    expect(parse(["check"], { ROOMLINE_CONFIG: config })).toMatchObject({
      command: { data: "/srv/roomline" },
    });
    const env = { ROOMLINE_DATA: "/elsewhere", ROOMLINE_PORT: "http" };
    expect(parse(["check", "--config", config], env)).toMatchObject({ command: { data: "/elsewhere" } });
    expect(parse(["check", "--data", "/here"], env)).toMatchObject({ command: { data: "/here" } });
  });

  it.each([
    [["export"], /Not enough .* See node server export --help\.$/],
    [["export", "../x"], /The name of a room has a slash\. See/],
    [["export", "lab", "attic"], /Unknown argument: attic/],
    [["export", "lab", "--out", ""], /out|The name of the file is empty/],
    [["import", ""], /The name of the file is empty/],
    [["backup", "x", "--port", "4040"], /Unknown argument: port/],
    [["check", "--data", ""], /data/],
    [["check", "--config", "/nowhere.json"], /nowhere\.json/],
    [["chekc"], /Unknown argument: chekc/],
  ])("is refused for %j", (argv, about) => {
    expect(problemOf(argv)).toMatch(about);
  });

  it("has a help screen of its own, and the server's names all of them", () => {
    const screen = parse(["--help"]);
    const text = "text" in screen ? screen.text : "";
    for (const name of ["export", "import", "backup", "check"]) {
      expect(text).toContain(`node server ${name}`);
      expect(parse([name, "--help"])).toMatchObject({ text: containing(`node server ${name}`) });
    }
  });
});
