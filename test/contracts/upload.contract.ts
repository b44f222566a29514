// The part of the file store's contract that is about uploads under way; file-store.contract.ts calls it.

import { randomBytes } from "node:crypto";
import type { FileStore, Upload } from "../../server/engine.js";
import type { RoomError } from "../../shared/errors.js";
import { chunkBytes, get, sha256Of } from "../support/blobs.js";

/** What is not finished: offsets, counters, and that nobody sees it. */
export function unfinishedUploads(store: () => FileStore): void {
  let upload: Upload;

  beforeEach(async () => {
    upload = await store().begin();
  });

  afterEach(() => upload.cancel());

  it("counts the bytes it took at once, and those written when the write is done", async () => {
    const written = upload.write(0, randomBytes(10));

    expect(upload.receivedBytes).toBe(10);
    await written;
    expect(upload.writtenBytes).toBe(10);
  });

  it("never tells of durable bytes that are not written, and never of fewer than before", async () => {
    let before = 0;
    for (let chunk = 0; chunk < 100; chunk++) {
      await upload.write(upload.receivedBytes, randomBytes(chunkBytes));
      expect(upload.durableBytes).toBeLessThanOrEqual(upload.writtenBytes);
      expect(upload.durableBytes).toBeGreaterThanOrEqual(before);
      before = upload.durableBytes;
    }

    await upload.finish();

    expect(upload.durableBytes).toBe(100 * chunkBytes);
  });

  it.each([
    ["ahead", 11],
    ["behind", 3],
    ["repeated", 0],
    ["negative", -1],
    ["between two bytes", 9.5],
    ["no number", NaN],
  ])(
    "refuses an offset that is %s, names the right one, takes nothing and goes on",
    async (_what, offset) => {
      await upload.write(0, Buffer.from("0123456789"));

      await expect(upload.write(offset, Buffer.from("other"))).rejects.toMatchObject({
        code: "bad-offset",
        detail: { offset: 10, upload: upload.id },
      });

      expect(upload.receivedBytes).toBe(10);
      await upload.write(10, Buffer.from("abc"));
      expect(await upload.finish()).toEqual({ sha256: sha256Of("0123456789abc"), size: 13 });
    },
  );

  it("cannot be seen as a blob", async () => {
    await upload.write(0, Buffer.from("secret"));

    await expect(store().open(sha256Of("secret"))).rejects.toMatchObject({ code: "file-not-found" });
  });

  it("is apart from the others", async () => {
    const other = await store().begin();

    for (let at = 0; at < 300; at += 3) {
      void upload.write(at, Buffer.from("abc"));
      await other.write(at, Buffer.from("xyz"));
    }

    expect(other.id).not.toBe(upload.id);
    expect((await upload.finish()).sha256).toBe(sha256Of("abc".repeat(100)));
    expect((await other.finish()).sha256).toBe(sha256Of("xyz".repeat(100)));
  });
}

/** Nothing is left, whatever was under way. */
export function cancelledUploads(store: () => FileStore): void {
  it("leaves nothing, and may be cancelled again", async () => {
    const upload = await store().begin();
    await upload.write(0, Buffer.from("dropped"));

    await upload.cancel();
    await upload.cancel();

    await expect(store().open(sha256Of("dropped"))).rejects.toMatchObject({ code: "file-not-found" });
  });

  it("settles every write that is under way", async () => {
    const upload = await store().begin();
    const writes = Array.from({ length: 50 }, (_nothing, chunk) =>
      upload.write(chunk * chunkBytes, randomBytes(chunkBytes)).catch((error: unknown) => error),
    );

    await Promise.all([upload.cancel(), upload.cancel()]);

    for (const outcome of await Promise.all(writes))
      expect([undefined, "upload-not-found"]).toContain((outcome as RoomError | undefined)?.code);
  });

  it("does not take back what is being finished", async () => {
    const bytes = randomBytes(chunkBytes);
    const upload = await store().begin();
    void upload.write(0, bytes);
    const finished = upload.finish();

    await upload.cancel();

    expect(await finished).toEqual({ sha256: sha256Of(bytes), size: chunkBytes });
    expect(sha256Of(await get(store(), sha256Of(bytes)))).toBe(sha256Of(bytes));
  });
}
