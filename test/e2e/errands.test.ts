// What scripts do with one command: bytes on stdout, talk on stderr, and an exit code that says how it went.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runErrand, startErrand } from "../support/errand.js";
import { expectNoOrphans, unfinishedIn } from "../support/files-on-disk.js";
import { joinRoom } from "../support/peer.js";
import { projectFolder } from "../support/program.js";
import { mountSmallDisk } from "../support/small-disk.js";
import { startServer, temporaryFolder } from "../support/server.js";
import { until } from "../support/until.js";

const short = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex").slice(0, 12);
const MiB = 1024 * 1024;

async function place(): Promise<{ port: number; cwd: string; at: (name: string) => string }> {
  const { port } = await startServer();
  const cwd = await temporaryFolder();
  return { port, cwd, at: (name) => join(cwd, name) };
}

describe("node client upload", () => {
  it("leaves nothing of a pipe that it is stopped in: nobody could go on with it", async () => {
    const dataFolder = await temporaryFolder();
    const { port } = await startServer({ dataFolder });
    const cwd = await temporaryFolder();
    const { child, done } = startErrand(["upload", "-", "--name", "build.log"], { port, cwd });
    child.stdin.write(randomBytes(MiB));
    await until(async () => (await unfinishedIn(dataFolder)).length > 0);
    child.kill("SIGINT");
    expect(await done).toMatchObject({ signal: "SIGINT", talk: ["! Interrupted."] });
    expect(await unfinishedIn(dataFolder)).toEqual([]);
    await expectNoOrphans(dataFolder);
  });

  it("shares what comes from a pipe under a name", async () => {
    const { port, cwd } = await place();
    const watcher = await joinRoom(port, "watcher");
    const words = ["upload", "-", "--name", "build.log", "--as", "ci"];
    const { code, stdout, talk } = await runErrand(words, { port, cwd, input: "all is well\n" });
    expect({ code, stdout: stdout.length }).toEqual({ code: 0, stdout: 0 });
    expect(talk).toEqual([`* uploaded build.log (12 bytes, sha256 ${short("all is well\n")})`]);
    expect(await watcher.next("file")).toMatchObject({ from: "ci", name: "build.log", size: 12 });
  });

  it("shares files and folders as separate files, the way inside of a folder in the name", async () => {
    const { port, cwd, at } = await place();
    await mkdir(at("site/css"), { recursive: true });
    await writeFile(at("note.txt"), "note");
    await writeFile(at("site/index.html"), "index");
    await writeFile(at("site/css/main.css"), "main");
    await symlink(at("note.txt"), at("site/link"));
    execFileSync("mkfifo", [at("site/pipe")]);
    const { code, talk } = await runErrand(["upload", "note.txt", "site"], { port, cwd });
    expect(code).toBe(0);
    expect(talk).toEqual([
      `* uploaded note.txt (4 bytes, sha256 ${short("note")})`,
      `* uploaded site__css__main.css (4 bytes, sha256 ${short("main")})`,
      `* uploaded site__index.html (5 bytes, sha256 ${short("index")})`,
      "* site/link is a link; passed over",
      "* site/pipe is not a plain file; passed over",
    ]);
  });

  it("goes on after what cannot be sent, says why in one sentence each, and ends with 6", async () => {
    const { port, cwd, at } = await place();
    await writeFile(at("good.txt"), "good");
    await writeFile(at("bad\u0001.txt"), "bad");
    execFileSync("mkfifo", [at("fifo")]);
    const words = ["upload", "nothing", "fifo", "/dev/zero", "bad\u0001.txt", "good.txt"];
    const { code, talk } = await runErrand(words, { port, cwd });
    expect(code).toBe(6);
    expect(talk).toEqual([
      "! Cannot read nothing: there is no such file or folder.",
      "! Cannot upload fifo: it is not a plain file.",
      "! Cannot upload /dev/zero: it is not a plain file.",
      "! bad\\x01.txt: The name of a file has a character that cannot be seen.",
      `* uploaded good.txt (4 bytes, sha256 ${short("good")})`,
    ]);
  });

  it("gives one name to one file, and not to a folder's", async () => {
    const { port, cwd, at } = await place();
    await mkdir(at("folder"));
    await writeFile(at("folder/a"), "a");
    expect(await runErrand(["upload", "folder", "--name", "x"], { port, cwd })).toMatchObject({
      code: 6,
      talk: ["! Cannot upload folder: it is a folder."],
    });
    const { talk } = await runErrand(["upload", "folder/a", "--name", "x"], { port, cwd });
    expect(talk).toEqual([`* uploaded x (1 byte, sha256 ${short("a")})`]);
  });

  it("ends with the codes of the client when there is no server, or the name is taken", async () => {
    const { port, cwd, at } = await place();
    await writeFile(at("x"), "x");
    await joinRoom(port, "alice");
    expect(await runErrand(["upload", "x"], { port, cwd })).toMatchObject({ code: 4 });
    expect(await runErrand(["upload", "x", "--wait", "0"], { port: 1, cwd })).toMatchObject({ code: 3 });
    expect(await runErrand(["upload"], { port, cwd })).toMatchObject({ code: 2 });
  });
});

describe("node client download", () => {
  it("writes a file to stdout and nothing else, and says that it is whole", async () => {
    const { port, cwd, at } = await place();
    const bytes = randomBytes(3 * MiB);
    await writeFile(at("noise"), bytes);
    await runErrand(["upload", "noise"], { port, cwd });
    const { code, stdout, talk } = await runErrand(["download", "noise", "--out", "-"], { port, cwd });
    expect(code).toBe(0);
    expect(stdout.equals(bytes)).toBe(true);
    expect(talk).toEqual([`* wrote noise (3.0 MiB, sha256 ${short(bytes)})`]);
  });

  it("says so when the output cannot be written, and is quiet when nobody reads it", async () => {
    const { port, cwd, at } = await place();
    await writeFile(at("noise"), randomBytes(3 * MiB));
    await runErrand(["upload", "noise"], { port, cwd });
    const client = `node ${join(projectFolder, "client")} download noise --room lab --port ${port} --out -`;
    const env = { ...process.env, XDG_STATE_HOME: await temporaryFolder() };
    const run = (command: string) =>
      spawn("bash", ["-c", command], { env, stdio: ["ignore", "pipe", "pipe"] });
    const full = run(`${client} > /dev/full`);
    let talk = "";
    full.stderr.on("data", (bytes: Buffer) => (talk += bytes.toString()));
    await once(full, "close");
    expect({ code: full.exitCode, talk }).toEqual({
      code: 9,
      talk: "! Cannot write the output: the disk is full.\n",
    });
    const head = run(`set -o pipefail; ${client} | head -c 10 > /dev/null`);
    await once(head, "close");
    // As any tool of Unix: by SIGPIPE.
    expect(head.exitCode).toBe(141);
  });

  it("saves versions and several names, in a folder or as a file, and never over another", async () => {
    const { port, cwd, at } = await place();
    for (const text of ["one", "two"]) {
      await writeFile(at("a.txt"), text);
      await runErrand(["upload", "a.txt"], { port, cwd });
    }
    const go = (...words: string[]) => runErrand(["download", ...words], { port, cwd });
    expect(await go("a.txt", "--version", "1", "--out", "first.txt")).toMatchObject({ code: 0 });
    expect(await readFile(at("first.txt"), "utf8")).toBe("one");
    expect(await go("a.txt", "--out", "first.txt")).toMatchObject({
      code: 6,
      talk: ["! Cannot save first.txt: something else has that name."],
    });
    expect(await go("a.txt", "a.txt", "none", "--out", "new/folder")).toMatchObject({ code: 6 });
    expect((await readdir(at("new/folder"))).sort()).toEqual(["a (2).txt", "a.txt"]);
    expect(await readFile(at("new/folder/a.txt"), "utf8")).toBe("two");
    expect(await go("a.txt")).toMatchObject({ talk: [expect.stringContaining("saved downloads/a.txt")] });
    expect(await readFile(at("first.txt"), "utf8")).toBe("one");
  });

  it("keeps what came when the disk is full, and goes on from there when it is not any more", async () => {
    const { port, cwd, at } = await place();
    const bytes = randomBytes(4 * MiB);
    await writeFile(at("noise"), bytes);
    await runErrand(["upload", "noise"], { port, cwd });
    await mkdir(at("disk"));
    await using disk = await mountSmallDisk(at("disk"), "size=3m");
    if (!disk.isMounted) return;
    const go = () => runErrand(["download", "noise", "--out", "disk/"], { port, cwd });
    expect(await go()).toMatchObject({ code: 9, talk: ["! Cannot save noise in disk/: the disk is full."] });
    expect(await readdir(at("disk"))).toEqual([expect.stringMatching(/^noise\..*\.part$/)]);
    execFileSync("mount", ["-o", "remount,size=8m", at("disk")]);
    expect(await go()).toMatchObject({ code: 0 });
    expect((await readFile(at("disk/noise"))).equals(bytes)).toBe(true);
  });

  it("ends by the signal that interrupts it, and says that the same command goes on", async () => {
    const { port, cwd, at } = await place();
    await writeFile(at("zeros"), Buffer.alloc(100 * MiB));
    await runErrand(["upload", "zeros"], { port, cwd });
    const { child, done } = startErrand(["download", "zeros", "--out", "."], { port, cwd: at("") });
    await untilPart(cwd);
    child.kill("SIGINT");
    const { signal, talk } = await done;
    expect(signal).toBe("SIGINT");
    expect(talk).toEqual(["! Interrupted. What is there is kept, and the same command goes on from there."]);
    expect(await readdir(cwd)).toHaveLength(2);
  }, 60_000);
});

async function untilPart(folder: string): Promise<void> {
  while (!(await readdir(folder)).some((name) => name.endsWith(".part")))
    await new Promise((resolve) => setImmediate(resolve));
}
