// The embedded search index: a file made from the log, so that whatever becomes of it, nothing is lost.

import { copyFile, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Engine } from "../../../server/engine.js";
import { DatabaseSync } from "@photostructure/sqlite";
import { openForWriting } from "../../../server/engines/embedded/database.js";
import { makeSearchIndex, openSearchIndex } from "../../../server/engines/embedded/search-index.js";
import { edit, erase, lab, linesOf, text } from "../../contracts/drafts.js";
import { openTestEngine, temporaryFolder } from "../../support/server.js";

async function found({ log }: Engine, words: string): Promise<number[]> {
  const { bytes } = await log.search(lab, { text: words, limit: 10 });
  return linesOf(bytes).map(({ seq }) => seq);
}

/** A folder whose engine has stopped: 3000 entries, of which number 1 was edited and number 2 deleted. */
async function stoppedFolder(): Promise<string> {
  const folder = await temporaryFolder();
  const engine = await openTestEngine(folder);
  await engine.log.append(lab, [text("apple"), text("apple"), edit(1, "pear"), erase(2)]);
  await engine.log.append(
    lab,
    Array.from({ length: 2996 }, (_, n) => text(`hay ${n} ${"x".repeat(n % 100)}`)),
  );
  expect(await found(engine, "pear")).toEqual([3]);
  await engine.close();
  return folder;
}

async function overwrite(path: string, at: number, bytes: number): Promise<void> {
  const file = await open(path, "r+");
  await file.write(Buffer.alloc(bytes, 0xa5), 0, bytes, at);
  await file.close();
}

async function expectAllFound(engine: Engine): Promise<void> {
  expect(await found(engine, "apple")).toEqual([]);
  expect(await found(engine, "pear")).toEqual([3]);
  expect(await found(engine, "hay 2995")).toEqual([3000]);
  const [appended] = await engine.log.append(lab, [text("fig")]);
  expect((await found(engine, "fig")).map((seq) => ({ seq }))[0]).toEqual(appended);
}

describe("A search index", () => {
  it.each<[string, (path: string) => Promise<void>]>([
    ["was deleted", (path) => rm(path)],
    ["has no bytes", (path) => writeFile(path, "")],
    ["is another kind of file", (path) => writeFile(path, "hello ".repeat(1000))],
    ["has a damaged beginning", (path) => overwrite(path, 0, 4096)],
    ["is damaged everywhere but at its beginning", (path) => overwrite(path, 4096, 400_000)],
    ["was cut short", async (path) => writeFile(path, (await readFile(path)).subarray(0, 50_000))],
    ["is of another form", async (path) => asOtherForm(path)],
  ])("that %s is made anew", async (_what, harm) => {
    const folder = await stoppedFolder();
    await harm(join(folder, "search.db"));
    await expectAllFound(await openTestEngine(folder));
  });

  it("that is damaged under a running server is made anew, and the search that found it is answered", async () => {
    const folder = await stoppedFolder();
    const engine = await openTestEngine(folder);
    await expectAllFound(engine);
    const index = new DatabaseSync(join(folder, "search.db"), { defensive: false });
    index.exec("DELETE FROM docs_data WHERE id > 10");
    index.close();
    await expectAllFound(engine);
  });

  it("of another log is made anew: the folder may have got an older one back", async () => {
    const folder = await stoppedFolder();
    const another = await temporaryFolder();
    const engine = await openTestEngine(another);
    await engine.log.append(lab, [text("plum"), text("apple")]);
    await engine.close();
    await copyFile(join(another, "roomline.db"), join(folder, "roomline.db"));
    const mixed = await openTestEngine(folder);
    expect(await found(mixed, "apple")).toEqual([2]);
    expect(await found(mixed, "plum")).toEqual([1]);
    for (const words of ["pear", "hay"]) expect(await found(mixed, words)).toEqual([]);
  });

  it("that is older than its log takes in what it lacks, and nothing stays of what is deleted by then", async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "search.db");
    const before = await openTestEngine(folder);
    await before.log.append(lab, [text("zyxsecretzyx")]);
    expect(await found(before, "zyxsecretzyx")).toEqual([1]);
    await before.close();
    await copyFile(path, `${path}.older`);
    const engine = await openTestEngine(folder);
    await engine.log.append(lab, [erase(1), text("after")]);
    await engine.close();
    await copyFile(`${path}.older`, path);
    expect((await readFile(path)).includes("zyxsecretzyx")).toBe(true);

    const again = await openTestEngine(folder);

    expect(await found(again, "zyxsecretzyx")).toEqual([]);
    expect(await found(again, "after")).toEqual([3]);
    const isThere = async () =>
      Buffer.concat([await readFile(path), await readFile(`${path}-wal`)]).includes("zyxsecretzyx");
    // Jest's time limit is half of the minute in which it must be gone.
    while (await isThere()) await sleep(50);
  });

  it("overwrites what it takes out, also after a transaction that was taken back", async () => {
    const path = join(await temporaryFolder(), "search.db");
    const index = makeSearchIndex(path);
    index.inTransaction(() => {
      index.add(1, 1, { text: "apple", from: "alice" });
    });
    const failing = () =>
      index.inTransaction(() => {
        index.erase(1, [1]);
        throw new Error("no space");
      });
    expect(failing).toThrow("no space");
    index.inTransaction(() => {
      index.erase(1, [1]);
    });
    index.close();
    const database = openForWriting(path);
    const secure = database.prepare("SELECT v FROM docs_config WHERE k = 'secure-delete'").get();
    expect(secure).toEqual({ v: 1 });
    database.close();
    openSearchIndex(path).close();
  });
});

function asOtherForm(path: string): Promise<void> {
  const database = openForWriting(path);
  database.exec("PRAGMA user_version = 0; DROP TABLE docs");
  database.close();
  return Promise.resolve();
}
