// A data folder that another server has, that a killed one left, or that is damaged (HOSTILE X5, X8). What
// start.test.ts has of it is not repeated here.

import { open, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { NotStarted, startProgram, type Program } from "../support/program.js";
import { joinRoom, type Answer, type Peer } from "../support/peer.js";
import { temporaryFolder } from "../support/server.js";

const pageBytes = 4096;

type Start = Program | { readonly code: number | null; readonly stderr: string };

async function start(dataFolder: string): Promise<Start> {
  try {
    return await startProgram(dataFolder, { keepsStderr: true });
  } catch (error) {
    if (error instanceof NotStarted) return { code: error.code, stderr: error.stderr };
    throw error;
  }
}

function expectOneSentence(outcome: Start, about: RegExp): void {
  expect("code" in outcome ? outcome.code : "it started").toBe(1);
  expect(outcome.stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(outcome.stderr).toMatch(about);
  expect(outcome.stderr).not.toContain("    at ");
}

/** A folder with two rooms of some hundred pages each, and a file; its server has stopped. */
async function filledFolder(): Promise<string> {
  const dataFolder = await temporaryFolder();
  const program = await startProgram(dataFolder);
  for (const room of ["first", "second"]) {
    const peer = await joinRoom(program.port, room, room);
    const line = (n: number) => `{"type":"message","id":"m${n}","text":"${"x".repeat(1000)}"}\n`;
    for (let n = 0; n < 1000; n += 100)
      await peer.answersTo(Array.from({ length: 100 }, (_, more) => line(n + more)).join(""));
    await peer.ask({ type: "upload", id: "u", name: "a.txt", data: "aGk=" });
  }
  expect(await program.stop()).toBe(0);
  return dataFolder;
}

/** Writes nonsense over so many bytes. */
async function overwrite(path: string, at: number, bytes: number): Promise<void> {
  const file = await open(path, "r+");
  await file.write(Buffer.alloc(bytes, 0xa5), 0, bytes, at);
  await file.close();
}

/** Everything that a room can be asked for: entries, or what was said instead. */
async function readAll(peer: Peer, room: string): Promise<{ entries: number; errors: Answer[] }> {
  const start = peer.received.length;
  for (let after = 0; after < 1000; after += 100)
    await peer.answersTo({ type: "history", room, after, limit: 100 });
  const received = peer.received.slice(start);
  const errors = received.filter(({ type }) => type === "error");
  return { entries: received.filter(({ seq }) => seq !== undefined).length, errors };
}

describe("A data folder", () => {
  it("can be had by one of several servers that start at once; the others say so", async () => {
    const dataFolder = await temporaryFolder();
    const starts = await Promise.all([start(dataFolder), start(dataFolder), start(dataFolder)]);
    const [winner, ...more] = starts.filter((outcome) => "port" in outcome);
    expect(more).toEqual([]);
    for (const outcome of starts)
      if (outcome !== winner) expectOneSentence(outcome, /Another server is using the data folder/);
    const alice = await joinRoom(winner?.port ?? 0, "alice");
    expect(await alice.ask({ type: "message", id: "m", text: "on" })).toMatchObject({ seq: 1 });
    expect(await winner?.stop()).toBe(0);
  });

  it("can be had at once when its server was killed, however often", async () => {
    const dataFolder = await temporaryFolder();
    for (let round = 1; round <= 5; round++) {
      const program = await startProgram(dataFolder);
      const alice = await joinRoom(program.port, "alice");
      expect(await alice.ask({ type: "message", id: `m${round}`, text: "hi" })).toMatchObject({ seq: round });
      await program.kill();
    }
  });

  it.each<[string, (database: string, size: number) => Promise<void>]>([
    ["has a database of no bytes", (database) => truncate(database, 0)],
    ["has a database that was cut short", (database, size) => truncate(database, size / 2)],
    ["has a database with its first page gone", (database) => overwrite(database, 0, pageBytes)],
    ["has a database with its tables gone", (database) => overwrite(database, 100, pageBytes - 100)],
  ])("that %s is refused in a sentence, and its files are left alone", async (_what, damage) => {
    const dataFolder = await filledFolder();
    const database = join(dataFolder, "roomline.db");
    await damage(database, (await stat(database)).size);
    expectOneSentence(await start(dataFolder), /roomline\.db/);
    const blob = "blobs/8f/434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4";
    expect((await stat(join(dataFolder, blob))).size).toBe(2);
  });

  it("with some pages gone is refused, or serves what is left and names the error for the rest", async () => {
    const dataFolder = await filledFolder();
    const database = join(dataFolder, "roomline.db");
    const pages = Math.floor((await stat(database)).size / pageBytes);
    await overwrite(database, Math.floor(pages / 4) * pageBytes, 20 * pageBytes);
    const program = await start(dataFolder);
    if (!("port" in program)) {
      expectOneSentence(program, /roomline\.db/);
      return;
    }
    const peer = await joinRoom(program.port, "reader", "first");
    await peer.ask({ type: "join", id: "j", room: "second" });
    const first = await readAll(peer, "first");
    const second = await readAll(peer, "second");
    expect(first.errors.length + second.errors.length).toBeGreaterThan(0);
    for (const error of [...first.errors, ...second.errors])
      expect(error).toMatchObject({ code: "internal" });
    expect(first.entries + second.entries).toBeGreaterThan(1000);
    expect(await peer.ask({ type: "ping", id: "p" })).toMatchObject({ type: "pong" });
    expect(await program.stop()).toBe(0);
  });

  it.each([
    ["too short", "short"],
    ["empty", ""],
  ])("with a session key that is %s is refused in a sentence", async (_what, content) => {
    const dataFolder = await temporaryFolder();
    expect(await (await startProgram(dataFolder)).stop()).toBe(0);
    await writeFile(join(dataFolder, "session.key"), content);
    expectOneSentence(await start(dataFolder), /session\.key is damaged/);
  });
});
