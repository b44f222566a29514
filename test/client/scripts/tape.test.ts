// Lines that are written once, wherever a run was killed. A kill is an error in the place where it would have come: what
// the run has written until then stays, and nothing that it would have done later happens.

import { closeSync, constants, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Cursor } from "../../../client/scripts/cursor.js";
import { Tape } from "../../../client/scripts/tape.js";
import { temporaryFolder } from "../../support/server.js";

const epoch = "e";
const lines = Array.from({ length: 40 }, (_, at) => `${at + 1} ${"x".repeat(at === 20 ? 10_000 : 1000)}`);
const killed = new Error("killed");

/** One run: goes on where the last ended, and is killed before it counts its nth block. */
async function run(folder: string, dieAt: number): Promise<void> {
  const fd = openSync(join(folder, "log"), constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT);
  const cursor = new Cursor(join(folder, "cursor"), fd);
  const uncounted = cursor.uncounted();
  const from = cursor.positionIn("lab")?.seq ?? 0;
  cursor.startIn("lab", { epoch, seq: from });
  let blocks = 0;
  const count = (seq: number) => {
    if (++blocks === dieAt) throw killed;
    cursor.reach("lab", { epoch, seq });
  };
  const tape = new Tape({ fd, uncounted, count });
  const added = lines.slice(from).map((line, at) => tape.add(line, from + at + 1));
  try {
    await Promise.all(added);
  } catch (error) {
    if (error !== killed) throw error;
    await Promise.allSettled(added);
  } finally {
    cursor.close();
    closeSync(fd);
  }
}

describe("A tape with a cursor", () => {
  it.each([1, 2, 3])(
    "writes each line once into a file, when every run is killed at block %i",
    async (dieAt) => {
      const folder = await temporaryFolder();
      writeFileSync(join(folder, "log"), "what was there\n");
      for (let runs = 0; runs < 60; runs++) await run(folder, dieAt);
      await run(folder, Infinity);
      const written = readFileSync(join(folder, "log"), "utf8").trimEnd().split("\n");
      const numbers = written.map((line) => line.replace(/ x+$/, ""));
      expect(numbers).toEqual(["what was there", ...lines.map((_line, at) => String(at + 1))]);
      expect(written.slice(1).map(({ length }) => length)).toEqual(lines.map(({ length }) => length));
    },
  );

  it("ends a line that was written in part, and leaves what somebody else has written", async () => {
    const folder = await temporaryFolder();
    await run(folder, Infinity);
    const log = join(folder, "log");
    const fd = openSync(log, constants.O_WRONLY | constants.O_APPEND);
    const cursor = new Cursor(join(folder, "cursor"), fd);
    writeFileSync(log, "abc", { flag: "a" });
    const tape = new Tape({ fd, uncounted: cursor.uncounted(), count: () => undefined });
    await tape.add("abcdef", 41);
    await tape.add("next", 42);
    expect(readFileSync(log, "utf8").endsWith("\nabcdef\nnext\n")).toBe(true);
    const other = new Tape({ fd, uncounted: Buffer.from("something else\n"), count: () => undefined });
    await other.add("after", 43);
    expect(readFileSync(log, "utf8").endsWith("abcdef\nnext\nafter\n")).toBe(true);
    cursor.close();
    closeSync(fd);
  });
});
