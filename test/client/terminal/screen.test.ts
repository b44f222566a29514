// What stands on a terminal when lines are printed while somebody types, read from an emulated one.

import { Terminal } from "@xterm/headless";
import { PassThrough, Writable } from "node:stream";
import { Screen } from "../../../client/terminal/screen.js";
import { cleanUp } from "../../support/cleanup.js";

const typed = "a line that is wider than the screen, and wider than twice the screen";
const columns = 30;

/** A screen that waits for a line behind `lab> `, and what is shown on it. */
function openScreen() {
  const input = new PassThrough();
  const terminal = new Terminal({ cols: columns, rows: 12, allowProposedApi: true, convertEol: true });
  let shownAll = Promise.resolve();
  const output = new Writable({
    write(bytes: Buffer, _encoding, done) {
      shownAll = new Promise((resolve) => {
        terminal.write(bytes, resolve);
      });
      done();
    },
  });
  const screen = new Screen({ input, output: Object.assign(output, { columns }) }, () => []);
  cleanUp(() => {
    screen.close();
    return Promise.resolve();
  });
  void screen.next("lab> ");
  const rows = async (): Promise<string[]> => {
    await shownAll;
    const { active } = terminal.buffer;
    const lines = Array.from({ length: active.length }, (_, row) => active.getLine(row));
    return lines.map((line) => line?.translateToString(true) ?? "").filter((text) => text !== "");
  };
  return { input, screen, rows };
}

/** How a line behind the prompt fills rows. */
function wrapped(line: string): string[] {
  return (`lab> ${line}`.match(new RegExp(`.{1,${columns}}`, "g")) ?? []).map((row) => row.trimEnd());
}

describe("A screen", () => {
  // Keys that come one by one are counted by readline row by row, a pasted text is not.
  it.each([
    ["typed", Array.from(typed)],
    ["pasted", [typed]],
    ["pasted and then typed on", [typed, "x", "y"]],
  ])("prints above a line of several rows that was %s, and tears neither", async (_how, keys) => {
    const { input, screen, rows } = openScreen();
    for (const key of keys) input.write(key);
    screen.print("one");
    screen.print("two");
    input.write("!");
    screen.print("three");
    expect(await rows()).toEqual(["one", "two", "three", ...wrapped(`${keys.join("")}!`)]);
  });
});
