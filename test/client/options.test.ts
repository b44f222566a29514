// Flags and environment, and one sentence for what is wrong with them.

import { exitCodes } from "../../client/exit-codes.js";
import { parseOptions } from "../../client/options.js";
import { errands } from "../../client/scripts/errands.js";

const parse = (argv: string[], env: Record<string, string> = {}) =>
  parseOptions({ argv, env, version: "1.2.3" });

describe("The client's options", () => {
  it("have a default for everything but the two questions", () => {
    expect(parse([])).toEqual({
      options: {
        name: undefined,
        room: undefined,
        host: "127.0.0.1",
        port: 4040,
        downloads: "downloads",
        bell: true,
        isJson: false,
        waitMs: 60_000,
      },
    });
  });

  it("come from flags first, then from the environment", () => {
    const env = { ROOMLINE_NAME: "env", ROOMLINE_PORT: "5050", ROOMLINE_JSON: "1", ROOMLINE_OTHER: "x" };
    const parsed = parse(["--name", "flag", "--room", "", "--wait", "0.5", "--downloads", "in"], env);
    expect(parsed).toMatchObject({
      options: { name: "flag", room: "", port: 5050, isJson: true, waitMs: 500, downloads: "in" },
    });
  });

  it("take the operator's token from the environment or a file, and never from a flag", () => {
    expect(parse([], { ROOMLINE_TOKEN: "secret" })).toMatchObject({ options: { token: "secret" } });
    expect(parse([], { ROOMLINE_TOKEN_FILE: "a" })).toMatchObject({ options: { tokenFile: "a" } });
    expect(parse(["--token-file", "b"])).toMatchObject({ options: { tokenFile: "b" } });
    expect(parse(["--token", "secret"])).toEqual({
      problem: "Unknown argument: token. See node client --help.",
    });
  });

  it("know completion for bash and for zsh, and no other", () => {
    expect(parse(["completion", "zsh"])).toEqual({ completion: "script", shell: "zsh" });
    expect(parse(["completion", "fish"])).toHaveProperty("problem");
  });

  it("take a name that looks like a number, and the last of two", () => {
    expect(parse(["--name", "1", "--name", "0042"])).toMatchObject({ options: { name: "0042" } });
  });

  it.each([
    [["--prot", "4040"], "Unknown argument: prot. See node client --help."],
    [["somewhere"], "Unknown argument: somewhere. See node client --help."],
    [["--port", "x"], "The port must be a whole number from 1 to 65535. See node client --help."],
    [["--port", "0"], "The port must be a whole number from 1 to 65535. See node client --help."],
    [["--port", "65536"], "The port must be a whole number from 1 to 65535. See node client --help."],
    [["--port", "40.5"], "The port must be a whole number from 1 to 65535. See node client --help."],
    [["--wait", "-1"], "The seconds to wait must be a number from 0 to 86400. See node client --help."],
    [["--token-file", ""], "The name of the token's file is empty. See node client --help."],
    [["--host", ""], "The host is empty. See node client --help."],
  ])("refuse %j in one sentence", (argv, problem) => {
    expect(parse(argv)).toEqual({ problem });
  });

  it("refuse a bad environment, too", () => {
    expect(parse([], { ROOMLINE_PORT: "" })).toHaveProperty("problem");
  });

  it("print the version and a help that names every flag and exit code", () => {
    expect(parse(["--version"])).toEqual({ text: "1.2.3" });
    const help = parse(["--help"]);
    if (!("text" in help)) throw new Error("no help");
    for (const flag of ["name", "room", "host", "port", "downloads", "token-file", "json", "wait"]) {
      expect(help.text).toContain(`--${flag}`);
    }
    for (const { code, meaning } of Object.values(exitCodes))
      expect(help.text).toContain(`${code}  ${meaning}`);
  });
});

describe("An errand", () => {
  const settings = { name: "", room: "", host: "127.0.0.1", port: 4040, waitMs: 60_000, isJson: false };

  it("has settings of its own: whoever runs it is --as", () => {
    expect(parse(["upload", "a", "1"])).toMatchObject({ errand: settings });
    expect(parse(["send", "-", "--as", "ci", "--room", "lab", "--json"])).toMatchObject({
      errand: { ...settings, name: "ci", room: "lab", isJson: true },
    });
  });

  it("takes settings from the environment, and what it is about never", () => {
    const env = { ROOMLINE_NAME: "env", ROOMLINE_ROOM: "lab", ROOMLINE_SINCE: "x", ROOMLINE_FOLLOW: "1" };
    expect(parse(["upload", "a"], env)).toMatchObject({ errand: { name: "env", room: "lab" } });
    expect(parse(["tail", "--last", "1"], env)).toHaveProperty("errand");
  });

  it.each(Object.keys(errands))("%s has a help screen with examples", (name) => {
    const help = parse([name, "--help"]);
    expect("text" in help ? help.text : "").toMatch(
      /^node client [^]*\nOptions:\n[^]*\nExamples:\n {2}node client/m,
    );
  });

  it.each([
    [["upload"], "Say what to upload: a path, or - for stdin."],
    [["upload", "-"], "What comes from stdin needs a --name."],
    [["upload", "-", "a"], "What comes from stdin is uploaded alone."],
    [["upload", "a", "b", "--name", "c"], "One name cannot be that of several files."],
    [["upload", "a", "--out", "b"], "Unknown argument: out."],
    [["upload", "a", "--port", "0"], "The port must be a whole number from 1 to 65535."],
    [["download"], "Say what to download: a name, or --file and an id."],
    [["download", "a", "--version", "x"], "The version must be a whole number from 1."],
    [["download", "a", "b", "--version", "1"], "A version is that of one name."],
    [["download", "a", "b", "--out", "-"], "Only one file can go to stdout."],
    [["download", "a", "--name", "b"], "Unknown argument: name."],
    [["download", "a", "--version"], "Not enough arguments following: version."],
    [["send"], "Say what to send: a text, or - for stdin."],
    [["send", "a", "--reply-to", "0"], "The number of the entry must be a whole number from 1."],
    [["tail", "lab"], "Unknown argument: lab."],
    [["tail", "--since", "1", "--last", "1"], "--last and --since exclude each other."],
    [["tail", "--since", "-1"], "--since must be a whole number from 0."],
    [["rooms", "x"], "Unknown argument: x."],
    [["search"], "Say which words to look for."],
    [["search", "a", "--limit", "0"], "The limit must be a whole number from 1."],
    [["export", "--since", "x"], "The number to begin behind must be a whole number from 0."],
  ])("refuses %j in one sentence", (argv, problem) => {
    expect(parse(argv)).toEqual({ problem: `${problem} See node client ${argv[0] ?? ""} --help.` });
  });
});
