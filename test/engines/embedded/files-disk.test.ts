// The folder store and its disk: the order of its syncs, and a disk that is full, read-only, broken or gone (HOSTILE X3,
// X4), on small file systems of its own when this machine lets us mount them.

import { randomBytes } from "node:crypto";
import fs, { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openFolderFileStore } from "../../../server/engines/embedded/files.js";
import { KeyTurns } from "../../../server/engines/embedded/key-turns.js";
import { Records } from "../../../server/engines/embedded/records.js";
import { get, isThere, put, uploadDraft } from "../../support/blobs.js";
import { blobsIn, expectNoOrphans, unfinishedIn } from "../../support/files-on-disk.js";
import { temporaryFolder } from "../../support/server.js";
import { mountSmallDisk } from "../../support/small-disk.js";
import { until } from "../../support/until.js";
import { watchDisk } from "../../support/watch-disk.js";
import { openStore } from "./store.js";

const MiB = 1024 * 1024;
const broken = Object.assign(new Error("EIO: i/o error"), { code: "EIO" });

describe("The folder store and its disk:", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  describe("durability", () => {
    durability(() => folder);
  });
  describe("faults", () => {
    faults(() => folder);
  });
  describe("a small disk", () => {
    smallDisks(() => folder);
  });
});

function durability(folder: () => string): void {
  it("syncs the bytes before a blob gets its name, and the folders before finish answers", async () => {
    const disk = await watchDisk(folder());
    const store = await openStore(join(folder(), "new"), { databaseFolder: folder() });
    const upload = await store.begin(uploadDraft());
    const opening = disk.take();
    void upload.write(0, Buffer.from("abc"));

    const { sha256, upload: record } = await upload.finish();
    const shard = `new/blobs/${sha256.slice(0, 2)}`;

    expect(opening).toEqual(["sync .", "sync new", "sync new"]); // the names of new, blobs and unfinished
    expect(disk.take()).toEqual([
      `sync new/unfinished/${record}`,
      "sync new/unfinished",
      "sync new/blobs",
      `rename new/unfinished/${record} ${shard}/${sha256.slice(2)}`,
      `sync ${shard}`,
    ]);
  });

  it("syncs what came whole just so", async () => {
    const store = await openStore(folder());
    const disk = await watchDisk(folder());
    const { sha256, upload } = await store.put(uploadDraft(), Buffer.from("abc"));
    const shard = `blobs/${sha256.slice(0, 2)}`;
    expect(disk.take()).toEqual([
      `sync unfinished/${upload}`,
      "sync blobs",
      `rename unfinished/${upload} ${shard}/${sha256.slice(2)}`,
      `sync ${shard}`,
    ]);
  });

  it("makes bytes durable when there are many, without being asked", async () => {
    const store = await openStore(folder(), { syncEveryBytes: 1000, syncEveryMs: 1e6 });
    const upload = await store.begin(uploadDraft());

    await upload.write(0, randomBytes(1000));
    await until(() => upload.durableBytes === 1000);
    await upload.write(1000, randomBytes(999));

    expect(upload.durableBytes).toBe(1000);
  });

  it("makes few bytes durable after a while, without being asked", async () => {
    const store = await openStore(folder(), { syncEveryMs: 1 });
    const upload = await store.begin(uploadDraft());

    await upload.write(0, randomBytes(10));
    await until(() => upload.durableBytes === 10);
    await upload.write(10, randomBytes(10));
    await until(() => upload.durableBytes === 20);
  });

  it("counts as durable only what was written before the sync began", async () => {
    const store = await openStore(folder(), { syncEveryBytes: 10, syncEveryMs: 1e6 });
    const upload = await store.begin(uploadDraft());
    const disk = await watchDisk(folder());
    const release = disk.holdSyncs();
    await upload.write(0, randomBytes(10));
    await upload.write(10, randomBytes(5));

    release();
    await until(() => upload.durableBytes > 0);

    expect(upload.durableBytes).toBe(10);
  });

  it("tells of durable bytes when they and the file's name are synced and recorded, and not before", async () => {
    const done: string[] = [];
    const store = await openStore(folder(), {
      syncEveryBytes: 10,
      beforeTake: () => done.push(...disk.take(), "record"),
    });
    const disk = await watchDisk(folder());
    const upload = await store.begin(uploadDraft(), () => done.push(`told ${upload.durableBytes}`));
    done.length = 0;
    const [name = ""] = await unfinishedIn(folder());

    await upload.write(0, randomBytes(10));
    await until(() => upload.durableBytes === 10);
    await upload.write(10, randomBytes(10));
    await until(() => upload.durableBytes === 20);

    const path = `sync unfinished/${name}`;
    expect(done).toEqual([path, "sync unfinished", "record", "told 10", path, "record", "told 20"]);
  });
}

function faults(folder: () => string): void {
  it("writes everything when the disk takes a byte at a time", async () => {
    const store = await openStore(folder());
    const upload = await store.begin(uploadDraft());
    const disk = await watchDisk(folder());
    disk.cutWrites(1);

    await Promise.all(
      ["ab", "c", "def"].map((text) => upload.write(upload.receivedBytes, Buffer.from(text))),
    );
    const { sha256 } = await upload.finish();

    expect((await get(store, sha256)).toString()).toBe("abcdef");
  });

  it("fails an upload whose sync failed, for good, keeps the cause, and goes on where it is sure", async () => {
    const store = await openStore(folder(), { syncEveryBytes: 10, syncEveryMs: 1e6 });
    const draft = uploadDraft({ size: 30 });
    const upload = await store.begin(draft);
    await upload.write(0, Buffer.alloc(10, "a"));
    await until(() => upload.durableBytes === 10);
    const disk = await watchDisk(folder());
    disk.fail("syncs", broken);
    await upload.write(10, Buffer.alloc(10, "x"));
    await until(() => disk.failureCount > 0);
    jest.restoreAllMocks();

    const expected = { code: "internal", detail: { upload: upload.id }, cause: broken };
    await expect(upload.write(20, randomBytes(1))).rejects.toMatchObject(expected);
    await expect(upload.finish()).rejects.toMatchObject(expected);

    const again = await store.begin(draft);
    expect(again.receivedBytes).toBe(10);
    await again.write(10, Buffer.alloc(20, "b"));
    const { sha256 } = await again.finish();
    expect((await get(store, sha256)).toString()).toBe("a".repeat(10) + "b".repeat(20));
    await expectNoOrphans(folder());
  });

  it("tells of a failed write again when nobody waited for it, and ends nothing else", async () => {
    const store = await openStore(folder());
    const upload = await store.begin(uploadDraft());
    const disk = await watchDisk(folder());
    disk.fail("writes", broken);

    void upload.write(0, Buffer.from("abc"));
    await until(() => disk.failureCount > 0);
    await new Promise((resolve) => setImmediate(resolve));

    await expect(upload.finish()).rejects.toMatchObject({ code: "internal", cause: { code: "EIO" } });
  });

  it.each(["ENOSPC", "EIO"])(
    "goes on when a rename has failed with %s: no byte is sent again",
    async (code) => {
      const store = await openStore(folder());
      const draft = uploadDraft({ size: 3 });
      const upload = await store.begin(draft);
      await upload.write(0, Buffer.from("abc"));
      const rename = jest.spyOn(fs, "rename").mockRejectedValue(Object.assign(new Error(code), { code }));
      const expected = code === "ENOSPC" ? "storage-full" : "internal";
      await expect(upload.finish()).rejects.toMatchObject({ code: expected, cause: { code } });
      await expect(store.put(uploadDraft(), Buffer.from("whole"))).rejects.toMatchObject({ code: expected });
      expect(await blobsIn(folder())).toEqual([]);
      await expectNoOrphans(folder());
      rename.mockRestore();

      const again = await store.begin(draft);
      expect(again.receivedBytes).toBe(3);
      expect((await get(store, (await again.finish()).sha256)).toString()).toBe("abc");
      expect(await unfinishedIn(folder())).toEqual([]);
      await expectNoOrphans(folder());
    },
  );

  it("has a blob whose folder could not be synced under its upload, which goes on", async () => {
    const store = await openStore(folder());
    const draft = uploadDraft({ size: 3 });
    const upload = await store.begin(draft);
    await upload.write(0, Buffer.from("abc"));
    const disk = await watchDisk(folder());
    disk.fail("syncs", broken, "blobs/");
    await expect(upload.finish()).rejects.toMatchObject({ code: "internal" });
    await expectNoOrphans(folder());
    jest.restoreAllMocks();
    expect((await get(store, (await (await store.begin(draft)).finish()).sha256)).toString()).toBe("abc");
  });

  it("drops later what could not be dropped when it was to go, since its record could not be written", async () => {
    let error: Error | undefined;
    const store = await openStore(folder(), {
      beforeTake: () => {
        if (error !== undefined) throw error;
      },
    });
    const upload = await store.begin(uploadDraft({ size: 3 }));
    await upload.write(0, Buffer.from("abc"));
    error = Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
    await upload.cancel();
    await expect(store.begin(uploadDraft({ size: 3 }))).rejects.toMatchObject({ code: "storage-full" });
    error = undefined;
    expect((await store.begin(uploadDraft({ size: 3 }))).receivedBytes).toBe(0);
    expect(await unfinishedIn(folder())).toHaveLength(1);
  });

  it.each(["EMFILE", "ENFILE"])("answers too-many to %s, and goes on", async (code) => {
    const store = await openStore(folder());
    const { sha256 } = await put(store, Buffer.from("abc"));
    const open = jest.spyOn(fs, "open").mockRejectedValue(Object.assign(new Error(code), { code }));

    const expected = { code: "too-many", cause: { code } };
    await expect(store.begin(uploadDraft({ size: 9 }))).rejects.toMatchObject(expected);
    await expect(store.put(uploadDraft(), Buffer.from("x"))).rejects.toMatchObject(expected);
    await expect(store.open(sha256)).rejects.toMatchObject(expected);

    open.mockRestore();
    expect((await get(store, sha256)).toString()).toBe("abc");
    await put(store, Buffer.from("x"));
    await expectNoOrphans(folder());
  });

  it("says in a sentence why a folder cannot be used", async () => {
    await writeFile(join(folder(), "file"), "");
    const parts = { records: new Records(() => Promise.resolve([])), turns: new KeyTurns() };

    await expect(openFolderFileStore({ folder: join(folder(), "file"), ...parts })).rejects.toThrow(
      `Cannot keep files in ${folder()}/file: `,
    );
  });

  it("answers internal when its folder was deleted, and ends nothing", async () => {
    const data = join(folder(), "data");
    await mkdir(data);
    const store = await openStore(data, { databaseFolder: folder() });
    const { sha256 } = await put(store, Buffer.from("abc"));
    const upload = await store.begin(uploadDraft({ size: 9 }));
    await upload.write(0, Buffer.from("abc"));
    await rm(data, { recursive: true });

    await expect(upload.finish()).rejects.toMatchObject({ code: "internal" });
    await expect(store.begin(uploadDraft({ size: 5 }))).rejects.toMatchObject({ code: "internal" });
    await expect(store.put(uploadDraft(), Buffer.from("x"))).rejects.toMatchObject({ code: "internal" });
    expect(await isThere(store, sha256)).toBe(false);
  });
}

function smallDisks(folder: () => string): void {
  const small = async (options: string) => {
    const path = join(folder(), "small");
    await mkdir(path, { recursive: true });
    return { path, disk: await mountSmallDisk(path, options) };
  };

  it("that is read-only is refused with a sentence", async () => {
    const { path, disk } = await small("ro,size=1m");
    await using _disk = disk;
    if (!disk.isMounted) return;

    await expect(openStore(path, { databaseFolder: folder() })).rejects.toThrow(/EROFS|read-only/);
  });

  it("that becomes read-only answers internal, reads on, and goes on when it is not", async () => {
    const { path, disk } = await small("size=4m");
    await using _disk = disk;
    if (!disk.isMounted) return;
    const store = await openStore(path, { databaseFolder: folder() });
    const { sha256 } = await put(store, Buffer.from("abc"));
    const draft = uploadDraft({ size: 6 });
    await (await store.begin(draft)).pause();
    await disk.remount("ro");

    await expect(store.begin(draft)).rejects.toMatchObject({ code: "internal", cause: { code: "EROFS" } });
    await expect(store.put(draft, Buffer.from("x"))).rejects.toMatchObject({ code: "internal" });
    expect((await get(store, sha256)).toString()).toBe("abc");

    await disk.remount("rw");
    await put(store, Buffer.from("abcdef"));
  });

  it("that is full answers storage-full for good, and what is on it goes on when there is room", async () => {
    const { path, disk } = await small("size=1m");
    await using _disk = disk;
    if (!disk.isMounted) return;
    const store = await openStore(path, { databaseFolder: folder(), syncEveryMs: 1 });
    const kept = await put(store, Buffer.from("kept"));
    const ballast = join(path, "ballast");
    await writeFile(ballast, randomBytes(MiB / 2));
    const draft = uploadDraft({ id: "pipe" });
    const upload = await store.begin(draft);
    const full = { code: "storage-full", detail: { upload: upload.id } };
    const bytes = randomBytes(MiB - 100_000);
    await upload.write(0, bytes.subarray(0, 10_000));
    await until(() => upload.durableBytes === 10_000);

    await expect(upload.write(10_000, bytes.subarray(10_000))).rejects.toMatchObject(full);
    await expect(upload.write(bytes.length, randomBytes(1))).rejects.toMatchObject(full);
    await expect(upload.write(0, randomBytes(1))).rejects.toMatchObject(full);
    await upload.pause();

    expect((await get(store, kept.sha256)).toString()).toBe("kept");
    await rm(ballast);
    const again = await store.begin(draft);
    expect(again.receivedBytes).toBe(10_000);
    await again.write(10_000, bytes.subarray(10_000));
    const { sha256 } = await again.finish();
    expect((await get(store, sha256)).equals(bytes)).toBe(true);
  });

  it("without room for another name answers storage-full, and leaves nothing without a record", async () => {
    // Root, blobs, unfinished and one file are all that fit: the blob's own folder does not.
    const { path, disk } = await small("size=1m,nr_inodes=4");
    await using _disk = disk;
    if (!disk.isMounted) return;
    const store = await openStore(path, { databaseFolder: folder() });
    const upload = await store.begin(uploadDraft({ size: 3 }));
    await upload.write(0, Buffer.from("abc"));

    await expect(upload.finish()).rejects.toMatchObject({ code: "storage-full" });
    await expect(store.begin(uploadDraft({ size: 5 }))).rejects.toMatchObject({ code: "storage-full" });

    const again = await store.begin(uploadDraft({ size: 3 }));
    expect(again.receivedBytes).toBe(3);
    await again.cancel();
    expect([...(await blobsIn(path)), ...(await unfinishedIn(path))]).toEqual([]);
  });

  it("with little room left begins nothing, and goes on when there is more", async () => {
    const { path, disk } = await small("size=4m");
    await using _disk = disk;
    if (!disk.isMounted) return;
    const store = await openStore(path, { databaseFolder: folder(), minFreeBytes: 2 * MiB });
    const ballast = join(path, "ballast");
    await writeFile(ballast, randomBytes(3 * MiB));

    await expect(store.begin(uploadDraft())).rejects.toMatchObject({ code: "storage-full" });
    await expect(store.put(uploadDraft(), Buffer.from("x"))).rejects.toMatchObject({ code: "storage-full" });
    expect(await unfinishedIn(path)).toEqual([]);

    await rm(ballast);
    await put(store, Buffer.from("abc"));
  });

  it("promises its room once: what is still to come of others counts, and what has come already does not", async () => {
    const { path, disk } = await small("size=8m");
    await using _disk = disk;
    if (!disk.isMounted) return;
    const store = await openStore(path, { databaseFolder: folder(), minFreeBytes: MiB });
    const first = uploadDraft({ size: 5 * MiB });
    const other = uploadDraft({ size: 3 * MiB, sender: "bob" });
    const upload = await store.begin(first);
    await expect(store.begin(other)).rejects.toThrow(/too little room left/);
    await upload.write(0, Buffer.alloc(4 * MiB));
    await upload.pause();
    // 4 MiB are taken and 3 MiB free beyond what is kept: enough for the last one of it.
    const again = await store.begin(first);
    expect(again.receivedBytes).toBe(4 * MiB);
    await again.write(4 * MiB, Buffer.alloc(MiB));
    await again.finish();
    await store.begin(uploadDraft({ size: MiB, sender: "bob" }));
  });

  it("ends an upload that would take what is kept for the log", async () => {
    const { path, disk } = await small("size=8m");
    await using _disk = disk;
    if (!disk.isMounted) return;
    const store = await openStore(path, {
      ...{ databaseFolder: folder(), minFreeBytes: 4 * MiB, syncEveryBytes: MiB },
    });
    const upload = await store.begin(uploadDraft({ id: "pipe" }));
    let refused: unknown;
    while (refused === undefined && upload.receivedBytes < 8 * MiB) {
      await upload
        .write(upload.receivedBytes, Buffer.alloc(MiB))
        .catch((error: unknown) => (refused = error));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(refused).toMatchObject({ code: "storage-full", detail: { upload: upload.id } });
    expect(upload.writtenBytes).toBeLessThan(7 * MiB);
  });
}
