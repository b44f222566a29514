// The folder store: the contract, and what only a folder has, its layout and its leftovers.
// What it does with its disk is in files-disk.test.ts.

import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFolderFileStore, type FolderFileStore } from "../../../server/engines/embedded/files.js";
import { fileStoreContract, type OpenedFileStore } from "../../contracts/file-store.contract.js";
import { get, put } from "../../support/blobs.js";
import { allFiles } from "../../support/folders.js";

describe("FolderFileStore", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "roomline-files-"));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  describe("keeps the contract:", () => {
    const open = async (references: Set<string>): Promise<OpenedFileStore> => {
      const store = await openFolderFileStore({ folder, findOrphans: orphansBut(references) });
      const close = () => store.close();
      return {
        store,
        references,
        release: (sha256) => store.release(sha256),
        close,
        reopen: () => close().then(() => open(references)),
      };
    };
    fileStoreContract(() => open(new Set()));
  });

  describe("in its folder", () => {
    layout(() => folder);
  });
});

/** What a log answers that refers to these hashes. */
function orphansBut(references: ReadonlySet<string>) {
  return (hashes: readonly string[]) => Promise.resolve(hashes.filter((hash) => !references.has(hash)));
}

function layout(folder: () => string): void {
  let store: FolderFileStore;

  beforeEach(async () => {
    store = await openFolderFileStore({ folder: folder() });
  });

  afterEach(() => store.close());

  it("keeps a blob under its hash, split after two digits, and nothing else", async () => {
    const bytes = randomBytes(1000);
    const { sha256 } = await put(store, bytes);

    expect(await allFiles(folder())).toEqual([`blobs/${sha256.slice(0, 2)}/${sha256.slice(2)}`]);
    expect(await readFile(join(folder(), "blobs", sha256.slice(0, 2), sha256.slice(2)))).toEqual(bytes);
  });

  it("has nothing among the blobs before finish", async () => {
    const upload = await store.begin();
    await upload.write(0, randomBytes(1000));

    expect(await allFiles(folder())).toEqual([`partial/${upload.id}`]);
  });

  it("has no trace of a cancelled upload, nor of one with a wrong hash", async () => {
    const cancelled = await store.begin();
    void cancelled.write(0, randomBytes(1000));
    await cancelled.cancel();
    const wrong = await store.begin();
    await wrong.finish("0".repeat(64)).catch(() => undefined);

    expect(await allFiles(folder())).toEqual([]);
  });

  it("drops uploads under way when it is closed, and begins no more", async () => {
    const upload = await store.begin();
    await upload.write(0, randomBytes(1000));

    await store.close();

    expect(await allFiles(folder())).toEqual([]);
    await expect(store.begin()).rejects.toMatchObject({ code: "shutting-down" });
    expect(await allFiles(folder())).toEqual([]);
  });

  it("drops what an earlier process left, and keeps its blobs", async () => {
    const { sha256 } = await put(store, Buffer.from("kept"));
    await writeFile(join(folder(), "partial", "left"), "half");
    await mkdir(join(folder(), "partial", "strange", "folder"), { recursive: true });

    await openFolderFileStore({ folder: folder() });

    expect(await readdir(join(folder(), "partial"))).toEqual([]);
    expect(await allFiles(folder())).toEqual([`blobs/${sha256.slice(0, 2)}/${sha256.slice(2)}`]);
  });

  it("drops blobs that nothing refers to, however many, and touches no other name", async () => {
    const kept = await put(store, Buffer.from("kept"));
    const shard = join(folder(), "blobs", kept.sha256.slice(0, 2));
    for (let n = 0; n < 2500; n++)
      await writeFile(join(shard, n.toString(16).padStart(62, "0")), "left by an earlier process");
    const strange = ["x", "0".repeat(61), "0".repeat(63), "A".repeat(62), `${"0".repeat(61)}.`];
    for (const name of strange) await writeFile(join(shard, name), "somebody else's");
    await mkdir(join(shard, "f".repeat(62)));
    await mkdir(join(folder(), "blobs", "other"));
    await writeFile(join(folder(), "blobs", "other", "0".repeat(62)), "somebody else's");
    await writeFile(join(folder(), "blobs", "00"), "somebody else's");

    await openFolderFileStore({ folder: folder(), findOrphans: orphansBut(new Set([kept.sha256])) });

    const names = [...strange, kept.sha256.slice(2)].map((name) => `${kept.sha256.slice(0, 2)}/${name}`);
    expect(await allFiles(join(folder(), "blobs"))).toEqual(
      [...names, `other/${"0".repeat(62)}`, "00"].sort(),
    );
  });

  it("does not drop what is finished again while the log is asked", async () => {
    let answer: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (answer = resolve));
    const findOrphans = (hashes: readonly string[]) => asked.then(() => hashes);
    const slow = await openFolderFileStore({ folder: join(folder(), "slow"), findOrphans });
    const { sha256 } = await put(slow, Buffer.from("twice"));

    const released = slow.release(sha256);
    const again = put(slow, Buffer.from("twice"));
    // Long enough for the second to be finished, were it not to wait for the question.
    for (let n = 0; n < 50; n++) await allFiles(folder());
    answer();
    await Promise.all([released, again]);

    expect((await get(slow, sha256)).toString()).toBe("twice");
    await slow.close();
  });

  it("keeps a blob when the log cannot be asked", async () => {
    const findOrphans = () => Promise.reject(new Error("the log has ended"));
    const deaf = await openFolderFileStore({ folder: join(folder(), "deaf"), findOrphans });
    const { sha256 } = await put(deaf, Buffer.from("kept"));

    await deaf.release(sha256);
    await expect(deaf.remove(sha256)).rejects.toMatchObject({ code: "internal" });

    expect((await get(deaf, sha256)).toString()).toBe("kept");
    await deaf.close();
  });

  it("makes no path of a hash that is none", async () => {
    const hash = "a".repeat(64);
    for (const name of ["x", "blobs/x", hash]) await writeFile(join(folder(), name), "not a blob");

    const paths = ["../x", "..", "x", "/../x", `${folder()}/x`, "..\\x", "%2e%2e/x"];
    for (const hostile of [...paths, `${hash}/../../../x`, `../${hash}`]) {
      await expect(store.open(hostile)).rejects.toMatchObject({ code: "file-not-found" });
      await expect(store.remove(hostile)).rejects.toMatchObject({ code: "file-not-found" });
    }

    expect(await allFiles(folder())).toEqual([hash, "blobs/x", "x"]);
  });
}
