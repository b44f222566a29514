// The folder store and its disk: the order of its syncs, and a disk that is full or read-only (on small file
// systems of its own, when this machine lets us mount them).

import { randomBytes } from "node:crypto";
import fs, { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFolderFileStore } from "../../../server/engines/embedded/files.js";
import { get, put } from "../../support/blobs.js";
import { allFiles } from "../../support/folders.js";
import { mountSmallDisk } from "../../support/small-disk.js";
import { until } from "../../support/until.js";
import { watchDisk } from "../../support/watch-disk.js";

const MiB = 1024 * 1024;

describe("FolderFileStore and its disk:", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "roomline-disk-"));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  describe("durability", () => {
    durability(() => folder);
  });
  describe("faults", () => {
    faults(() => folder);
  });
});

function durability(folder: () => string): void {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it("syncs the bytes before a blob gets its name, and the folders before finish answers", async () => {
    const disk = await watchDisk(folder());
    const store = await openFolderFileStore({ folder: join(folder(), "new") });
    const upload = await store.begin();
    const opening = disk.take();
    void upload.write(0, Buffer.from("abc"));

    const { sha256 } = await upload.finish();
    const shard = `new/blobs/${sha256.slice(0, 2)}`;

    expect(opening).toEqual(["sync .", "sync new", "sync new"]); // the names of new, blobs and partial
    expect(disk.take()).toEqual([
      `sync new/partial/${upload.id}`,
      "sync new/blobs",
      `rename new/partial/${upload.id} ${shard}/${sha256.slice(2)}`,
      `sync ${shard}`,
    ]);
    await store.close();
  });

  it("syncs a shard's folder again when a blob goes", async () => {
    const findOrphans = (hashes: readonly string[]) => Promise.resolve(hashes);
    const store = await openFolderFileStore({ folder: folder(), findOrphans });
    const { sha256 } = await put(store, Buffer.from("abc"));
    const disk = await watchDisk(folder());

    await store.release(sha256);

    expect(disk.take()).toEqual([`sync blobs/${sha256.slice(0, 2)}`]);
    await store.close();
  });

  it("makes bytes durable when there are many, without being asked", async () => {
    const store = await openFolderFileStore({ folder: folder(), syncEveryBytes: 1000, syncEveryMs: 1e6 });
    const upload = await store.begin();

    await upload.write(0, randomBytes(1000));
    await until(() => upload.durableBytes === 1000);
    await upload.write(1000, randomBytes(999));

    expect(upload.durableBytes).toBe(1000);
    await store.close();
  });

  it("makes few bytes durable after a while, without being asked", async () => {
    const store = await openFolderFileStore({ folder: folder(), syncEveryMs: 1 });
    const upload = await store.begin();

    await upload.write(0, randomBytes(10));
    await until(() => upload.durableBytes === 10);
    await upload.write(10, randomBytes(10));
    await until(() => upload.durableBytes === 20);

    await store.close();
  });

  it("counts as durable only what was written before the sync began", async () => {
    const store = await openFolderFileStore({ folder: folder(), syncEveryBytes: 10, syncEveryMs: 1e6 });
    const upload = await store.begin();
    const disk = await watchDisk(folder());
    const release = disk.holdSyncs();
    await upload.write(0, randomBytes(10));
    await upload.write(10, randomBytes(5));

    release();
    await until(() => upload.durableBytes > 0);

    expect(upload.durableBytes).toBe(10);
    await store.close();
  });

  it("fails an upload whose sync failed, for good, and keeps the cause", async () => {
    const store = await openFolderFileStore({ folder: folder(), syncEveryBytes: 10 });
    const upload = await store.begin();
    const disk = await watchDisk(folder());
    const broken = Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO" });
    disk.fail("syncs", broken);
    await upload.write(0, randomBytes(10));
    await until(() => disk.failureCount > 0);
    jest.restoreAllMocks();

    const expected = { code: "internal", detail: { upload: upload.id }, cause: broken };
    await expect(upload.write(10, randomBytes(1))).rejects.toMatchObject(expected);
    await expect(upload.finish()).rejects.toMatchObject(expected);

    expect(await allFiles(folder())).toEqual([]);
    await store.close();
  });
}

function faults(folder: () => string): void {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it("writes everything when the disk takes a byte at a time", async () => {
    const store = await openFolderFileStore({ folder: folder() });
    const upload = await store.begin();
    const disk = await watchDisk(folder());
    disk.cutWrites(1);

    await Promise.all(
      ["ab", "c", "def"].map((text) => upload.write(upload.receivedBytes, Buffer.from(text))),
    );
    const { sha256 } = await upload.finish();

    expect((await get(store, sha256)).toString()).toBe("abcdef");
    await store.close();
  });

  it("tells of a failed write again when nobody waited for it, and ends nothing else", async () => {
    const store = await openFolderFileStore({ folder: folder() });
    const upload = await store.begin();
    const disk = await watchDisk(folder());
    disk.fail("writes", Object.assign(new Error("EIO: i/o error, writev"), { code: "EIO" }));

    void upload.write(0, Buffer.from("abc"));
    await until(() => disk.failureCount > 0);
    await new Promise((resolve) => setImmediate(resolve));

    await expect(upload.finish()).rejects.toMatchObject({ code: "internal", cause: { code: "EIO" } });
    await store.close();
  });

  it("says in a sentence why a folder cannot be used", async () => {
    await writeFile(join(folder(), "file"), "");

    await expect(openFolderFileStore({ folder: join(folder(), "file") })).rejects.toThrow(
      `Cannot keep files in ${folder()}/file: `,
    );
  });

  it("says that a read-only folder cannot be written to", async () => {
    await (await openFolderFileStore({ folder: folder() })).close();
    await using disk = await mountSmallDisk(folder(), "ro,size=1m");
    if (!disk.isMounted) return;

    await expect(openFolderFileStore({ folder: folder() })).rejects.toThrow(/EROFS|read-only/);
  });

  it("answers storage-full for good when there is no room, and goes on when there is", async () => {
    await using disk = await mountSmallDisk(folder(), "size=1m");
    if (!disk.isMounted) return;
    const store = await openFolderFileStore({ folder: folder(), minFreeBytes: 0 });
    const kept = await put(store, Buffer.from("kept"));
    const upload = await store.begin();
    const full = { code: "storage-full", detail: { upload: upload.id }, cause: { code: "ENOSPC" } };

    await expect(upload.write(0, randomBytes(2 * MiB))).rejects.toMatchObject(full);
    await expect(upload.write(2 * MiB, randomBytes(1))).rejects.toMatchObject(full);
    await expect(upload.write(0, randomBytes(1))).rejects.toMatchObject(full);
    await upload.cancel();

    const again = await put(store, randomBytes(MiB / 2));
    expect(again.size).toBe(MiB / 2);
    expect((await get(store, kept.sha256)).toString()).toBe("kept");
    await store.close();
  });

  it("answers storage-full when the blob's folder cannot be made, and leaves nothing", async () => {
    // Root, blobs, partial and one file are all that fit.
    await using disk = await mountSmallDisk(folder(), "size=1m,nr_inodes=4");
    if (!disk.isMounted) return;
    const store = await openFolderFileStore({ folder: folder(), minFreeBytes: 0 });
    const upload = await store.begin();
    await upload.write(0, Buffer.from("abc"));

    await expect(upload.finish()).rejects.toMatchObject({ code: "storage-full" });
    expect(await allFiles(folder())).toEqual([]);

    await store.close();
  });

  it("leaves no blob behind whose folder could not be synced", async () => {
    const findOrphans = (hashes: readonly string[]) => Promise.resolve(hashes);
    const store = await openFolderFileStore({ folder: folder(), findOrphans });
    // Its shard is there, and the upload's own sync is done.
    await store.release((await put(store, Buffer.from("abc"))).sha256);
    const upload = await store.begin();
    await upload.write(0, Buffer.from("abc"));
    const disk = await watchDisk(folder());
    disk.fail("syncs", Object.assign(new Error("EIO: i/o error, fsync"), { code: "EIO" }), "blobs");

    await expect(upload.finish()).rejects.toMatchObject({ code: "internal" });

    expect(await allFiles(folder())).toEqual([]);
    await store.close();
  });

  it("begins no upload while little room is left, and goes on when there is more", async () => {
    await using disk = await mountSmallDisk(folder(), "size=4m");
    if (!disk.isMounted) return;
    const store = await openFolderFileStore({ folder: folder(), minFreeBytes: 2 * MiB });
    await writeFile(join(folder(), "ballast"), randomBytes(3 * MiB));

    await expect(store.begin()).rejects.toMatchObject({ code: "storage-full" });
    expect(await allFiles(folder())).toEqual(["ballast"]);

    await rm(join(folder(), "ballast"));
    await put(store, Buffer.from("abc"));
    await store.close();
  });

  it.each(["EMFILE", "ENFILE"])("answers too-many to %s, and goes on", async (code) => {
    const store = await openFolderFileStore({ folder: folder() });
    const { sha256 } = await put(store, Buffer.from("abc"));
    const open = jest.spyOn(fs, "open").mockRejectedValue(Object.assign(new Error(code), { code }));

    await expect(store.begin()).rejects.toMatchObject({ code: "too-many", cause: { code } });
    await expect(store.open(sha256)).rejects.toMatchObject({ code: "too-many", cause: { code } });

    open.mockRestore();
    expect((await get(store, sha256)).toString()).toBe("abc");
    await store.close();
  });

  it("answers storage-full when an upload's file cannot be made", async () => {
    await using disk = await mountSmallDisk(folder(), "size=1m,nr_inodes=3");
    if (!disk.isMounted) return;
    const store = await openFolderFileStore({ folder: folder(), minFreeBytes: 0 });

    await expect(store.begin()).rejects.toMatchObject({ code: "storage-full" });

    await store.close();
  });
}
