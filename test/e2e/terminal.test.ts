// People at real pseudo-terminals: what stands on their screens while a room talks, whatever they do meanwhile.

import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openSession } from "../../client/session/connect.js";
import { newStateFolder, startPerson, type Person } from "../support/person.js";
import { startProgram } from "../support/program.js";
import { temporaryFolder } from "../support/server.js";
import { until } from "../support/until.js";

const left = "\x1b[D";

async function place(size = { columns: 80, rows: 24 }) {
  const [cwd, data] = [await temporaryFolder(), await temporaryFolder()];
  const server = await startProgram(data);
  const flags = ["--port", String(server.port), "--room", "lab", "--name", "alice"];
  const alice = startPerson({ cwd, flags, atTerminal: true, size });
  await alice.sees("lab>");
  const bob = await openSession({ port: server.port, name: "bob", room: "lab" });
  await alice.sees("* bob joined");
  return { cwd, data, server, alice, bob };
}

const counted = (person: Person, what: RegExp) => person.screen.match(what)?.map(Number) ?? [];
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

describe("A person at a terminal", () => {
  it("types, and edits in the middle of the line, while messages come", async () => {
    const { alice, bob } = await place();
    const count = 500;
    const talking = Promise.all(upTo(count).map((n) => bob.say(`message ${n}`)));
    for (const key of "a thought") alice.press(key);
    alice.press(left.repeat(8));
    for (const key of " better") alice.press(key);
    await talking;
    await alice.sees(`bob: message ${count}`);
    await alice.sees(/● lab · 2 people\nlab> a better thought$/);
    expect(counted(alice, /(?<=bob: message )\d+/g)).toEqual(upTo(count));
    expect(alice.terminal.cursor).toEqual({ row: 23, column: "lab> a better".length });
    alice.press("\r");
    await alice.sees(`#${count + 1} alice: a better thought`);
    expect(alice.screen.match(/^lab>/gm)).toHaveLength(1);
    await bob.close();
  }, 60_000);

  it.each([
    { columns: 80, rows: 24 },
    { columns: 40, rows: 20 },
  ])(
    "pastes 200 lines, which are one message, at $columns columns",
    async (size) => {
      const { alice, bob } = await place(size);
      const text = upTo(200)
        .map((n) => `pasted ${n} 日本 👍`)
        .join("\n");
      alice.paste(text);
      await alice.sees(/↑ \d+ more\n[^]*pasted 200 日本 👍\n↓ 0 more/);
      const said = new Promise((resolve) =>
        bob.on("message", ({ text }) => {
          resolve(text);
        }),
      );
      alice.press("\r");
      expect(await said).toBe(text);
      await alice.sees(/\| pasted 200 日本 👍\n● lab[^\n]*\nlab>$/);
      expect(counted(alice, /(?<=pasted )\d+/g)).toEqual(upTo(200));
      await bob.close();
    },
    60_000,
  );

  it("has its window resized in the middle of a line and of a talk", async () => {
    const { alice, bob } = await place();
    alice.press("a line that is nearly as wide as the window was before it got narrow");
    await alice.sees("before it got narrow");
    let n = 0;
    for (const size of [
      { columns: 40, rows: 20 },
      { columns: 100, rows: 30 },
      { columns: 80, rows: 24 },
    ]) {
      await alice.resize(size);
      await bob.say(`message ${++n}`);
      await alice.sees(`bob: message ${n}`);
    }
    await alice.sees(
      /message 3\n● lab · 2 people\nlab> a line that is nearly as wide as the window was before it got narrow$/,
    );
    expect(counted(alice, /(?<=bob: message )\d+/g)).toEqual([1, 2, 3]);
    await bob.close();
  }, 60_000);

  it("transfers three files at once, and talks meanwhile", async () => {
    const { cwd, alice, bob } = await place();
    const names = ["one.bin", "two.bin", "three.bin"];
    const bytes = names.map(() => randomBytes(3_000_000));
    for (const [at, name] of names.entries()) await writeFile(join(cwd, name), bytes[at] ?? "");
    alice.press(`${names.map((name) => `upload: ${name}\r`).join("")}meanwhile\r`);
    await alice.sees("alice: meanwhile");
    for (const name of names) await alice.sees(`* uploaded ${name}`);
    alice.press(names.map((name) => `download: ${name}\r`).join(""));
    for (const name of names) await alice.sees(`* saved downloads/${name}`);
    for (const [at, name] of names.entries())
      expect(bytes[at]?.equals(await readFile(join(cwd, "downloads", name)))).toBe(true);
    await alice.sees(/● lab · 2 people\nlab>$/);
    await bob.close();
  }, 60_000);

  it("loses the server and gets it back, and what was typed meanwhile is said once", async () => {
    const { data, server, alice, bob } = await place();
    await server.kill();
    await alice.sees("○ lab · no connection, trying again");
    alice.press("one\rtwo\r");
    await alice.sees(/… one\n… two\n○ lab[^\n]*\nlab>$/);
    await startProgram(data, { port: server.port });
    await alice.sees(/#\d alice: one\n[^\n]*#\d alice: two\n/);
    await alice.sees("● lab");
    await until(() => bob.isConnected);
    const { entries } = await bob.history();
    expect(entries.map((entry) => ("text" in entry ? entry.text : ""))).toEqual(["one", "two"]);
    await bob.close();
  }, 60_000);

  it("comes back to a mark where reading stopped", async () => {
    const [cwd, data, stateFolder] = [await temporaryFolder(), await temporaryFolder(), newStateFolder()];
    const server = await startProgram(data);
    const flags = ["--port", String(server.port), "--room", "lab", "--name", "alice"];
    const first = startPerson({ cwd, flags, atTerminal: true, stateFolder });
    await first.sees("lab>");
    const bob = await openSession({ port: server.port, name: "bob", room: "lab" });
    await bob.say("seen");
    await first.sees("bob: seen");
    first.type("exit");
    expect(await first.leaves()).toBe(0);
    await bob.say("missed");
    await bob.say("missed, too");
    const second = startPerson({ cwd, flags, atTerminal: true, stateFolder });
    await second.sees(/2 unread\n[^\n]*bob: seen\n── new ──\n[^\n]*bob: missed\n[^\n]*bob: missed, too\n/);
    // What was typed in an earlier run is there, too.
    second.press("\x1b[A");
    await second.sees(/lab> exit$/);
    await bob.close();
  }, 60_000);

  it("is shown nothing that could move its cursor, and writes none of it without a terminal that can", async () => {
    const { server, cwd, alice, bob } = await place();
    await bob.say("\x1b[2J\x07\u202egnp.exe");
    await alice.sees("bob: \\x1b[2J\\x07\\u202egnp.exe");
    const flags = ["--port", String(server.port), "--room", "lab", "--name", "carol"];
    const carol = startPerson({ cwd, flags, atTerminal: true, env: { TERM: "dumb" } });
    await carol.sees("* you are in lab");
    await bob.say("plain");
    await carol.sees("bob: plain");
    expect(carol.terminal.written).not.toContain("\x1b");
    const dora = startPerson({
      cwd,
      flags: flags.map((flag) => (flag === "carol" ? "dora" : flag)),
      atTerminal: true,
      env: { NO_COLOR: "1" },
    });
    await dora.sees("bob: plain");
    // No style at all (SGR), only the ways of the cursor.
    expect(dora.terminal.written.split("\x1b[").filter((rest) => /^[\d;]*m/.test(rest))).toEqual([]);
    await bob.close();
  }, 60_000);
});
