// Each system that the product grew from, played by people at real terminals: what they typed there and what
// they expected to see.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startPerson, type Person } from "../support/person.js";
import { startProgram, type Program } from "../support/program.js";
import { photo, pdf } from "../support/real-files.js";
import { temporaryFolder } from "../support/server.js";

let folder: string;

beforeEach(async () => {
  folder = await temporaryFolder();
});

/** Somebody in a folder of their own, at a terminal, who is asked for name and room. */
async function sitDown(port: number, name: string, room = "lab"): Promise<Person> {
  const cwd = join(folder, name || "nobody");
  await mkdir(cwd, { recursive: true });
  const person = startPerson({ cwd, flags: ["--port", String(port)], atTerminal: true });
  await person.sees("Your name");
  person.type(name);
  await person.sees("Room (");
  person.type(room);
  return person;
}

async function enter(port: number, name: string, room = "lab"): Promise<Person> {
  const person = await sitDown(port, name, room);
  await person.sees("* you are in");
  return person;
}

async function freePort(): Promise<number> {
  const program = await startProgram(join(folder, "elsewhere"));
  await program.stop();
  return program.port;
}

describe("Two people and a server that is not up yet (romeo.py and juliet.py)", () => {
  it("wait for it, talk, send files both ways, and end cleanly when one says exit", async () => {
    const port = await freePort();
    const juliet = await sitDown(port, "juliet");
    await juliet.sees(/not (up|there|answer)|waiting|trying/i);
    const server = await startProgram(join(folder, "data"), { port });
    await juliet.sees("* you are in lab");
    const romeo = await enter(port, "romeo");

    juliet.type("wherefore art thou?");
    await romeo.sees("juliet: wherefore art thou?");
    romeo.type("here");
    await juliet.sees("romeo: here");

    await writeFile(join(folder, "romeo/rose.png"), photo());
    romeo.type("sendfile rose.png");
    await juliet.sees("romeo shared rose.png");
    juliet.type("download: rose.png");
    await juliet.sees("saved downloads/rose.png");
    expect(await readFile(join(folder, "juliet/downloads/rose.png"))).toEqual(photo());
    await writeFile(join(folder, "juliet/letter.pdf"), pdf());
    juliet.type("sendfile letter.pdf");
    await romeo.sees("juliet shared letter.pdf");
    romeo.type("download: letter.pdf");
    await romeo.sees("saved downloads/letter.pdf");
    expect(await readFile(join(folder, "romeo/downloads/letter.pdf"))).toEqual(pdf());

    romeo.type("Exit");
    expect(await romeo.leaves()).toBe(0);
    await juliet.sees("* romeo left");
    juliet.type("exit");
    expect(await juliet.leaves()).toBe(0);
    expect(await server.stop()).toBe(0);
  }, 60_000);
});

describe("Many people in one chat (pychat and chat_server.py)", () => {
  let server: Program;

  beforeEach(async () => {
    server = await startProgram(join(folder, "data"));
  });

  it("see who is there, who comes and goes, and who said what when", async () => {
    const alice = await enter(server.port, "alice");
    const bob = await enter(server.port, "bob");
    await alice.sees("* bob joined");
    const carol = await enter(server.port, "carol");
    await bob.sees("* carol joined");
    alice.type("hello all");
    for (const person of [alice, bob, carol]) await person.sees(/\d\d:\d\d:\d\d #\d+ alice: hello all/);
    carol.type("/users");
    await carol.sees(/alice\s+bob\s+carol/);
    bob.type("/quit");
    expect(await bob.leaves()).toBe(0);
    await alice.sees("* bob left");
    carol.type("/help");
    for (const command of ["upload: <path>", "download: <name>", "/users", "/quit"])
      await carol.sees(command);
  }, 60_000);

  it("refuse a name that is taken and ask again, and give one to who has none", async () => {
    await enter(server.port, "alice");
    const second = await sitDown(server.port, "Alice");
    await second.sees("already here");
    second.type("alicia");
    await second.sees("as alicia");
    const nobody = await enter(server.port, "");
    await nobody.sees(/as guest-[0-9a-f]{4}/);
  }, 60_000);

  it("send any binary with /send, which is saved under its own name", async () => {
    const alice = await enter(server.port, "alice");
    const bob = await enter(server.port, "bob");
    const name = "größe ✓ of all.bin";
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7919) % 256));
    await writeFile(join(folder, "alice", name), bytes);
    alice.type(`/send ${name}`);
    await bob.sees("alice shared");
    bob.type(`download: ${name}`);
    await bob.sees("saved downloads/");
    expect(await readFile(join(folder, "bob/downloads", name))).toEqual(bytes);
  }, 60_000);

  it("notice a client that was killed, and a server that was stopped", async () => {
    const alice = await enter(server.port, "alice");
    const bob = startPerson({
      cwd: folder,
      flags: ["--port", String(server.port), "--name", "bob", "--room", "lab"],
    });
    await alice.sees("* bob joined");
    bob.kill();
    await alice.sees("* bob left");
    expect(await server.stop()).toBe(0);
    await alice.sees("* the connection is lost; trying again");
    alice.type("exit");
    expect(await alice.leaves()).toBe(0);
  }, 60_000);
});

describe("Rooms with uploads and downloads in JSON", () => {
  it("keep rooms apart, and share text and images by upload: and download:", async () => {
    const server = await startProgram(join(folder, "data"));
    const ann = await enter(server.port, "ann", "biology");
    const ben = await enter(server.port, "ben", "biology");
    const cat = await enter(server.port, "cat", "physics");
    await writeFile(join(folder, "ann/notes.txt"), "mitosis\n");
    await writeFile(join(folder, "ann/cell.png"), photo());
    ann.type("upload: notes.txt");
    await ben.sees("ann shared notes.txt");
    ann.type("upload: cell.png");
    await ben.sees("ann shared cell.png");
    ben.type("download: notes.txt");
    await ben.sees("saved downloads/notes.txt");
    ben.type("download: cell.png");
    await ben.sees("saved downloads/cell.png");
    expect(await readFile(join(folder, "ben/downloads/notes.txt"), "utf8")).toBe("mitosis\n");
    expect(await readFile(join(folder, "ben/downloads/cell.png"))).toEqual(photo());

    cat.type("download: cell.png");
    await cat.sees("no such file");
    cat.type("gravity?");
    await cat.sees("cat: gravity?");
    expect(cat.screen).not.toContain("cell.png (");
    ben.type("/rooms");
    await ben.sees("biology");
    expect(ben.screen).not.toContain("gravity?");
  }, 60_000);
});
