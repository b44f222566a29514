// A room that is carried away and brought in elsewhere: the same lines, the same files, another log.

import { once } from "node:events";
import { readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { blobPath } from "../../server/engines/embedded/layout.js";
import { sha256Of } from "../support/blobs.js";
import { containing, linesOf, runServer, startCommand, type Ran } from "../support/commands.js";
import { allFiles } from "../support/folders.js";
import { joinRoom, openPeer, type Peer } from "../support/peer.js";
import { startProgram } from "../support/program.js";
import { temporaryFolder } from "../support/server.js";

const plot = Buffer.from("a plot");
const plotHash = sha256Of(plot);

/** A room with something of everything. */
async function talk(alice: Peer): Promise<void> {
  // A reply is to what one has seen.
  await alice.ask({ type: "message", id: "m1", text: "is the plot done?" });
  const said = [
    { type: "message", id: "m2", text: 'tpyo 👩‍👩‍👧 \u0007 \\ "' },
    { type: "edit", target: 2, text: "typo" },
    { type: "react", target: 1, emoji: "👍" },
    { type: "react", target: 1, emoji: "👍", on: false },
    { type: "topic", text: "plots" },
    { type: "upload", id: "u1", name: "plot.png", data: plot.toString("base64") },
    { type: "upload", id: "u2", name: "other.png", data: Buffer.from("other").toString("base64") },
    { type: "message", text: "a secret", replyTo: 1 },
    { type: "edit", target: 9, text: "the secret" },
    { type: "delete", target: 9 },
    { type: "delete", target: 8 },
    { type: "message", text: "the last word" },
  ];
  const answers = await alice.answersTo(...said);
  expect(answers.filter(({ type }) => type === "error")).toEqual([]);
}

async function makeRoom(data: string): Promise<void> {
  const server = await startProgram(data);
  await talk(await joinRoom(server.port, "alice", "Lab"));
  await server.stop();
}

const exported = (data: string, ...more: string[]) => runServer(["export", "lab", "--data", data, ...more]);

function expectRefusal(ran: Ran, about: RegExp): void {
  expect(ran).toMatchObject({ code: 1, stdout: "" });
  expect(ran.stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(ran.stderr).toMatch(about);
}

describe("node server export", () => {
  it("gives the lines that history gives, beside a running server", async () => {
    const data = await temporaryFolder();
    const server = await startProgram(data);
    const alice = await joinRoom(server.port, "alice", "Lab");
    await talk(alice);
    const ran = await exported(data);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    const [joined = "", ...rest] = ran.stdout.trimEnd().split("\n");
    const [header, ...history] = await alice.answersTo({ type: "history", after: 0, limit: 500 });
    expect(header).toMatchObject({ count: 13 });
    expect(rest).toEqual(
      [...history, { type: "live", room: "Lab", head: 13 }].map((line) => JSON.stringify(line)),
    );
    const epoch = alice.received.find(({ type }) => type === "joined")?.epoch;
    const facts = { type: "joined", room: "Lab", epoch, head: 13, memberCount: 0, topic: "plots" };
    expect(JSON.parse(joined)).toEqual(facts);
  });

  it("makes a file, and never in the place of another", async () => {
    const [data, folder] = [await temporaryFolder(), await temporaryFolder()];
    await makeRoom(data);
    const out = join(folder, "lab.ndjson");
    await writeFile(`${out}.part`, "of an export that was killed");
    expect(await exported(data, "--out", out)).toMatchObject({ code: 0, stdout: "" });
    expect(await readdir(folder)).toEqual(["lab.ndjson"]);
    expect(await readFile(out, "utf8")).toBe((await exported(data)).stdout);
    expectRefusal(await exported(data, "--out", out), /lab\.ndjson is there already/);
  });

  it("says in one sentence that there is no such room, or no such folder", async () => {
    const data = await temporaryFolder();
    await makeRoom(data);
    expectRefusal(await runServer(["export", "nowhere", "--data", data]), /There is no room nowhere/);
    expectRefusal(await exported(join(data, "nothing")), /There is no roomline\.db/);
  });

  it("ends quietly when who reads has read enough", async () => {
    const data = await temporaryFolder();
    const server = await startProgram(data);
    const alice = await joinRoom(server.port, "alice", "lab");
    const text = "x".repeat(10_000);
    await alice.answersTo(...Array.from({ length: 100 }, () => ({ type: "message", text })));
    const child = startCommand(["export", "lab", "--data", data]);
    let stderr = "";
    child.stderr.on("data", (bytes: Buffer) => (stderr += bytes.toString()));
    child.stdout.once("data", () => child.stdout.destroy());
    await once(child, "close");
    expect({ code: child.exitCode, stderr }).toEqual({ code: 0, stderr: "" });
  });

  it("copies the files that are there, once, and says which are not", async () => {
    const [data, files] = [await temporaryFolder(), await temporaryFolder()];
    await makeRoom(data);
    expect(await exported(data, "--files", files)).toMatchObject({ code: 0, stderr: "" });
    expect(await readdir(files)).toEqual([plotHash]);
    expect(await readFile(join(files, plotHash))).toEqual(plot);
    expect(await exported(data, "--files", files)).toMatchObject({ code: 0 });

    await writeFile(join(files, plotHash), "something else");
    const taken = await exported(data, "--files", files);
    expect(taken).toMatchObject({ code: 1, stderr: containing("is something else") });

    await rm(join(files, plotHash));
    await writeFile(blobPath(data, plotHash), "damaged");
    const damaged = await exported(data, "--files", files);
    expect(damaged).toMatchObject({ code: 1, stderr: containing('"plot.png"') });
    expect(linesOf(damaged)).toEqual(linesOf(await exported(data)));
    expect(await readdir(files)).toEqual([]);
  });
});

describe("node server import", () => {
  it("makes the same room: export, import and export give the same lines but for the epoch", async () => {
    const [data, other, files] = [await temporaryFolder(), await temporaryFolder(), await temporaryFolder()];
    await makeRoom(data);
    const out = await exported(data, "--files", files);
    const came = await runServer(["import", "-", "--data", other, "--files", files], out.stdout);
    expect(came).toEqual({ code: 0, stdout: "The room Lab has 13 entries and 1 file.\n", stderr: "" });
    const again = await exported(other);
    expect(linesOf(again)).toEqual(linesOf(out));
    expect(again.stdout).not.toBe(out.stdout);
    expect(await runServer(["check", "--data", other])).toMatchObject({ code: 0 });

    // The copy's own lines come out and go in, too.
    const third = await temporaryFolder();
    await runServer(["import", "-", "--data", third, "--files", files], again.stdout);
    expect(linesOf(await exported(third))).toEqual(linesOf(out));
  });

  it("makes a room that a server serves: its files, its topic, its words, and what comes next", async () => {
    const [data, other, files] = [await temporaryFolder(), await temporaryFolder(), await temporaryFolder()];
    await makeRoom(data);
    const { stdout } = await exported(data, "--files", files);
    await runServer(["import", "-", "--data", other, "--files", files, "--room", "attic"], stdout);
    const server = await startProgram(other);
    const alice = await openPeer(server.port);
    alice.send({ type: "connect", name: "alice", room: "attic" });
    expect(await alice.next("joined")).toMatchObject({ room: "attic", head: 13, topic: "plots" });
    alice.send({ type: "download", id: "d", name: "plot.png" });
    expect(await alice.next("chunk")).toMatchObject({ data: plot.toString("base64"), last: true });
    const found = await alice.answersTo({ type: "search", query: "typo" });
    expect(found).toMatchObject([
      { type: "results", count: 1 },
      { type: "edit", seq: 3 },
    ]);
    // What is imported is nobody's: an id says nothing, and only an operator may change it.
    expect(await alice.ask({ type: "message", id: "m1", text: "is the plot done?" })).toMatchObject({
      seq: 14,
    });
    expect(await alice.ask({ type: "edit", id: "e", target: 1, text: "no" })).toMatchObject({
      code: "forbidden",
    });
    expect(await alice.ask({ type: "delete", id: "x", target: 1 })).toMatchObject({ code: "forbidden" });
    const token = (await readFile(join(other, "operator.token"), "utf8")).trim();
    const operator = await openPeer(server.port);
    operator.send({ type: "connect", name: "operator", room: "attic", token });
    await operator.next("joined");
    expect(await operator.ask({ type: "delete", id: "x", target: 2 })).toMatchObject({ type: "delete" });
    const history = await operator.answersTo({ type: "history", after: 1, limit: 2 });
    expect(history.slice(1)).toMatchObject([
      { seq: 2, deleted: true },
      { seq: 3, deleted: true },
    ]);
  });

  it("takes files that are there already, and counts those that are nowhere", async () => {
    const [data, other] = [await temporaryFolder(), await temporaryFolder()];
    await makeRoom(data);
    const out = await exported(data);
    const twice = await runServer(["import", "-", "--data", data, "--room", "lab 2"], out.stdout);
    expect(twice.stdout).toBe("The room lab 2 has 13 entries and 1 file.\n");
    const without = await runServer(["import", "-", "--data", other], out.stdout);
    expect(without).toMatchObject({ code: 0, stdout: "The room Lab has 13 entries and 0 files.\n" });
    expect(without.stderr).toMatch(/without their bytes: 1/);
    expect(linesOf(await exported(other))).toEqual(linesOf(out));
    expect(await runServer(["check", "--data", other])).toMatchObject({
      code: 0,
      stdout: containing("note: 1 of the imported files"),
    });
    const files = await runServer(["export", "lab", "--data", other, "--files", await temporaryFolder()]);
    expect(files).toMatchObject({ code: 0, stderr: containing("is not there any more") });
  });

  it("keeps what is lost lost", async () => {
    const [data, other] = [await temporaryFolder(), await temporaryFolder()];
    await makeRoom(data);
    const server = await startProgram(data, { env: { ROOMLINE_KEEP_ROOM: "LAB/entries=2; attic/age=1d" } });
    const alice = await joinRoom(server.port, "alice", "lab");
    let header = await alice.ask({ type: "history", id: "h", after: 0, limit: 1 });
    while (header.lost === undefined)
      header = await alice.ask({ type: "history", id: "h", after: 0, limit: 1 });
    expect(header).toMatchObject({ lost: { from: 1, to: 11 } });
    const out = await exported(data);
    const lost = { from: 12, to: 11, count: 0, more: true, lost: { from: 1, to: 11 } };
    expect(linesOf(out)[1]).toBe(JSON.stringify({ type: "history", room: "Lab", ...lost }));
    expect(linesOf(out)).toHaveLength(5);
    expect(await runServer(["import", "-", "--data", other], out.stdout)).toMatchObject({ code: 0 });
    expect(linesOf(await exported(other))).toEqual(linesOf(out));
    expect(await runServer(["check", "--data", other])).toMatchObject({ code: 0 });
  });

  it("takes a room of which the beginning was lost while it was exported", async () => {
    const other = await temporaryFolder();
    const lost = `{"type":"history","room":"lab","from":4,"to":3,"count":0,"more":true,"lost":{"from":2,"to":3}}`;
    const came = await runServer(
      ["import", "-", "--data", other],
      text(joined, message(1), lost, message(4), live(4)),
    );
    expect(came).toMatchObject({ code: 0 });
    expect(linesOf(await exported(other))).toEqual([
      `{"type":"joined","room":"lab","head":4,"memberCount":0,"topic":"old"}`,
      lost.replace('"from":2', '"from":1'),
      message(4),
      live(4),
    ]);
    expect(await runServer(["check", "--data", other])).toMatchObject({ code: 0 });
  });
});

const time = "2026-11-21T10:00:00.000Z";
const joined = `{"type":"joined","room":"lab","epoch":"e","head":2,"memberCount":0,"topic":"old"}`;
const message = (seq: number, more = "") =>
  `{"type":"message","room":"lab","seq":${seq},"time":"${time}","from":"alice","text":"hi"${more}}`;
const live = (head: number) => `{"type":"live","room":"lab","head":${head}}`;
const file = (seq: number, version: number, sha256 = plotHash) =>
  `{"type":"file","room":"lab","seq":${seq},"time":"${time}","from":"alice","file":"f${version}","name":"plot.png",` +
  `"size":${plot.length},"mime":"image/png","sha256":"${sha256}","version":${version}}`;
const text = (...lines: string[]) => lines.map((line) => `${line}\n`).join("");

describe("node server import refuses", () => {
  it.each([
    [
      "lines without a beginning",
      text(message(1), live(1)),
      /Line 1 is damaged: an export begins with joined/,
    ],
    ["lines without an end", text(joined, message(1)), /truncated/],
    ["nothing at all", "", /truncated/],
    ["an end that is cut off", text(joined, message(1), live(1)).slice(0, -4), /Line 3 is damaged/],
    ["what is no JSON", text(joined, "hello", live(0)), /Line 2 is damaged: it is no line of an export/],
    ["a line that is too long", text(joined, message(1, `,"x":"${"x".repeat(140_000)}"`), live(1)), /Line 2/],
    ["numbers with a hole", text(joined, message(1), message(3), live(3)), /number 3 where 2 should be/],
    ["numbers that go back", text(joined, message(1), message(1), live(1)), /number 1 where 2 should be/],
    ["lines of another room", text(joined, message(1).replace("lab", "attic"), live(1)), /another room/],
    ["two rooms", text(joined, joined, live(0)), /has begun before/],
    ["lines behind the end", text(joined, live(0), message(1)), /Line 3 is damaged: the room has ended/],
    ["an end at another number", text(joined, message(1), live(2)), /ends with 2 where 1/],
    [
      "an entry without its text",
      text(joined, message(1).replace(',"text":"hi"', ""), live(1)),
      /text is missing/,
    ],
    ["a time that is none", text(joined, message(1).replace(".000Z", "Z"), live(1)), /time must be/],
    ["a name that is none", text(joined, message(1).replace("alice", "a/b"), live(1)), /Line 2 .* slash/],
    ["lines of other types", text(joined, `{"type":"pong","time":"${time}"}`, live(0)), /Line 2/],
    ["a target that comes later", text(joined, change(1, 2), live(1)), /before its own/],
    ["the same version twice", text(joined, file(1, 1), file(2, 1), live(2)), /another file of that/],
    ["a damaged file", text(joined, file(1, 1, sha256Of("other")), live(1)), /is damaged/],
  ])("%s, and imports nothing", async (_what, lines, about) => {
    const [data, files] = [await temporaryFolder(), await temporaryFolder()];
    await writeFile(join(files, plotHash), plot);
    await writeFile(join(files, sha256Of("other")), plot);
    const source = join(files, "lines.ndjson");
    await writeFile(source, lines);
    expectRefusal(await runServer(["import", source, "--data", data, "--files", files]), about);
    const { stdout } = await runServer(["check", "--data", data]);
    expect(stdout).toBe("0 rooms, 0 entries, 0 files (0 bytes): no faults\n");
  });

  it("a room that is there, in any case of its letters", async () => {
    const data = await temporaryFolder();
    await makeRoom(data);
    expectRefusal(
      await runServer(["import", "-", "--data", data], text(joined, live(0))),
      /room lab .* already/,
    );
  });

  it("a folder that a server has", async () => {
    const data = await temporaryFolder();
    await startProgram(data);
    const ran = await runServer(["import", "-", "--data", data], text(joined, live(0)));
    expectRefusal(ran, /Another server is using the data folder/);
  });

  it("leaves no half room when it is killed in the middle", async () => {
    const [data, files] = [await temporaryFolder(), await temporaryFolder()];
    await writeFile(join(files, plotHash), plot);
    const child = startCommand(["import", "-", "--data", data, "--files", files]);
    const lines = Array.from({ length: 50_000 }, (_, at) => (at === 0 ? file(1, 1) : message(at + 1)));
    child.stdin.write(text(joined, ...lines));
    // Enough that the database has written some of it to its files.
    const wal = join(data, "roomline.db-wal");
    while (child.exitCode === null && (await sizeOf(wal)) < 1_000_000);
    child.kill("SIGKILL");
    await once(child, "close");
    expect((await allFiles(data)).some((name) => name.startsWith("blobs/"))).toBe(true);
    expect((await runServer(["check", "--data", data])).stdout).toMatch(
      /^note: 1 blob [^]*0 rooms, 0 entries/,
    );
    const all = text(joined, ...lines, live(50_000));
    const again = await runServer(["import", "-", "--data", data, "--room", "attic"], all);
    expect(again).toMatchObject({ code: 0, stdout: "The room attic has 50000 entries and 0 files.\n" });
    expect(await allFiles(data)).not.toContainEqual(expect.stringContaining(plotHash.slice(2)));
    expect((await exported(data)).stderr).toMatch(/There is no room lab/);
  });
});

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

function change(seq: number, target: number): string {
  return message(seq, `,"target":${target}`).replace("message", "edit");
}
