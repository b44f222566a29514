// The examples run, against a real server, as their first lines say.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { cleanUp } from "../support/cleanup.js";
import { joinRoom } from "../support/peer.js";
import { projectFolder } from "../support/program.js";
import { startServer, temporaryFolder } from "../support/server.js";

function start(command: string, args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(command, args, {
    cwd: projectFolder,
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  const exited = once(child, "exit");
  cleanUp(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  return { child, exited };
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("no stdout");
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return line;
}

describe("The examples", () => {
  it("echo-bot repeats what is said after !echo, and leaves on Ctrl-C", async () => {
    const { port } = await startServer();
    const { child, exited } = start(process.execPath, ["examples/echo-bot.js", "lab", String(port)]);
    expect(await firstLine(child)).toBe('echo-bot listens; say "!echo hello".');
    const alice = await joinRoom(port, "alice");
    alice.send({ type: "message", text: "!echo hello" });
    expect(await alice.next((line) => line.from === "echo-bot")).toMatchObject({ text: "hello" });
    child.kill("SIGINT");
    expect(await exited).toEqual([0, null]);
  });

  it("socket-bot greets who joins, and leaves on Ctrl-C", async () => {
    const { port } = await startServer();
    const { child, exited } = start(process.execPath, ["examples/socket-bot.js"], {
      ROOMLINE_ROOM: "lab",
      ROOMLINE_PORT: String(port),
    });
    expect(await firstLine(child)).toBe("greeter is in lab");
    const alice = await joinRoom(port, "alice");
    expect(await alice.next("message")).toMatchObject({ from: "greeter", text: "Hello, alice!" });
    child.kill("SIGINT");
    expect(await exited).toEqual([0, null]);
  });

  it("post-and-follow posts its input and prints the room", async () => {
    const { port } = await startServer();
    const folder = await temporaryFolder();
    // Not every machine has netcat; what the script asks of it is a few lines.
    await writeFile(join(folder, "nc"), netcat);
    await chmod(join(folder, "nc"), 0o755);
    const env = { PATH: `${folder}${delimiter}${process.env.PATH ?? ""}` };
    const { child, exited } = start("examples/post-and-follow.sh", ["lab", "ci", String(port)], env);
    const output: string[] = [];
    createInterface({ input: child.stdout }).on("line", (line) => output.push(line));
    child.stdin.end("build started\n\nred \x1b[31m\n");
    expect(await exited).toEqual([0, null]);
    expect(output).toEqual([
      expect.stringMatching(/^\d\d:\d\d:\d\d ci: build started$/),
      expect.stringMatching(/^\d\d:\d\d:\d\d ci: red \?\[31m$/),
    ]);
  });
});

const netcat = `#!${process.execPath}
const [, , flag, host, port] = process.argv;
if (flag !== "-N") process.exit(2);
const socket = require("node:net").connect({ host, port: Number(port), allowHalfOpen: true });
process.stdin.pipe(socket).pipe(process.stdout);
`;
