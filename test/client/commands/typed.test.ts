// What typed lines mean: everything that the seeds' users type, and what is only said.

import { commands, helpLines } from "../../../client/commands/commands.js";
import { ClientError } from "../../../client/failures.js";
import { isMessage, readTyped } from "../../../client/commands/typed.js";

/** "usage | argument" for a command, the text for a message. */
function meaning(line: string): string {
  const typed = readTyped(line);
  if (typed.kind === "nothing") return "";
  return typed.kind === "message" ? `say ${typed.text}` : `${typed.command.usage} | ${typed.argument}`;
}

describe("A typed line", () => {
  it.each([
    ["upload: cat.png", "upload: <path> | cat.png"],
    ["upload:cat.png", "upload: <path> | cat.png"],
    ["UPLOAD:  my cat.png ", "upload: <path> | my cat.png"],
    ["sendfile notes.txt", "upload: <path> | notes.txt"],
    ["/send notes.txt", "upload: <path> | notes.txt"],
    ["/upload notes.txt", "upload: <path> | notes.txt"],
    ["download: Überblick 2026.pdf", "download: <name> | Überblick 2026.pdf"],
    ["/download cat.png", "download: <name> | cat.png"],
    ["/users", "/who | "],
    ["/who", "/who | "],
    ["/rooms", "/rooms | "],
    ["/files", "/files | "],
    ["/history", "/history [count] | "],
    ["/history 50", "/history [count] | 50"],
    ["/join den", "/join <room> | den"],
    ["/msg bob hi there", "/msg <name> [text] | bob hi there"],
    ["/reply 4 yes", "/reply [number] <text> | 4 yes"],
    ["/edit 4 yes", "/edit <number> <text> | 4 yes"],
    ["/delete 4", "/delete <number or file> | 4"],
    ["/react 4 👍", "/react <number> <emoji> | 4 👍"],
    ["/unreact 4 👍", "/unreact <number> <emoji> | 4 👍"],
    ["/topic", "/topic [text] | "],
    ["/topic plots", "/topic [text] | plots"],
    ["/search bik* from:bob", "/search <words> | bik* from:bob"],
    ["/leave", "/leave [room] | "],
    ["/help", "/help [command] | "],
    ["/room den", "/room [room] | den"],
    ["/bell off", "/bell [on|off] | off"],
    ["/quit", "/quit | "],
    ["exit", "/quit | "],
    ["EXIT", "/quit | "],
    ["exit through the gift shop", "say exit through the gift shop"],
    ["uploads are slow", "say uploads are slow"],
    ["hello", "say hello"],
    ["  indented", "say   indented"],
    ["//etc/hosts is a file", "say /etc/hosts is a file"],
    ["constructor", "say constructor"],
    ["", ""],
    ["   ", ""],
  ])("%j is %j", (line, expected) => {
    expect(meaning(line)).toBe(expected);
    expect(isMessage(line)).toBe(expected.startsWith("say "));
  });

  it.each([
    ["/user", "There is no command /user; did you mean /users? To say it as a message, begin with //."],
    ["/sned x", "There is no command /sned; did you mean /send? To say it as a message, begin with //."],
    [
      "/etc/hosts",
      "There is no command /etc/hosts; /help lists them. To say it as a message, begin with //.",
    ],
    ["/\x1b[2J", "There is no command /\\x1b[2j; /help lists them. To say it as a message, begin with //."],
    ["upload:", "Usage: upload: <path>"],
    ["/join", "Usage: /join <room>"],
    ["/users all", "Usage: /who"],
  ])("%j is answered: %s", (line, sentence) => {
    expect(() => readTyped(line)).toThrow(new ClientError("bad-input", sentence));
    expect(isMessage(line)).toBe(false);
  });
});

describe("The help screen", () => {
  it("has a line for every command", () => {
    const help = helpLines().join("\n");
    for (const { usage, help: sentence } of commands) {
      expect(help).toContain(`  ${usage} `);
      expect(help).toContain(`  ${sentence}\n`);
    }
  });
});
