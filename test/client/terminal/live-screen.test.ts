// What stands on a terminal while somebody types and much is printed.

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { openHistory } from "../../../client/terminal/line-history.js";
import { openLiveScreen } from "../../../client/terminal/live-screen.js";
import { openPlainScreen } from "../../../client/terminal/plain-screen.js";
import type { Completion, History } from "../../../client/terminal/screen.js";
import { cleanUp } from "../../support/cleanup.js";
import { until } from "../../support/until.js";
import { VirtualTerminal, type Size } from "../../support/virtual-terminal.js";

const none: Completion = { from: 0, choices: [] };

interface Opening {
  readonly size?: Size;
  readonly history?: History;
  readonly complete?: (line: string, cursor: number) => Completion;
}

function openScreen({ size, history = openHistory(undefined), complete = () => none }: Opening = {}) {
  const terminal = new VirtualTerminal(size ?? { columns: 40, rows: 20 });
  const keys = new PassThrough();
  const output = terminal.stream();
  terminal.onReply((text) => keys.write(text));
  const screen = openLiveScreen({
    input: keys,
    output,
    history,
    complete: (line, cursor) => Promise.resolve(complete(line, cursor)),
  });
  screen.setPrompt("lab> ");
  cleanUp(() => {
    screen.close();
    return Promise.resolve();
  });
  return { terminal, screen, output, press: (text: string) => keys.write(text), end: () => keys.end() };
}

/** Resolves when these are the rows of the screen. */
async function shows(terminal: VirtualTerminal, rows: readonly string[]): Promise<void> {
  const wanted = rows.join("\n");
  await until(() => terminal.rows.join("\n") === wanted).catch(() => undefined);
  expect(terminal.rows).toEqual(rows);
}

describe("A live screen", () => {
  it("keeps a line of several rows whole while lines are printed, and the cursor where it was", async () => {
    const { terminal, screen, press } = openScreen();
    const line = "a line that is wider than the screen, and wider than twice the screen";
    for (const key of line) press(key);
    press("\x1b[D".repeat(6));
    for (const text of ["one", "two\nlines", "three"]) screen.print(text);
    screen.setRows(["● lab"]);
    await shows(terminal, [
      "one",
      "two",
      "lines",
      "three",
      "● lab",
      "lab> a line that is wider than the scre",
      "en, and wider than twice the screen",
    ]);
    await until(() => terminal.cursor.column === 29);
    press("big ");
    await terminal.sees("the big screen");
    press("\r");
    expect(await screen.next()).toBe(line.replace(/screen$/, "big screen"));
  });

  it("takes 200 pasted lines as one text, whatever is in it, in any pieces", async () => {
    const { terminal, screen, press } = openScreen();
    const lines = Array.from({ length: 200 }, (_, at) => `line ${at + 1} \t/quit é日\x1b[A`);
    const bytes = Buffer.from(`\x1b[200~${lines.join("\r")}\r\x1b[201~`);
    for (let at = 0; at < bytes.length; at += 7) press(bytes.subarray(at, at + 7).toString("latin1"));
    await terminal.sees("line 200");
    press("\r");
    const text = Buffer.from((await screen.next()) ?? "", "latin1").toString();
    expect(text).toBe(lines.join("\n"));
  });

  it("enters each line of a paste that does not say that it is one, in order", async () => {
    const { screen, press } = openScreen();
    press("one\r\ntwo\nthree\r");
    expect([await screen.next(), await screen.next(), await screen.next()]).toEqual(["one", "two", "three"]);
  });

  it("is whole after its window got narrow, wide and low, while lines come", async () => {
    const { terminal, screen, output, press } = openScreen({ size: { columns: 60, rows: 20 } });
    screen.setRows(["● lab · 3 people · what the room is about, in some words"]);
    press("something that takes nearly all of the columns, say");
    await terminal.sees("nearly all of the columns, say");
    screen.print("a first line");
    await terminal.sees("a first line");
    const sizes = [
      { columns: 40, rows: 20 },
      { columns: 100, rows: 24 },
      { columns: 30, rows: 3 },
      { columns: 60, rows: 20 },
    ];
    for (const size of sizes) {
      terminal.resize(size);
      output.emit("resize");
      screen.print(`${size.columns} columns`);
      await terminal.sees(new RegExp(`${size.columns} columns\\n[^]*say$`));
    }
    await terminal.sees(/60 columns\n● lab · 3 people[^\n]*\nlab> something[^\n]*\n?[^\n]*say$/);
    for (const text of ["a first line", ...sizes.map(({ columns }) => `${columns} columns`)])
      expect(terminal.text.split(text)).toHaveLength(2);
  });

  it("asks a terminal that got narrow for its cursor, and goes by what it says", async () => {
    const { terminal, screen, output, press } = openScreen({ size: { columns: 60, rows: 20 } });
    for (const key of "a line that is longer than what is left of the columns") press(key);
    await terminal.sees("left of the columns");
    for (let n = 1; n <= 4; n++) screen.print(`line ${n}`);
    await terminal.sees("line 4");
    terminal.resize({ columns: 40, rows: 20 });
    output.emit("resize");
    screen.print("line 5");
    await terminal.sees("line 5");
    expect(terminal.written).toContain("\x1b[6n");
    expect(terminal.text.match(/line \d/g)).toEqual(["line 1", "line 2", "line 3", "line 4", "line 5"]);
    expect(terminal.text.match(/lab>/g)).toHaveLength(1);
  });

  it("leaves a line rather than erase one when a terminal does not say where its cursor is", async () => {
    const terminal = new VirtualTerminal({ columns: 60, rows: 20 });
    const keys = new PassThrough();
    const output = terminal.stream();
    const complete = () => Promise.resolve(none);
    const screen = openLiveScreen({ input: keys, output, history: openHistory(undefined), complete });
    keys.write("a line that is longer than what is left of the columns");
    for (let n = 1; n <= 4; n++) screen.print(`line ${n}`);
    await terminal.sees(/line 4\na line/);
    terminal.resize({ columns: 40, rows: 20 });
    output.emit("resize");
    screen.print("line 5");
    await terminal.sees("line 5");
    expect(terminal.text.match(/line \d/g)).toEqual(["line 1", "line 2", "line 3", "line 4", "line 5"]);
    screen.close();
  });

  it("asks in the place of the prompt, and never shows a secret", async () => {
    const { terminal, screen, press } = openScreen();
    const name = screen.ask("Name: ");
    press("ali\x7fice\x1b[200~\x1b]0;\x1b[201~\r");
    expect(await name).toBe("alice\x1b]0;");
    const secret = screen.ask("Token: ", { isSecret: true });
    press("hidden");
    await terminal.sees("Token:");
    press("\r");
    expect(await secret).toBe("hidden");
    await terminal.sees(/Name: alice\\x1b\]0;\nToken: ?\nlab>/);
    const cut = screen.ask("Again: ", { isSecret: true });
    press("hidden\x15\r");
    expect(await cut).toBe("");
    press("\x19!\r");
    expect(await screen.next()).toBe("!");
    expect(terminal.written).not.toContain("hidden");
  });

  it("brings back what was entered, one by one and by a part of it", async () => {
    const { terminal, screen, press } = openScreen();
    press("first\rsecond\rthi");
    const up = "\x1b[A";
    const down = "\x1b[B";
    press(up + up);
    await terminal.sees(/lab> first$/);
    press(down + down);
    await terminal.sees(/lab> thi$/);
    press("\x12fir");
    await terminal.sees(/\(search: fir\) first$/);
    press("\x07");
    await terminal.sees(/lab> thi$/);
    press("\x12fir\r");
    expect([await screen.next(), await screen.next(), await screen.next()]).toEqual([
      "first",
      "second",
      "first",
    ]);
  });

  it("stops a search with Ctrl-C, and nothing else", async () => {
    const { screen, press } = openScreen();
    press("\x12\x03still here\r");
    expect(await screen.next()).toBe("still here");
    expect(screen.interrupted.aborted).toBe(false);
  });

  it("draws only what is being typed where there is room for no more", async () => {
    const { terminal, screen, press } = openScreen({ size: { columns: 40, rows: 2 } });
    screen.setRows(["one", "two", "three"]);
    press("typed");
    for (let n = 1; n <= 3; n++) {
      screen.print(`line ${n}`);
      await terminal.sees(`line ${n}`);
    }
    await terminal.sees(/line 3\n(three\n)?lab> typed$/);
    expect(terminal.text).not.toContain("two");
    expect(terminal.text.match(/lab>/g)).toHaveLength(1);
  });

  it("is whole when the terminal takes a character for wider than it is here", async () => {
    const { terminal, screen, press } = openScreen();
    for (let n = 0; n < 18; n++) press("👨‍👩‍👧");
    await terminal.sees("👨‍👩‍👧");
    screen.print("said");
    await terminal.sees("said");
    await until(() => terminal.text.split("lab>").length === 2);
    press("!\r");
    expect(await screen.next()).toContain("!");
    expect(terminal.text.split("lab>")).toHaveLength(2);
  });

  it("completes with Tab, and lists what there is when it is pressed again", async () => {
    const names = ["alice", "albert", "bob"];
    const complete = (line: string) => ({
      from: 0,
      choices: names.filter((name) => name.startsWith(line)).map((text) => ({ text })),
    });
    const { terminal, screen, press } = openScreen({ complete });
    press("b\t");
    await terminal.sees(/lab> bob$/);
    press("\x15a\t");
    await terminal.sees(/lab> al$/);
    press("\t");
    await new Promise((resolve) => setImmediate(resolve));
    press("\t");
    await terminal.sees("alice   albert\nlab> al");
    press("i\t\r");
    await until(() => terminal.text.includes("alice"));
    expect(await screen.next()).toMatch(/^ali/);
  });

  it("prints more than a terminal takes at once, in order, and says when there is room again", async () => {
    const { terminal, screen } = openScreen();
    for (let n = 1; n <= 20_000; n++) screen.print(`line ${n} ${"x".repeat(30)}`);
    expect(screen.drained).toBeDefined();
    await screen.drained;
    await terminal.sees(/line 20000 x+\nlab>$/);
    const numbers = terminal.text.match(/(?<=line )\d+/g) ?? [];
    expect(numbers.slice(-10_000)).toEqual(Array.from({ length: 10_000 }, (_, at) => String(10_001 + at)));
  });

  it("leaves what was being typed and nothing else of its own", async () => {
    const { terminal, screen, press } = openScreen();
    screen.setRows(["● lab"]);
    screen.print("said");
    press("unfinished");
    await terminal.sees("unfinished");
    screen.close();
    screen.print("after");
    await shows(terminal, ["said", "lab> unfinished", "after"]);
    expect(terminal.written.lastIndexOf("\x1b[?2004l")).toBeGreaterThan(
      terminal.written.lastIndexOf("\x1b[?2004h"),
    );
  });
});

describe("A plain screen", () => {
  it("never writes an escape sequence", async () => {
    const terminal = new VirtualTerminal();
    const input = new PassThrough();
    const complete = () => Promise.resolve(none);
    const screen = openPlainScreen({
      input,
      output: terminal.stream(),
      history: openHistory(undefined),
      complete,
    });
    const name = screen.ask("Name: ");
    input.write("alice\nhello\n");
    expect(await name).toBe("alice");
    expect(await screen.next()).toBe("hello");
    screen.print("10:00 bob: hi");
    await terminal.sees("bob: hi");
    expect(terminal.written).not.toContain("\x1b");
    input.end();
    expect(await screen.next()).toBeUndefined();
  });
});

describe("The history of lines", () => {
  const folder = () => {
    const path = mkdtempSync(join(tmpdir(), "roomline-history-"));
    cleanUp(() => {
      rmSync(path, { recursive: true });
      return Promise.resolve();
    });
    return join(path, "state", "history");
  };

  it("is there in the next run, for its owner alone, and passes over what is damaged", () => {
    const path = folder();
    const [one, other] = [openHistory(path), openHistory(path)];
    one.add("first");
    other.add("of another\nin two lines");
    one.add("first");
    one.add("  ");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    writeFileSync(path, `${readFileSync(path, "utf8")}{"half\n`);
    expect(openHistory(path).lines).toEqual(["first", "of another\nin two lines"]);
  });

  it("keeps the newest thousand", () => {
    const path = folder();
    openHistory(path).add("0");
    writeFileSync(path, Array.from({ length: 2500 }, (_, at) => `"${at}"\n`).join(""));
    expect(openHistory(path).lines).toHaveLength(1000);
    expect(readFileSync(path, "utf8").split("\n")).toHaveLength(1001);
    expect(openHistory(path).lines.at(-1)).toBe("2499");
  });

  it("does without a disk", () => {
    const history = openHistory("/dev/null/history");
    history.add("kept for this run");
    expect(history.lines).toEqual(["kept for this run"]);
  });
});
