// A copy of the data folder that is made while the server is at work: what it has, who may read it, and that it is
// served elsewhere like the first.

import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { blobPath } from "../../server/engines/embedded/layout.js";
import { sha256Of } from "../support/blobs.js";
import { containing, runServer, startCommand, type Ran } from "../support/commands.js";
import { allFiles } from "../support/folders.js";
import { joinRoom, openPeer, type Peer } from "../support/peer.js";
import { startProgram } from "../support/program.js";
import { temporaryFolder } from "../support/server.js";
import { mountSmallDisk } from "../support/small-disk.js";

const run = promisify(execFile);

const backUp = (data: string, folder: string) => runServer(["backup", folder, "--data", data]);
const check = (data: string) => runServer(["check", "--data", data]);

function expectRefusal(ran: Ran, about: RegExp): void {
  expect(ran).toMatchObject({ code: 1, stdout: "" });
  expect(ran.stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(ran.stderr).toMatch(about);
}

async function share(peer: Peer, name: string, content: string): Promise<number> {
  const data = Buffer.from(content).toString("base64");
  return Number((await peer.ask({ type: "upload", id: `share ${name}`, name, data })).seq);
}

/** Messages, uploads and deletions, one after another, until told to stop; returns how many there were. */
async function bustle(peer: Peer, isOver: () => boolean): Promise<number> {
  let round = 0;
  for (; !isOver(); round++) {
    await peer.ask({ type: "message", id: `m${round}`, text: `round ${round}` });
    const seq = await share(peer, `file ${round}`, `content ${round}`);
    if (round % 2 === 0) await peer.ask({ type: "delete", id: `d${round}`, target: seq });
  }
  return round;
}

describe("node server backup", () => {
  it("is whole although messages, uploads and deletions go on, and is served elsewhere", async () => {
    const [data, elsewhere] = [await temporaryFolder(), await temporaryFolder()];
    const server = await startProgram(data);
    const [alice, bob] = [await joinRoom(server.port, "alice"), await joinRoom(server.port, "bob")];
    let isOver = false;
    const bustling = bustle(bob, () => isOver);
    const { seq } = await alice.ask({ type: "message", id: "before", text: "before the backup" });
    await share(alice, "plot.png", "a plot");
    const copies = [];
    for (const name of ["one", "two", "three"]) {
      const folder = join(elsewhere, name);
      const ran = await backUp(data, folder);
      expect(ran).toMatchObject({ code: 0, stderr: "", stdout: containing("all rooms") });
      copies.push(folder);
    }
    isOver = true;
    expect(await bustling).toBeGreaterThan(10);
    for (const copy of copies) expect(await check(copy)).toMatchObject({ code: 0 });
    expect(await check(data)).toMatchObject({ code: 0 });

    const [copy = ""] = copies;
    const second = await startProgram(copy);
    const again = await openPeer(second.port);
    const { session, epoch } = Object.assign({}, ...alice.received) as Record<string, unknown>;
    again.send({ type: "connect", name: "alice", session, room: "lab", since: 1, epoch });
    // Whoever was there comes back as who they were, and is told that this is another log.
    expect(await again.next("connected")).toMatchObject({ resumed: true });
    expect(await again.next("history")).toMatchObject({ reset: true });
    await again.next("live");
    const page = await again.answersTo({ type: "history", after: Number(seq) - 1, limit: 1 });
    expect(page[1]).toMatchObject({ seq, text: "before the backup" });
    again.send({ type: "download", id: "d", name: "plot.png" });
    expect(await again.next("chunk")).toMatchObject({ data: Buffer.from("a plot").toString("base64") });
    expect(await again.ask({ type: "message", id: "more", text: "goes on" })).toMatchObject({
      type: "message",
    });
  });

  it("is for its owner's eyes only, and has nothing of what was deleted before", async () => {
    const [data, elsewhere] = [await temporaryFolder(), await temporaryFolder()];
    const server = await startProgram(data);
    const alice = await joinRoom(server.port, "alice");
    for (let n = 1; n <= 300; n++) alice.send({ type: "message", text: `secretive words ${n}` });
    await alice.answersTo(...Array.from({ length: 200 }, (_, at) => ({ type: "delete", target: at + 1 })));
    const copy = join(elsewhere, "copy");
    expect(await backUp(data, copy)).toMatchObject({ code: 0 });
    expect((await run("find", [elsewhere, "-mindepth", "1", "-perm", "/077"])).stdout).toBe("");
    expect(await allFiles(copy)).toEqual(["operator.token", "roomline.db", "session.key"]);
    const bytes = (await readFile(join(copy, "roomline.db"))).toString("latin1");
    expect(bytes).toContain("secretive words 201");
    for (let n = 1; n <= 200; n++) expect(bytes).not.toContain(`secretive words ${n}"`);
  });

  it("is made without a server, too, and after one that was killed", async () => {
    const [data, elsewhere] = [await temporaryFolder(), await temporaryFolder()];
    const server = await startProgram(data);
    const alice = await joinRoom(server.port, "alice");
    await alice.ask({ type: "message", id: "m", text: "hi" });
    await server.kill();
    expect(await backUp(data, join(elsewhere, "copy"))).toMatchObject({ code: 0 });
    const checked = await check(join(elsewhere, "copy"));
    expect(checked).toMatchObject({ code: 0, stdout: "1 room, 1 entry, 0 files (0 bytes): no faults\n" });
  });

  it("takes an empty folder, and what a backup that was killed has left; nothing else", async () => {
    const [data, elsewhere] = [await temporaryFolder(), await temporaryFolder()];
    await (await startProgram(data)).stop();
    await mkdir(join(elsewhere, "empty"));
    await mkdir(join(elsewhere, "empty.part", "blobs"), { recursive: true });
    await writeFile(join(elsewhere, "empty.part", "roomline.db-journal"), "half");
    expect(await backUp(data, join(elsewhere, "empty"))).toMatchObject({ code: 0 });
    expect(await allFiles(elsewhere)).toEqual([
      "empty/operator.token",
      "empty/roomline.db",
      "empty/session.key",
    ]);
    expectRefusal(await backUp(data, join(elsewhere, "empty")), /is not empty/);
    expectRefusal(await backUp(data, join(data, "backup")), /is in the data folder/);
    expectRefusal(await backUp(data, data), /is in the data folder/);
    await writeFile(join(elsewhere, "file"), "");
    expectRefusal(await backUp(data, join(elsewhere, "file")), /is no folder/);
    await mkdir(join(elsewhere, "other.part"));
    await writeFile(join(elsewhere, "other.part", "thesis.tex"), "");
    expectRefusal(await backUp(data, join(elsewhere, "other")), /is not of a backup/);
    expectRefusal(await backUp(join(elsewhere, "nothing"), join(elsewhere, "x")), /no roomline\.db/);
  });

  it("goes when it is killed in the middle: the next one is whole", async () => {
    const [data, elsewhere] = [await temporaryFolder(), await temporaryFolder()];
    const server = await startProgram(data);
    const alice = await joinRoom(server.port, "alice");
    for (let n = 0; n < 200; n++) await share(alice, `file ${n}`, `content ${n}`);
    const copy = join(elsewhere, "copy");
    const child = startCommand(["backup", copy, "--data", data]);
    while (child.exitCode === null && !(await allFiles(elsewhere)).some((name) => name.includes("/blobs/")));
    child.kill("SIGKILL");
    await once(child, "close");
    expect((await allFiles(elsewhere)).every((name) => name.startsWith("copy.part/"))).toBe(true);
    expect(await backUp(data, copy)).toMatchObject({ code: 0 });
    expect((await allFiles(elsewhere)).every((name) => name.startsWith("copy/"))).toBe(true);
    expect(await check(copy)).toMatchObject({ code: 0, stdout: containing("200 files") });
  });

  it("says which file it does not have, because it is missing or damaged", async () => {
    const [data, elsewhere] = [await temporaryFolder(), await temporaryFolder()];
    const server = await startProgram(data);
    const alice = await joinRoom(server.port, "alice");
    for (const content of ["one", "two", "three"]) await share(alice, `${content}.txt`, content);
    await rm(blobPath(data, sha256Of("one")));
    await writeFile(blobPath(data, sha256Of("two")), "tw0");
    const ran = await backUp(data, join(elsewhere, "copy"));
    expect(ran).toMatchObject({ code: 1, stdout: "The backup has all rooms and 1 file (5 bytes).\n" });
    const said = ran.stderr.trimEnd().split("\n").sort();
    expect(said).toEqual([
      expect.stringMatching(/"one.txt".* missing/),
      expect.stringMatching(/"two.txt".* damaged/),
    ]);
    const checked = await check(join(elsewhere, "copy"));
    expect(checked).toMatchObject({ code: 1, stdout: containing(": 2 faults") });
  });

  it("says so when there is no room for it, and leaves nothing", async () => {
    const [data, elsewhere] = [await temporaryFolder(), await temporaryFolder()];
    await (await startProgram(data)).stop();
    await using disk = await mountSmallDisk(elsewhere, "size=8m");
    if (!disk.isMounted) return;
    expectRefusal(await backUp(data, join(elsewhere, "copy")), /needs 16\.1 MiB, and \S+ has 8\.0 MiB left/);
    expectRefusal(await backUp(data, elsewhere), /is a disk of its own/);
    expect(await allFiles(elsewhere)).toEqual([]);
  });
});
