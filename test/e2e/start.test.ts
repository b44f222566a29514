// How the programs start when something is wrong: one sentence, an exit code, no stack.

import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { projectFolder, startProgram } from "../support/program.js";
import { joinRoom } from "../support/peer.js";
import { newStateFolder } from "../support/person.js";
import { temporaryFolder } from "../support/server.js";

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
async function run(program: "server" | "client", flags: readonly string[], env = {}): Promise<Outcome> {
  const options = {
    cwd: projectFolder,
    env: { ...process.env, XDG_STATE_HOME: newStateFolder(), ...env },
    timeout: 20_000,
  };
  const child = execFile(process.execPath, [program, ...flags], options, () => undefined);
  child.stdin?.end();
  let [stdout, stderr] = ["", ""];
  child.stdout?.on("data", (text: string) => (stdout += text));
  child.stderr?.on("data", (text: string) => (stderr += text));
  await once(child, "close");
  return { code: child.exitCode, stdout, stderr };
}

function expectOneSentence({ stderr }: Outcome, about: RegExp): void {
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(stderr).toMatch(about);
}

describe("node server", () => {
  let folder: string;
  const data = () => ["--data", join(folder, "data")];

  beforeEach(async () => {
    folder = await temporaryFolder();
  });

  it.each([
    ["a port that is no number", ["--port", "http"], /port must be a whole number/],
    ["a port out of range", ["--port", "70000"], /port must be a whole number/],
    ["a typo in a flag", ["--prot", "4040"], /Unknown argument: prot/],
    ["a word too many", ["start"], /Unknown argument: start/],
    ["a flag without its value", ["--port"], /port/i],
    ["a log level that is none", ["--log-level", "loud"], /log-level/],
    ["a config file that is not there", ["--config", "/nowhere.json"], /nowhere\.json/],
  ])("says what is wrong with %s and ends with 2", async (_what, flags, about) => {
    const outcome = await run("server", [...data(), ...flags]);
    expectOneSentence(outcome, about);
    expect(outcome.code).toBe(2);
    await expect(readdir(join(folder, "data"))).rejects.toThrow("ENOENT");
  });

  it("says what is wrong in a config file or the environment, and leaves other variables alone", async () => {
    const config = join(folder, "config.json");
    await writeFile(config, '{"prot": 4040}');
    expectOneSentence(await run("server", [...data(), "--config", config]), /Unknown argument: prot/);
    const outcome = await run("server", data(), { ROOMLINE_PORT: "http", ROOMLINE_NAME: "alice" });
    expectOneSentence(outcome, /port must be a whole number/);
  });

  it("says that the port is taken and ends with 1", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    const outcome = await run("server", [...data(), "--port", String(port)]);
    other.close();
    expectOneSentence(outcome, new RegExp(`127\\.0\\.0\\.1:${port} is taken`));
    expect(outcome.code).toBe(1);
  });

  it.each([
    ["is a file", async () => writeFile(join(folder, "data"), "")],
    ["cannot be written to", async () => mkdir(join(folder, "data", "roomline.db"), { recursive: true })],
    [
      "has a damaged database",
      async () => {
        await mkdir(join(folder, "data"));
        await writeFile(join(folder, "data/roomline.db"), "this is no database".repeat(500));
      },
    ],
  ])("says that the data folder %s and ends with 1", async (_what, prepare) => {
    await prepare();
    const outcome = await run("server", [...data(), "--port", "0"]);
    expectOneSentence(outcome, /data/);
    expect(outcome.stderr).not.toContain("    at ");
    expect(outcome.code).toBe(1);
  });

  it("refuses a data folder that another server has, and harms nothing of it", async () => {
    const first = await startProgram(join(folder, "data"));
    const alice = await joinRoom(first.port, "alice");
    alice.send({ type: "upload", id: "u", name: "a.txt", size: 2 });
    const { upload } = await alice.next("uploading");
    const outcome = await run("server", [...data(), "--port", "0"]);
    expectOneSentence(outcome, /Another server is using the data folder/);
    expect(outcome.code).toBe(1);
    alice.send({ type: "chunk", upload, offset: 0, data: "aGk=" });
    expect(await alice.next("file")).toMatchObject({ name: "a.txt", size: 2 });
    await first.kill();
    const second = await startProgram(join(folder, "data"));
    expect(await second.stop()).toBe(0);
  });

  it("refuses a folder with files and no database, and keeps the files", async () => {
    const first = await startProgram(join(folder, "data"));
    const alice = await joinRoom(first.port, "alice");
    alice.send({ type: "upload", name: "a.txt", data: "aGk=" });
    await alice.next("file");
    await first.stop();
    await rm(join(folder, "data/roomline.db"));
    const blobs = await readdir(join(folder, "data/blobs"), { recursive: true });
    const outcome = await run("server", [...data(), "--port", "0"]);
    expectOneSentence(outcome, /has files but no roomline\.db/);
    expect(outcome.code).toBe(1);
    expect(await readdir(join(folder, "data/blobs"), { recursive: true })).toEqual(blobs);
  });

  it("keeps everything in files that only its owner can read", async () => {
    const program = await startProgram(join(folder, "data"));
    await program.stop();
    const { stdout } = await new Promise<{ stdout: string }>((resolve) => {
      execFile("find", [join(folder, "data"), "-perm", "/077"], (_error, stdout) => {
        resolve({ stdout });
      });
    });
    expect(stdout).toBe("");
  });
});

describe("node client", () => {
  it.each([
    ["a port that is no number", ["--port", "http"], /port must be a whole number/],
    ["a typo in a flag", ["--nmae", "alice"], /Unknown argument: nmae/],
  ])("says what is wrong with %s and ends with 2", async (_what, flags, about) => {
    const outcome = await run("client", flags);
    expectOneSentence(outcome, about);
    expect(outcome.code).toBe(2);
  });

  it("ends with 3 when no server answers in time, and with 4 when the name is taken", async () => {
    const program = await startProgram(await temporaryFolder());
    const flags = ["--port", String(program.port), "--name", "alice", "--room", "lab", "--wait", "0"];
    const alice = await joinRoom(program.port, "alice");
    expect((await run("client", flags)).code).toBe(4);
    alice.socket.destroy();
    await program.stop();
    expect((await run("client", flags)).code).toBe(3);
  });
});
