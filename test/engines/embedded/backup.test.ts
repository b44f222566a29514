// What is deleted between the moment that a backup's database is of and the copying of its blobs.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BackupBlobs } from "../../../server/engines/embedded/backup-blobs.js";
import { DatabaseCopy } from "../../../server/engines/embedded/backup-database.js";
import { openToRead } from "../../../server/engines/embedded/data-folder.js";
import { blobPath } from "../../../server/engines/embedded/layout.js";
import { sha256Of } from "../../support/blobs.js";
import { cleanUp } from "../../support/cleanup.js";
import { runServer } from "../../support/commands.js";
import { joinRoom, type Peer } from "../../support/peer.js";
import { startServer, temporaryFolder } from "../../support/server.js";
import { until } from "../../support/until.js";
import { allFiles } from "../../support/folders.js";
import { change, count } from "./raw.js";

const share = (peer: Peer, name: string, content: string) =>
  peer.ask({ type: "upload", id: name, name, data: Buffer.from(content).toString("base64") });

/** A backup whose database is copied and whose blobs are not. */
async function beginBackup(dataFolder: string) {
  const to = await temporaryFolder();
  const source = await openToRead(dataFolder);
  const copy = DatabaseCopy.make(source, join(to, "roomline.db"));
  cleanUp(async () => {
    copy.close();
    source.close();
    return Promise.resolve();
  });
  const said: string[] = [];
  const folders = { from: dataFolder, to };
  const blobs = new BackupBlobs({
    ...{ source, copy: copy.database, folders },
    tell: (sentence) => said.push(sentence),
  });
  const finish = async () => {
    await blobs.copyAll();
    copy.finish();
    return { said, files: blobs.files, faults: blobs.faults };
  };
  return { folder: to, finish };
}

describe("A backup", () => {
  it("has a file as deleted that was deleted before its bytes were copied", async () => {
    const { port, dataFolder } = await startServer();
    const alice = await joinRoom(port, "alice");
    await share(alice, "kept.txt", "kept");
    const { seq } = await share(alice, "gone.txt", "gone");
    const { folder, finish } = await beginBackup(dataFolder);
    await alice.ask({ type: "delete", id: "d", target: seq });
    await until(() => !existsSync(blobPath(dataFolder, sha256Of("gone"))));
    expect(await finish()).toEqual({ said: [], files: 1, faults: 0 });

    const { stdout } = await runServer(["export", "lab", "--data", folder]);
    const lines = stdout.split("\n").filter((line) => line.includes('"seq"'));
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
      { seq: 1, name: "kept.txt" },
      { seq: 2, type: "file", from: "alice", id: "gone.txt", deleted: true },
    ]);
    expect(await runServer(["check", "--data", folder])).toMatchObject({ code: 0 });
  });

  it("has no uploads, complete or not, and nothing that is to be taken away", async () => {
    const { port, dataFolder } = await startServer();
    const alice = await joinRoom(port, "alice");
    await share(alice, "kept.txt", "kept");
    await alice.ask({ type: "upload", id: "u", name: "half.txt", size: 9 });
    change(dataFolder, (database) => {
      database.exec(`INSERT INTO freed VALUES ('${"0".repeat(64)}')`);
    });
    const { folder, finish } = await beginBackup(dataFolder);
    await finish();
    expect(count(folder, "SELECT count(*) FROM uploads")).toBe(0);
    expect(count(folder, "SELECT count(*) FROM freed")).toBe(0);
    expect(await allFiles(join(folder, "blobs"))).toHaveLength(1);
    // The names of files that nobody shared are not in it either.
    expect((await readFile(join(folder, "roomline.db"))).includes("half.txt")).toBe(false);
    expect(count(dataFolder, "SELECT count(*) FROM uploads")).toBe(1);
  });

  it("has a file that was deleted and shared again meanwhile", async () => {
    const { port, dataFolder } = await startServer();
    const alice = await joinRoom(port, "alice");
    const { seq } = await share(alice, "a.txt", "same");
    const { folder, finish } = await beginBackup(dataFolder);
    await alice.ask({ type: "delete", id: "d", target: seq });
    await until(() => !existsSync(blobPath(dataFolder, sha256Of("same"))));
    await share(alice, "b.txt", "same");
    expect(await finish()).toEqual({ said: [], files: 1, faults: 0 });
    expect(await runServer(["check", "--data", folder])).toMatchObject({ code: 0 });
  });
});
