// What every FileStore owes, whatever keeps its bytes: the laws of server/engine.ts as tests. An engine's own
// test file calls this with a factory and adds what only that engine has.

import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import type { FileStore } from "../../server/engine.js";
import { chunkBytes, get, put, sha256Of } from "../support/blobs.js";
import { cancelledUploads, unfinishedUploads } from "./upload.contract.js";

export interface OpenedFileStore {
  readonly store: FileStore;
  close(): Promise<void>;
  /** Ends the store and opens it again on what it kept. */
  reopen?(): Promise<OpenedFileStore>;
}

/** Declares the suite. `open` makes an empty store each time. */
export function fileStoreContract(open: () => Promise<OpenedFileStore>): void {
  let opened: OpenedFileStore;

  beforeEach(async () => {
    opened = await open();
  });

  afterEach(() => opened.close());

  describe("a finished upload", () => {
    finishedUploads(() => opened);
  });
  describe("an upload under way", () => {
    unfinishedUploads(() => opened.store);
  });
  describe("a cancelled upload", () => {
    cancelledUploads(() => opened.store);
  });
  describe("a blob", () => {
    blobs(() => opened.store);
  });
}

function finishedUploads(opened: () => OpenedFileStore): void {
  it.each([0, 1, 2, 3, chunkBytes - 1, chunkBytes, chunkBytes + 1, 3 * chunkBytes + 7])(
    "of %i bytes comes back as it was sent",
    async (size) => {
      const bytes = randomBytes(size);

      const blob = await put(opened().store, bytes);

      expect(blob).toEqual({ sha256: sha256Of(bytes), size });
      expect(sha256Of(await get(opened().store, blob.sha256))).toBe(sha256Of(bytes));
    },
  );

  it("does not depend on how the bytes were cut, nor on whether a write was awaited", async () => {
    const piece = fc.record({
      bytes: fc.uint8Array({ maxLength: 300 }),
      isAwaited: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
        const upload = await opened().store.begin();
        const writes: Promise<void>[] = [];
        for (const { bytes, isAwaited } of pieces) {
          writes.push(upload.write(upload.receivedBytes, bytes.slice()));
          if (isAwaited) await writes.at(-1);
        }
        await Promise.all(writes);
        const whole = Buffer.concat(pieces.map(({ bytes }) => bytes));

        const blob = await upload.finish();

        expect(blob).toEqual({ sha256: sha256Of(whole), size: whole.length });
        expect(sha256Of(await get(opened().store, blob.sha256))).toBe(sha256Of(whole));
      }),
      { numRuns: 40 },
    );
  });

  it("takes more writes at once than a system call does", async () => {
    const bytes = randomBytes(5000);
    const upload = await opened().store.begin();

    await Promise.all(Array.from(bytes, (_byte, at) => upload.write(at, bytes.subarray(at, at + 1))));
    const blob = await upload.finish();

    expect(sha256Of(await get(opened().store, blob.sha256))).toBe(sha256Of(bytes));
  });

  it("waits for writes that nobody awaited", async () => {
    const bytes = randomBytes(64 * chunkBytes);
    const upload = await opened().store.begin();
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      void upload.write(at, bytes.subarray(at, at + chunkBytes));
      // The earlier writes are with the disk when the last ones come.
      await Promise.resolve();
    }

    const blob = await upload.finish(sha256Of(bytes));

    expect(blob.size).toBe(bytes.length);
    expect(upload.durableBytes).toBe(bytes.length);
    expect(sha256Of(await get(opened().store, blob.sha256))).toBe(blob.sha256);
  });

  it("is refused and dropped when its hash is another", async () => {
    const bytes = randomBytes(100);
    const upload = await opened().store.begin();
    await upload.write(0, bytes);

    await expect(upload.finish(sha256Of("something else"))).rejects.toMatchObject({
      code: "hash-mismatch",
      detail: { upload: upload.id },
    });

    await expect(opened().store.open(sha256Of(bytes))).rejects.toMatchObject({ code: "file-not-found" });
    await upload.cancel();
  });

  it("takes a declared hash in lower case only", async () => {
    const upload = await opened().store.begin();
    await upload.write(0, Buffer.from("abc"));

    await expect(upload.finish(sha256Of("abc").toUpperCase())).rejects.toMatchObject({
      code: "hash-mismatch",
    });
  });

  it("is one blob when the same bytes are finished by many at once", async () => {
    const bytes = randomBytes(chunkBytes);

    const made = await Promise.all(Array.from({ length: 8 }, () => put(opened().store, bytes)));

    expect(new Set(made.map((blob) => blob.sha256))).toEqual(new Set([sha256Of(bytes)]));
    expect(sha256Of(await get(opened().store, sha256Of(bytes)))).toBe(sha256Of(bytes));
  });

  it("is there after a restart, and an unfinished one is not", async () => {
    const bytes = randomBytes(chunkBytes + 5);
    const blob = await put(opened().store, bytes);
    const unfinished = await opened().store.begin();
    await unfinished.write(0, Buffer.from("half a file"));

    const again = await opened().reopen?.();
    if (again === undefined) return;

    expect(sha256Of(await get(again.store, blob.sha256))).toBe(blob.sha256);
    await expect(again.store.open(sha256Of("half a file"))).rejects.toMatchObject({
      code: "file-not-found",
    });
    await again.close();
  });
}

function blobs(store: () => FileStore): void {
  it.each([
    { what: "the first bytes", offset: 0, length: 4, expected: "0123" },
    { what: "a range", offset: 3, length: 4, expected: "3456" },
    { what: "what is left at the end", offset: 8, length: 4, expected: "89" },
    { what: "nothing at its end", offset: 10, length: 4, expected: "" },
    { what: "nothing beyond its end", offset: 1000, length: 4, expected: "" },
    { what: "nothing into an empty buffer", offset: 0, length: 0, expected: "" },
  ])("gives $what", async ({ offset, length, expected }) => {
    const { sha256 } = await put(store(), Buffer.from("0123456789"));
    const reader = await store().open(sha256);
    const into = Buffer.alloc(length);

    const filledBytes = await reader.read(into, offset);

    expect(reader.size).toBe(10);
    expect(into.toString("utf8", 0, filledBytes)).toBe(expected);
    await reader.close();
  });

  it.each([
    ["an unknown hash", sha256Of("never sent")],
    ["nothing", ""],
    ["a dot", "."],
    ["a path", "../x"],
    ["a longer path", "../../../../../../../../etc/passwd"],
    ["a path as long as a hash", "../".repeat(21) + "x"],
    ["a NUL", sha256Of("").slice(1) + "\0"],
    ["a line feed", sha256Of("") + "\n"],
    ["upper case", sha256Of("").toUpperCase()],
    ["a shorter hash", sha256Of("").slice(1)],
    ["a key of every object", "__proto__"],
  ])("is not found under %s", async (_what, sha256) => {
    await put(store(), Buffer.alloc(0));

    await expect(store().open(sha256)).rejects.toMatchObject({ code: "file-not-found" });
  });

  it("is gone when it is removed, may be removed again, and comes back when it is sent again", async () => {
    const bytes = Buffer.from("here today");
    const { sha256 } = await put(store(), bytes);

    await store().remove(sha256);
    await store().remove(sha256);

    await expect(store().open(sha256)).rejects.toMatchObject({ code: "file-not-found" });
    await put(store(), bytes);
    expect(sha256Of(await get(store(), sha256))).toBe(sha256);
  });

  it("is read to its end by who had it open when it was removed", async () => {
    const bytes = randomBytes(chunkBytes);
    const { sha256 } = await put(store(), bytes);
    const reader = await store().open(sha256);

    await store().remove(sha256);
    const into = Buffer.alloc(chunkBytes);

    expect(await reader.read(into, 0)).toBe(chunkBytes);
    expect(sha256Of(into)).toBe(sha256);
    await reader.close();
  });

  it("is whole or not there while it is finished and removed at the same time", async () => {
    const bytes = randomBytes(100);
    for (let round = 0; round < 20; round++) {
      const outcomes = [put(store(), bytes), store().remove(sha256Of(bytes)), put(store(), bytes)];
      await Promise.all(outcomes);
      const found = await get(store(), sha256Of(bytes)).catch((error: unknown) => error);
      if (!Buffer.isBuffer(found)) expect(found).toMatchObject({ code: "file-not-found" });
      else expect(sha256Of(found)).toBe(sha256Of(bytes));
    }
  });
}
