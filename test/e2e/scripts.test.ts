// What shell scripts do with the client: say what comes from a pipe, follow a room, look things up.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { statSync } from "node:fs";
import { join } from "node:path";
import { openSession } from "../../client/session/connect.js";
import { runErrand, startErrand } from "../support/errand.js";
import { newStateFolder } from "../support/person.js";
import { joinRoom } from "../support/peer.js";
import { projectFolder, startProgram } from "../support/program.js";
import { runSeed, seededRandom } from "../support/random.js";
import { startServer, temporaryFolder } from "../support/server.js";

const isSoak = process.env.ROOMLINE_SOAK !== undefined;
/** The soak's hundred take a minute and a half. */
const kills = isSoak ? 100 : 20;
const client = `${process.execPath} ${join(projectFolder, "client")}`;

async function place() {
  const { port } = await startServer();
  const cwd = await temporaryFolder();
  return { port, cwd, run: (...words: string[]) => runErrand(words, { port, cwd }) };
}

/** Runs a command line of bash, and gives what it writes. */
async function shell(command: string, { cwd, env = {} }: { cwd: string; env?: Record<string, string> }) {
  const child = spawn("bash", ["-c", command], {
    cwd,
    env: { ...process.env, XDG_STATE_HOME: newStateFolder(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, talk] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (talk += text));
  const [code] = (await once(child, "close")) as [number];
  return { code, out, talk };
}

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `${from + at}`);

/** A room in which somebody has counted. */
async function countTo(count: number, port: number): Promise<void> {
  const talker = await openSession({ port, name: "talker", room: "lab" });
  await Promise.all(numbered(1, count).map((text) => talker.say(text)));
  await talker.close();
}

describe("node client send", () => {
  it("says all that comes from a pipe, in order, through a server that is killed in between", async () => {
    const [cwd, data] = [await temporaryFolder(), await temporaryFolder()];
    const count = isSoak ? 100_000 : 20_000;
    const server = await startProgram(data);
    const sending = shell(`seq 1 ${count} | ${client} send - --port ${server.port} --room lab`, { cwd });
    const watcher = await openSession({ port: server.port, room: "lab" });
    await new Promise<void>((resolve) => {
      watcher.on("message", ({ seq }) => {
        if (seq >= count / 4) resolve();
      });
    });
    await server.kill();
    const { port } = await startProgram(data, { port: server.port });
    expect(await sending).toMatchObject({ code: 0, out: "" });
    const { out } = await shell(`${client} export --room lab --port ${port} | jq -r .text`, { cwd });
    expect(out.trimEnd().split("\n")).toEqual(numbered(1, count));
  }, 120_000);

  it("says one text, to a room or to one person, and prints what is recorded for jq", async () => {
    const { port, run } = await place();
    const bob = await joinRoom(port, "bob");
    const { stdout } = await run("send", "hello", "all", "--json");
    expect(JSON.parse(stdout.toString())).toMatchObject({ type: "message", seq: 1, text: "hello all" });
    expect(await run("send", "psst", "--to", "bob")).toMatchObject({ code: 0 });
    expect(await bob.next("direct")).toMatchObject({ from: "alice", text: "psst" });
    expect(await run("send", "yes", "--reply-to", "1")).toMatchObject({ code: 0 });
    expect(await bob.next(({ replyTo }) => replyTo === 1)).toMatchObject({ text: "yes" });
  });

  it("tells which line was refused, and says the others", async () => {
    const { port, cwd } = await place();
    const input = `one\n${"x".repeat(20_000)}\n\nfour\n`;
    const { code, talk } = await runErrand(["send", "-"], { port, cwd, input });
    expect(code).toBe(6);
    expect(talk).toEqual(["! line 2: A text has at most 16384 bytes."]);
    const { stdout } = await runErrand(["export"], { port, cwd });
    const texts = stdout.toString().trim().split("\n");
    expect(texts.map((line) => (JSON.parse(line) as { text: string }).text)).toEqual(["one", "four"]);
  });

  it("ends at once when it is stopped, though nobody closes its input", async () => {
    const { port, cwd } = await place();
    const watcher = await joinRoom(port, "watcher");
    const { child, done } = startErrand(["send", "-"], { port, cwd });
    child.stdin.write("one\n");
    expect(await watcher.next("message")).toMatchObject({ text: "one" });
    child.kill("SIGTERM");
    expect(await done).toMatchObject({ signal: "SIGTERM", talk: ["* 1 line was said", "! Interrupted."] });
  });

  it("has a code for each reason", async () => {
    const { port, cwd, run } = await place();
    expect(await run("send", "hi", "--to", "nobody")).toMatchObject({ code: 7 });
    expect(await run("download", "nothing", "nowhere")).toMatchObject({ code: 7 });
    expect(await run("upload", "nothing")).toMatchObject({ code: 7 });
    expect(await run("send", "hi", "--room", "a/b")).toMatchObject({ code: 4 });
    expect(await runErrand(["send", "hi", "--wait", "0"], { port: 1, cwd })).toMatchObject({ code: 3 });
    expect(await run("send")).toMatchObject({ code: 2 });
    const { port: bounded } = await startServer({ limits: { fileBytes: 10 } });
    await writeFile(join(cwd, "large"), "more than ten bytes");
    expect(await runErrand(["upload", "large"], { port: bounded, cwd })).toMatchObject({ code: 9 });
    await writeFile(join(cwd, "small"), "x");
    expect(await runErrand(["upload", "large", "small"], { port: bounded, cwd })).toMatchObject({ code: 6 });
    expect(port).toBeGreaterThan(0);
  });
});

describe("node client tail", () => {
  it(`prints each entry once, through ${kills} kills`, async () => {
    const { port, cwd } = await place();
    const count = 10_000;
    await countTo(count, port);
    const log = join(cwd, "lab.log");
    await writeFile(log, "what was there\n");
    const seed = runSeed();
    const next = seededRandom(seed);
    const words = ["tail", "--json", "--cursor", "seen", "--room", "lab", "--port", String(port)];
    const stateFolder = newStateFolder();
    const env = { ...process.env, XDG_STATE_HOME: stateFolder };
    const start = () =>
      spawn("bash", ["-c", `exec ${client} ${words.join(" ")} >> lab.log`], { cwd, env, stdio: "ignore" });
    for (let round = 0; round < kills; round++) {
      const enough = statSync(log).size + next() * (2_000_000 / kills);
      const child = start();
      const exited = once(child, "exit");
      while (child.exitCode === null && statSync(log).size < enough)
        await new Promise((resolve) => setImmediate(resolve));
      child.kill("SIGKILL");
      await exited;
    }
    const last = start();
    expect(await once(last, "exit")).toEqual([0, null]);
    const [first, ...lines] = (await readFile(log, "utf8")).trimEnd().split("\n");
    expect(first).toBe("what was there");
    const texts = lines.map((line) => (JSON.parse(line) as { text: string }).text);
    expect({ seed, texts }).toEqual({ seed, texts: numbered(1, count) });
  }, 180_000);

  it("goes on where a run was stopped by a signal, in a pipe, and follows what is said then", async () => {
    const { port, cwd } = await place();
    const talker = await openSession({ port, name: "talker", room: "lab" });
    const stateFolder = newStateFolder();
    let printed = "";
    let said = 0;
    const talk = async (count: number) => {
      await Promise.all(numbered(said + 1, said + count).map((text) => talker.say(text)));
      said += count;
    };
    for (let round = 0; round < 5; round++) {
      await talk(500);
      const { child, done } = startErrand(["tail", "-f", "--json", "--cursor", "seen"], {
        port,
        cwd,
        stateFolder,
      });
      await once(child.stdout, "data");
      await talk(500);
      child.kill("SIGTERM");
      // It is being said while the other ends, too.
      await talk(500);
      const { signal, stdout } = await done;
      expect(signal).toBe("SIGTERM");
      printed += stdout.toString();
    }
    const { stdout } = await runErrand(["tail", "--json", "--cursor", "seen"], { port, cwd, stateFolder });
    printed += stdout.toString();
    await talker.close();
    const texts = printed
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { text: string }).text);
    expect(texts).toEqual(numbered(1, said));
  }, 60_000);

  it("refuses a cursor of another room, of another log, and what is no cursor", async () => {
    const { port, cwd, run } = await place();
    await countTo(3, port);
    await run("tail", "--cursor", "seen");
    expect(await run("tail", "--cursor", "seen", "--room", "den")).toMatchObject({
      code: 2,
      talk: ["! seen is the cursor of the room lab, not of den."],
    });
    const other = await startServer();
    await countTo(1, other.port);
    const { code, talk } = await runErrand(["tail", "--cursor", "seen"], { port: other.port, cwd });
    expect(code).toBe(2);
    expect(talk[0]).toContain("remove the cursor's file to begin anew");
    await writeFile(join(cwd, "note.txt"), "not to be touched");
    expect(await run("tail", "--cursor", "note.txt")).toMatchObject({ code: 2 });
    expect(await readFile(join(cwd, "note.txt"), "utf8")).toBe("not to be touched");
  });

  it("ends as by SIGPIPE when its reader has had enough", async () => {
    const { port, cwd } = await place();
    await countTo(2000, port);
    const { out, talk } = await shell(
      `set -o pipefail; ${client} tail --since 0 --room lab --port ${port} | head -1; echo "\${PIPESTATUS[0]}"`,
      { cwd },
    );
    expect(out).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d #1 talker: 1\n141\n$/);
    expect(talk).toBe("");
  });
});

describe("What looks things up", () => {
  it("writes columns for cut and awk, and the wire's lines for jq", async () => {
    const { port, cwd, run } = await place();
    const bob = await joinRoom(port, "bob");
    bob.send({ type: "message", text: "the plot is done" });
    await bob.next("message");
    await writeFile(join(cwd, "a b.txt"), "four");
    await run("upload", "a b.txt");
    const out = async (...words: string[]) => (await run(...words)).stdout.toString();
    expect(await out("rooms")).toBe("lab\t1\n");
    expect((await out("users")).split("\n").sort()).toEqual(["", "alice", "bob"]);
    expect((await out("files")).split("\t").slice(0, 3)).toEqual(["a b.txt", "1", "4"]);
    expect(JSON.parse(await out("files", "--json"))).toMatchObject({
      type: "files",
      files: [{ name: "a b.txt" }],
    });
    expect(await out("search", "plot", "--from", "bob")).toMatch(/ #1 bob: the plot is done\n$/);
    expect(await out("search", "nothing")).toBe("");
    expect((await out("export")).trimEnd().split("\n")).toHaveLength(2);
    expect((await out("export", "--since", "1")).trimEnd().split("\n")).toHaveLength(1);
  });
});

describe("docs/operations.md", () => {
  it("has pipelines that do what they say", async () => {
    const { port, cwd } = await place();
    for (const name of ["alice", "bob"]) {
      const session = await openSession({ port, name, room: "lab" });
      await session.say(`see https://example.org/${name} and https://example.org/`);
      if (name === "bob") await session.say("done");
      await session.close();
    }
    await writeFile(join(cwd, "large.bin"), Buffer.alloc(1_500_000));
    await writeFile(join(cwd, "small.txt"), "x");
    await runErrand(["upload", "large.bin", "small.txt"], { port, cwd });
    const page = await readFile(join(projectFolder, "docs/operations.md"), "utf8");
    const pipelines = Array.from(page.matchAll(/```sh pipeline\n([^]*?)```/g), ([, command = ""]) => command);
    expect(pipelines).toHaveLength(5);
    const outputs: string[] = [];
    for (const command of pipelines) {
      const env = { ROOMLINE_PORT: String(port) };
      const { code, out } = await shell(command.replaceAll("node client", client), { cwd, env });
      expect({ command, code }).toEqual({ command, code: 0 });
      outputs.push(out);
    }
    expect(outputs).toEqual([
      "      2 bob\n      1 alice\n",
      "https://example.org/\nhttps://example.org/alice\nhttps://example.org/bob\n",
      "1500000 large.bin\n",
      "one\ntwo\n",
      "",
    ]);
    const saved = await readFile(join(cwd, "downloads/small.txt"), "utf8");
    expect(saved).toBe("x");
  }, 60_000);

  it("lets bash complete commands and flags", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "roomline"), `#!/bin/sh\nexec ${client} "$@"\n`, { mode: 0o755 });
    const complete = `
      PATH="$PWD:$PATH"; source <(roomline completion bash)
      COMP_WORDS=(roomline ta); COMP_CWORD=1; _roomline_yargs_completions; echo "\${COMPREPLY[@]}"
      COMP_WORDS=(roomline tail --cu); COMP_CWORD=2; _roomline_yargs_completions; echo "\${COMPREPLY[@]}"`;
    expect(execFileSync("bash", ["-c", complete], { cwd, encoding: "utf8" })).toBe("tail\n--cursor\n");
  });
});
