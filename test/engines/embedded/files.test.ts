// The embedded file store: the contract, and what only a folder has, its layout and its leftovers. What it does with its
// disk is in files-disk.test.ts.

import { randomBytes } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Engine, FileStore } from "../../../server/engine.js";
import { parseFileName } from "../../../shared/names.js";
import { erase, lab, shareBlob } from "../../contracts/drafts.js";
import { fileStoreContract } from "../../contracts/file-store.contract.js";
import { get, isThere, put, sha256Of, uploadDraft } from "../../support/blobs.js";
import { blobsIn, expectNoOrphans, orphansIn, unfinishedIn } from "../../support/files-on-disk.js";
import { openTestEngine, temporaryFolder } from "../../support/server.js";
import { until } from "../../support/until.js";
import { leaveBehind } from "./files-child.js";
import { openFiles } from "./opened-files.js";
import { change, count } from "./raw.js";
import { openStore } from "./store.js";

describe("The embedded file store", () => {
  fileStoreContract(openFiles);

  describe("in its folder", () => {
    layout();
  });
  describe("with as many attempts as it may have", () => {
    idleAttempts();
  });
  describe("after an end without warning", () => {
    leftovers();
  });
});

async function open(): Promise<Engine & { folder: string }> {
  const folder = await temporaryFolder();
  return { ...(await openTestEngine(folder)), folder };
}

function idleAttempts(): void {
  const begun = (store: FileStore, name: string) =>
    store.begin(uploadDraft({ name: parseFileName(name), size: 10 }));

  it("lets the one rest that has stood still longest, and goes on with it when it is asked for again", async () => {
    const store = await openStore(await temporaryFolder(), { maxAttempts: 2, idleMs: 0 });
    const idle = await begun(store, "idle");
    await idle.write(0, randomBytes(4));
    const busy = await begun(store, "busy");
    await busy.write(0, randomBytes(4));
    const third = await begun(store, "third");
    expect([idle, busy, third].map(({ isOver }) => isOver)).toEqual([true, false, false]);
    await expect(idle.write(4, randomBytes(1))).rejects.toMatchObject({ code: "upload-not-found" });
    await third.cancel();
    expect((await begun(store, "idle")).receivedBytes).toBe(4);
  });

  it("says too-many, and when to try again, while none has stood still for so long", async () => {
    const store = await openStore(await temporaryFolder(), { maxAttempts: 1 });
    const silent = await begun(store, "silent");
    await expect(begun(store, "other")).rejects.toMatchObject({
      code: "too-many",
      detail: { retryAfterMs: 1000 },
    });
    expect(silent.isOver).toBe(false);
  });
}

function layout(): void {
  it("keeps a blob under its hash, split after two digits, and nothing else", async () => {
    const { files, folder } = await open();
    const bytes = randomBytes(1000);
    const { sha256 } = await put(files, bytes);
    expect(await blobsIn(folder)).toEqual([sha256]);
    expect(await unfinishedIn(folder)).toEqual([]);
    expect(await readFile(join(folder, "blobs", sha256.slice(0, 2), sha256.slice(2)))).toEqual(bytes);
  });

  it("keeps the same bytes once, whoever brings them and wherever they are shared", async () => {
    const { files, folder, log } = await open();
    for (const sender of ["alice", "bob", "carol"]) {
      await log.append(lab, [shareBlob(await put(files, Buffer.from("same"), { sender }))]);
      await log.append(lab, [shareBlob(await files.put(uploadDraft({ sender }), Buffer.from("same")))]);
    }
    expect(await blobsIn(folder)).toEqual([sha256Of("same")]);
    expect(await unfinishedIn(folder)).toEqual([]);
  });

  it("has nothing among the blobs before finish, and a file for each upload under no name of a peer's", async () => {
    const { files, folder } = await open();
    const upload = await files.begin(uploadDraft({ name: parseFileName("roomline.db"), size: 10 }));
    await upload.write(0, randomBytes(5));
    expect(await blobsIn(folder)).toEqual([]);
    const [name, ...others] = await unfinishedIn(folder);
    expect(name).toMatch(/^[0-9a-f]{32}$/);
    expect(name).not.toBe(upload.id);
    expect(others).toEqual([]);
  });

  it("has no trace of a cancelled upload, nor of one with a wrong hash", async () => {
    const { files, folder } = await open();
    const cancelled = await files.begin(uploadDraft({ size: 1000 }));
    void cancelled.write(0, randomBytes(1000));
    await cancelled.cancel();
    const wrong = await files.begin(uploadDraft());
    await wrong.finish("0".repeat(64)).catch(() => undefined);
    expect([...(await blobsIn(folder)), ...(await unfinishedIn(folder))]).toEqual([]);
    expect(count(folder, "SELECT count(*) FROM uploads")).toBe(0);
  });

  it("lets uploads rest when it is closed, finishes what is being finished, and begins no more", async () => {
    const engine = await open();
    const upload = await engine.files.begin(uploadDraft({ size: 2000 }));
    void upload.write(0, randomBytes(1000));
    const finishing = await engine.files.begin(uploadDraft({ name: parseFileName("b"), size: 4 }));
    void finishing.write(0, Buffer.from("done"));
    const finished = finishing.finish();
    const whole = engine.files.put(uploadDraft(), Buffer.from("whole"));
    await engine.close();
    expect(await finished).toMatchObject({ sha256: sha256Of("done") });
    expect(await whole).toMatchObject({ sha256: sha256Of("whole") });
    await expect(engine.files.begin(uploadDraft())).rejects.toMatchObject({ code: "shutting-down" });
    await expect(engine.files.put(uploadDraft(), Buffer.from("x"))).rejects.toMatchObject({
      code: "shutting-down",
    });
    await expect(upload.write(1000, randomBytes(1))).rejects.toMatchObject({ code: "upload-not-found" });
    await expectNoOrphans(engine.folder);
    const { files } = await openTestEngine(engine.folder);
    expect((await files.begin(uploadDraft({ size: 2000 }))).receivedBytes).toBe(1000);
  });

  it("makes no path of a hash that is none", async () => {
    const { files, folder } = await open();
    const hash = "a".repeat(64);
    for (const name of ["x", "blobs/x", hash]) await writeFile(join(folder, name), "not a blob");
    const paths = ["../x", "..", "x", "/../x", `${folder}/x`, "..\\x", "%2e%2e/x"];
    for (const hostile of [...paths, `${hash}/../../../x`, `../${hash}`]) {
      await expect(files.open(hostile)).rejects.toMatchObject({ code: "file-not-found" });
    }
  });

  it("takes nothing away that it does not know: no names are listed", async () => {
    const engine = await open();
    const { files, folder, log } = engine;
    await log.append(lab, [shareBlob(await put(files, Buffer.from("gone")))]);
    await mkdir(join(folder, "blobs", "00"));
    const strangers = [`blobs/00/${"0".repeat(62)}`, "blobs/x", "unfinished/x"];
    for (const name of strangers) await writeFile(join(folder, name), "somebody else's");
    await log.append(lab, [erase(1)]);
    await until(async () => !(await isThere(files, sha256Of("gone"))));
    await engine.close();
    const again = await openTestEngine(folder);
    await again.log.append(lab, [shareBlob(await put(again.files, Buffer.from("x"))), erase(3)]);
    await until(async () => !(await isThere(again.files, sha256Of("x"))));
    for (const name of strangers) expect(String(await readFile(join(folder, name)))).toBe("somebody else's");
    expect(await orphansIn(folder)).toHaveLength(2);
  });

  it("begins anew when somebody has taken away the bytes of an upload, or of the blob that it has become", async () => {
    const { files, folder } = await open();
    const upload = await files.begin(uploadDraft({ size: 10 }));
    await upload.write(0, Buffer.from("01234"));
    await upload.pause();
    for (const name of await unfinishedIn(folder)) await writeFile(join(folder, "unfinished", name), "0");
    const again = await files.begin(uploadDraft({ size: 10 }));
    expect(again.receivedBytes).toBe(0);
    await again.write(0, Buffer.from("0123456789"));
    const { sha256 } = await again.finish();
    await rm(join(folder, "blobs", sha256.slice(0, 2)), { recursive: true });
    expect((await files.begin(uploadDraft({ size: 10 }))).receivedBytes).toBe(0);
  });

  it("drops what a version without records has left", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "partial", "strange", "folder"), { recursive: true });
    await writeFile(join(folder, "partial", "left"), "half");
    await openTestEngine(folder);
    expect(await readdir(folder)).not.toContain("partial");
  });
}

function leftovers(): void {
  const left = (name: string, text: string, as: "durable" | "finished" | "put") => ({
    draft: uploadDraft({ name: parseFileName(name), size: 10 }),
    bytes: Buffer.from(text),
    as,
  });

  it("keeps what can be gone on with, drops what came whole, and has nothing without a record", async () => {
    const folder = await temporaryFolder();
    await leaveBehind(folder, [
      left("half", "01234", "durable"),
      left("complete", "0123456789", "finished"),
      left("whole", "whole file", "put"),
    ]);
    await expectNoOrphans(folder);
    const { files } = await openTestEngine(folder);
    await until(async () => !(await isThere(files, sha256Of("whole file"))));
    expect(count(folder, "SELECT count(*) FROM uploads")).toBe(2);
    expect(await blobsIn(folder)).toEqual([sha256Of("0123456789")]);
    await expectNoOrphans(folder);
  });

  it("drops what came whole whatever the clock says", async () => {
    const folder = await temporaryFolder();
    await leaveBehind(folder, [left("whole", "whole file", "put")]);
    change(folder, (database) => {
      database.exec(`UPDATE uploads SET touched = ${Date.now() + 3_600_000}`);
    });
    const { files } = await openTestEngine(folder);
    await until(async () => !(await isThere(files, sha256Of("whole file"))));
  });

  it("takes away the blobs that were to go", async () => {
    const engine = await open();
    const { files, folder, log } = engine;
    await log.append(lab, [shareBlob(await put(files, Buffer.from("gone")))]);
    await engine.close();
    // What the commit of a deletion leaves when the process is killed behind it.
    change(folder, (database) => {
      database.exec("DELETE FROM files");
    });
    expect(count(folder, "SELECT count(*) FROM freed")).toBe(1);
    const again = await openTestEngine(folder);
    await until(async () => !(await isThere(again.files, sha256Of("gone"))));
    await until(() => count(folder, "SELECT count(*) FROM freed") === 0);
  });

  it("cuts off what lies behind the recorded offset: garbage, or zeros after a power cut", async () => {
    for (const tail of [randomBytes(50_000), Buffer.alloc(50_000)]) {
      const folder = await temporaryFolder();
      await leaveBehind(folder, [left("half", "01234", "durable")]);
      const [name = ""] = await unfinishedIn(folder);
      await writeFile(join(folder, "unfinished", name), tail, { flag: "a" });
      const { files } = await openTestEngine(folder);
      const upload = await files.begin(uploadDraft({ name: parseFileName("half"), size: 10 }));
      expect(upload.receivedBytes).toBe(5);
      await upload.write(5, Buffer.from("56789"));
      expect(await upload.finish()).toMatchObject({ size: 10, sha256: sha256Of("0123456789") });
      expect((await get(files, sha256Of("0123456789"))).toString()).toBe("0123456789");
    }
  });
}
