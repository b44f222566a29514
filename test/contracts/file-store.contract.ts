// What every FileStore owes, whatever keeps its bytes: the laws of server/engine.ts as tests. An engine's own
// test file calls this with a factory and adds what only that engine has.

import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import type { FileStore } from "../../server/engine.js";
import { chunkBytes, get, put, sha256Of } from "../support/blobs.js";
import { cancelledUploads, unfinishedUploads } from "./upload.contract.js";

export interface OpenedFileStore {
  readonly store: FileStore;
  /** The hashes that entries refer to: what the store is told when it asks. */
  readonly references: Set<string>;
  /** Ends the hold of one finish, as the draft of its file does. */
  release(sha256: string): Promise<void>;
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
  describe("a blob that is to go", () => {
    orphans(() => opened);
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
    opened().references.add(blob.sha256);
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
}

function orphans(opened: () => OpenedFileStore): void {
  const bytes = randomBytes(chunkBytes);
  const sha256 = sha256Of(bytes);
  const send = () => put(opened().store, bytes);
  const isThere = () =>
    get(opened().store, sha256).then(
      (found) => sha256Of(found) === sha256,
      (error: unknown) => {
        expect(error).toMatchObject({ code: "file-not-found" });
        return false;
      },
    );

  it("goes when its hold ends and no entry refers to it, and comes back when it is sent again", async () => {
    await send();
    expect(await isThere()).toBe(true);

    await opened().release(sha256);

    expect(await isThere()).toBe(false);
    await send();
    expect(await isThere()).toBe(true);
  });

  it("stays when its hold ends and an entry refers to it", async () => {
    await send();
    opened().references.add(sha256);

    await opened().release(sha256);

    expect(await isThere()).toBe(true);
  });

  it("stays while another finish of the same bytes holds it", async () => {
    await send();
    await send();

    await opened().release(sha256);
    expect(await isThere()).toBe(true);
    await opened().release(sha256);

    expect(await isThere()).toBe(false);
  });

  it("is not removed while it is held or referred to, is then, and may be removed again", async () => {
    await send();
    opened().references.add(sha256);
    await opened().store.remove(sha256);
    await opened().release(sha256);
    await opened().store.remove(sha256);
    expect(await isThere()).toBe(true);

    opened().references.delete(sha256);
    await opened().store.remove(sha256);
    await opened().store.remove(sha256);

    expect(await isThere()).toBe(false);
  });

  it("is read to its end by who had it open when it went", async () => {
    await send();
    const reader = await opened().store.open(sha256);

    await opened().release(sha256);
    const into = Buffer.alloc(chunkBytes);

    expect(await isThere()).toBe(false);
    expect(await reader.read(into, 0)).toBe(chunkBytes);
    expect(sha256Of(into)).toBe(sha256);
    await reader.close();
  });

  it("is there for every finish that holds it, whatever ends its hold meanwhile", async () => {
    for (let round = 0; round < 20; round++) {
      await send();
      const made = [send(), opened().release(sha256), send(), opened().store.remove(sha256)];
      await Promise.all(made);
      expect(await isThere()).toBe(true);
      await opened().release(sha256);
      expect(await isThere()).toBe(true);
      await opened().release(sha256);
      expect(await isThere()).toBe(false);
    }
  });

  it("is gone after a restart when no entry refers to it", async () => {
    await send();

    const again = await opened().reopen?.();
    if (again === undefined) return;

    await expect(again.store.open(sha256)).rejects.toMatchObject({ code: "file-not-found" });
    await again.close();
  });
}
