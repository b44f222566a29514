// The folder store: the contract, and what only a folder has, its layout and its leftovers.
// What it does with its disk is in files-disk.test.ts.

import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFolderFileStore, type FolderFileStore } from "../../../server/engines/embedded/files.js";
import { fileStoreContract, type OpenedFileStore } from "../../contracts/file-store.contract.js";
import { put } from "../../support/blobs.js";
import { allFiles } from "../../support/folders.js";

describe("FolderFileStore", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "roomline-files-"));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  describe("keeps the contract:", () => {
    const open = async (): Promise<OpenedFileStore> => {
      const store = await openFolderFileStore({ folder });
      const close = () => store.close();
      return { store, close, reopen: () => close().then(open) };
    };
    fileStoreContract(open);
  });

  describe("in its folder", () => {
    layout(() => folder);
  });
});

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
