// The README's transcript, typed by hand: what it shows is what a person sees.

import { execFile, execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startPerson } from "../support/person.js";
import { projectFolder, startProgram } from "../support/program.js";
import { photo } from "../support/real-files.js";
import { temporaryFolder } from "../support/server.js";

/** The transcripts of the README, each without its first line, the command. */
async function transcripts(): Promise<Map<string, string[]>> {
  const readme = await readFile(join(projectFolder, "README.md"), "utf8");
  const blocks = Array.from(readme.matchAll(/```console\n\$ (.*?)\n```/gs), ([, block = ""]) =>
    block.split("\n"),
  );
  return new Map(blocks.map(([command = "", ...lines]) => [command, lines]));
}

/** What a run cannot repeat: the time of day, and the port that the test was given. */
function alike(text: string, port: number): string[] {
  return text
    .replace(/\d\d:\d\d:\d\d/g, "10:00:00")
    .replaceAll(`:${port}`, ":4040")
    .split("\n");
}

describe("README.md", () => {
  it("shows what two people at terminals see", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "plot.png"), photo());
    const shown = await transcripts();
    const server = await startProgram(join(folder, "data"));
    const port = ["--port", String(server.port)];

    const alice = startPerson({ cwd: folder, flags: port, atTerminal: true });
    await alice.sees("Your name");
    alice.type("alice");
    await alice.sees("Room (");
    alice.type("lab");
    await alice.sees("* you are in lab");
    const bob = startPerson({
      cwd: folder,
      flags: [...port, "--name", "bob", "--room", "lab"],
      atTerminal: true,
    });
    await bob.sees("lab>");
    await alice.sees("* bob joined");
    bob.type("is the plot done?");
    await alice.sees("bob: is the plot done?");
    alice.type("here it is");
    await alice.sees("alice: here it is");
    alice.type("upload: plot.png");
    await bob.sees("alice shared plot.png");
    bob.type("download: plot.png");
    await bob.sees("* saved downloads/plot.png");
    bob.type("exit");
    await bob.leaves();
    await alice.sees("* bob left");
    alice.type("exit");
    await alice.leaves();

    const expected = (command: string) => alike(shown.get(command)?.join("\n") ?? "", 4040);
    expect(alike(alice.screen, server.port)).toEqual(expected("node client"));
    expect(alike(bob.screen, server.port)).toEqual(expected("node client --name bob --room lab"));
  }, 60_000);

  it("shows what the server says and what nc and jq print", async () => {
    const shown = await transcripts();
    const { version } = JSON.parse(await readFile(join(projectFolder, "package.json"), "utf8")) as {
      version: string;
    };
    expect(shown.get("node server")).toEqual([
      `Roomline ${version} is listening on 127.0.0.1:4040; it keeps everything in uploads`,
    ]);
    const [command, lines] = Array.from(shown).find(([line]) => line.startsWith("printf")) ?? ["", []];
    if (!isInstalled("nc") || !isInstalled("jq")) {
      console.warn(
        "Skipped, because nc or jq is missing: the README's script. Install netcat-openbsd and jq.",
      );
      return;
    }
    const server = await startProgram(await temporaryFolder());
    const script = [command, ...lines.slice(0, -1)].join("\n").replace("4040", String(server.port));
    const output = await new Promise<string>((resolve, reject) => {
      execFile("sh", ["-c", script], { timeout: 20_000 }, (error, stdout) => {
        if (error === null) resolve(stdout);
        else reject(new Error("The script failed.", { cause: error }));
      });
    });
    expect(output.trimEnd()).toBe(lines.at(-1));
  }, 60_000);
});

function isInstalled(program: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`]);
    return true;
  } catch {
    return false;
  }
}
