// Looking for faults: none are found where there are none, and each kind is found where it was made by hand.

import { mkdir, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { blobPath } from "../../server/engines/embedded/layout.js";
import { change } from "../engines/embedded/raw.js";
import { makeFirstVersion } from "../engines/embedded/v1.js";
import { sha256Of } from "../support/blobs.js";
import { containing, runServer } from "../support/commands.js";
import { joinRoom } from "../support/peer.js";
import { startProgram } from "../support/program.js";
import { temporaryFolder } from "../support/server.js";

const check = (data: string) => runServer(["check", "--data", data]);

/** Message, message, edit of 2, reaction to 1, topic, two files, message, edit of 8, deletion of 8. */
async function makeFolder(): Promise<string> {
  const data = await temporaryFolder();
  const server = await startProgram(data);
  const alice = await joinRoom(server.port, "alice");
  const answers = await alice.answersTo(
    { type: "message", text: "one" },
    { type: "message", text: "two" },
    { type: "edit", target: 2, text: "three" },
    { type: "react", target: 1, emoji: "👍" },
    { type: "topic", text: "plots" },
    { type: "upload", name: "a.txt", data: Buffer.from("aaaa").toString("base64") },
    { type: "upload", name: "b.txt", data: Buffer.from("bbbb").toString("base64") },
    { type: "message", text: "gone" },
    { type: "edit", target: 8, text: "gone, too" },
    { type: "delete", target: 8 },
  );
  expect(answers.filter(({ type }) => type === "error")).toEqual([]);
  const bob = await joinRoom(server.port, "bob");
  await bob.ask({ type: "direct", id: "d", to: "alice", text: "hello" });
  await server.stop();
  return data;
}

const [aBlob, bBlob] = [sha256Of("aaaa"), sha256Of("bbbb")];
const nothing = sha256Of("");

const uploadOf = (id: string, blob: string) =>
  `INSERT INTO uploads VALUES ('${id}', 'lab', 's', 'k', NULL, 9, NULL, 'taking', 0, ${blob}, ${Date.now()});`;

type Damage = (data: string) => Promise<unknown>;
const sql =
  (text: string): Damage =>
  async (data) => {
    change(data, (database) => {
      // As somebody would who knows nothing of what belongs together.
      database.exec(`PRAGMA foreign_keys = OFF; ${text}`);
    });
    return Promise.resolve();
  };

describe("node server check", () => {
  it("finds no faults where there are none", async () => {
    const data = await makeFolder();
    expect(await check(data)).toEqual({
      code: 0,
      stdout: "1 room, 1 conversation, 11 entries, 2 files (8 bytes): no faults\n",
      stderr: "",
    });
  });

  it("finds none beside a server at work that deletes and forgets", async () => {
    const data = await temporaryFolder();
    const server = await startProgram(data, { env: { ROOMLINE_KEEP_ENTRIES: "50" } });
    const alice = await joinRoom(server.port, "alice");
    const stop = new AbortController();
    const bustling = (async () => {
      for (let n = 0; !stop.signal.aborted; n++) {
        const upload = {
          type: "upload",
          id: `u${n}`,
          name: "a.txt",
          data: Buffer.from(`${n}`).toString("base64"),
        };
        const { seq } = await alice.ask(upload);
        await alice.ask({ type: "delete", id: `d${n}`, target: seq });
      }
    })();
    for (let n = 0; n < 4; n++) expect(await check(data)).toMatchObject({ code: 0, stderr: "" });
    stop.abort();
    await bustling;
  });

  it("notes blobs that nothing refers to and files that nobody knows, and is content", async () => {
    const data = await makeFolder();
    const put = async (path: string) => {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, "");
    };
    await put(blobPath(data, nothing));
    await put(join(data, "unfinished", "x"));
    const strays = [blobPath(data, nothing), join(data, "unfinished", "x")];
    const { code, stdout } = await check(data);
    expect({ code, lines: stdout.split("\n").length }).toEqual({ code: 0, lines: 4 });
    for (const path of strays)
      expect(stdout).toContain(
        `note: ${path} is nobody's: no record names it, and it may be removed by hand`,
      );
    // What the server has noted to take away, and what an upload has.
    await sql(`INSERT INTO freed VALUES ('${nothing}'); ${uploadOf("x", "NULL")}`)(data);
    const noted = await check(data);
    expect(noted.code).toBe(0);
    expect(noted.stdout).toMatch(
      /^note: 1 blob \(0 bytes\) that nothing refers to; gone with the next start/,
    );
    expect(noted.stdout.split("\n")).toHaveLength(3);
    await sql(uploadOf("y", `'${nothing}'`))(data);
    expect((await check(data)).stdout).not.toContain("note:");
  });

  it.each<[string, Damage, RegExp]>([
    [
      "a number that is missing",
      sql("DELETE FROM entries WHERE room = 1 AND seq = 4"),
      /room lab: number 4 is missing/,
    ],
    [
      "the lowest numbers missing",
      sql("DELETE FROM entries WHERE room = 1 AND seq < 3"),
      /numbers 1 to 2 are missing/,
    ],
    [
      "entries that should be gone",
      sql("UPDATE rooms SET pruned = 1 WHERE id = 1"),
      /number 1, which is not kept/,
    ],
    [
      "a body that is no JSON",
      sql("UPDATE entries SET body = 'x' WHERE seq = 2"),
      /number 2 has a damaged body/,
    ],
    [
      "an unknown type",
      sql("UPDATE entries SET type = 'poll' WHERE room = 1 AND seq = 2"),
      /unknown type "poll"/,
    ],
    [
      "a time that is none",
      sql("UPDATE entries SET time = -1 WHERE room = 1 AND seq = 2"),
      /number 2 has no time/,
    ],
    ["a file that is not listed", sql("DELETE FROM files WHERE seq = 6"), /number 6 is a file that the list/],
    [
      "a listed file of no entry",
      sql("UPDATE files SET seq = 99 WHERE seq = 6"),
      /a file of number 99, which is not/,
    ],
    [
      "a listed file of a message",
      sql("UPDATE files SET seq = 1 WHERE seq = 6"),
      /a file of number 1, which is none/,
    ],
    [
      "a file of another version",
      sql("UPDATE files SET version = 9 WHERE seq = 6"),
      /6 is a file whose version/,
    ],
    [
      "a deleted file that is listed",
      sql(`UPDATE entries SET body = '"from":"alice","deleted":true}' WHERE seq = 6`),
      /number 6 is deleted, and its file is not/,
    ],
    [
      "a change that is not known",
      sql("DELETE FROM changes WHERE seq = 3"),
      /number 3 changes number 2, and is not/,
    ],
    [
      "a change that is none",
      sql("INSERT INTO changes VALUES (1, 2, 'edit', 1)"),
      /of number 2 by number 1, which is none/,
    ],
    [
      "a change of another",
      sql("INSERT INTO changes VALUES (1, 1, 'edit', 3)"),
      /by number 3, which changes another/,
    ],
    [
      "a change of nothing",
      sql("INSERT INTO changes VALUES (1, 99, 'edit', 9)"),
      /number 99 by number 9, of which the first/,
    ],
    [
      "a deleted message that still speaks",
      sql(`UPDATE entries SET body = '"from":"alice","text":"gone"}' WHERE room = 1 AND seq = 8`),
      /number 10 has deleted number 8, which still says something/,
    ],
    [
      "an edit of it that still speaks",
      sql(`UPDATE entries SET body = '"from":"alice","target":8,"text":"gone"}' WHERE room = 1 AND seq = 9`),
      /number 10 has deleted number 9, which still says something/,
    ],
    [
      "a topic that nobody gave",
      sql("UPDATE rooms SET topic = 'x' WHERE id = 1"),
      /has a topic that number 5 does not/,
    ],
    ["entries of no room", sql("DELETE FROM rooms WHERE id = 1"), /belongs to none of rooms/],
    [
      "a blob that is missing",
      (data) => rm(blobPath(data, aBlob)),
      /"a.txt" \(room lab, number 6\).* is missing/,
    ],
    ["a blob that is too short", (data) => truncate(blobPath(data, aBlob), 3), /has 3 bytes and not 4/],
    [
      "a blob with other bytes",
      (data) => writeFile(blobPath(data, aBlob), "aaab"),
      /other bytes than its SHA-256/,
    ],
    [
      "a blob under another's name",
      (data) => rename(blobPath(data, aBlob), blobPath(data, bBlob)),
      /other bytes/,
    ],
    ["a damaged page", damageLastPage, /^database: /m],
  ])("finds %s, and ends with 1", async (_what, damage, about) => {
    const data = await makeFolder();
    await damage(data);
    const { code, stdout, stderr } = await check(data);
    expect(stdout).toMatch(about);
    expect(stdout).toMatch(/: \d+ faults?\n$/);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  });

  it("says in one sentence what it cannot look at", async () => {
    const data = await temporaryFolder();
    expect(await check(data)).toMatchObject({
      code: 1,
      stderr: containing("no roomline.db in"),
    });
    makeFirstVersion(data, 1);
    const old = await check(data);
    expect(old).toMatchObject({
      code: 1,
      stdout: "",
      stderr: containing("start the server once"),
    });
    await writeFile(join(data, "roomline.db"), "this is no database".repeat(500));
    const { code, stdout, stderr } = await check(data);
    expect({ code, stdout, lines: stderr.trimEnd().split("\n").length }).toEqual({
      code: 1,
      stdout: "",
      lines: 1,
    });
    expect(stderr).toMatch(/roomline\.db cannot be used/);
  });
});

/** The index of files by their content is the last that the tables have. */
async function damageLastPage(data: string): Promise<void> {
  const path = join(data, "roomline.db");
  const { size } = await stat(path);
  await truncate(path, size - 4096);
  await truncate(path, size);
}
