// The part of the file store's contract that is about an upload under way; file-store.contract.ts calls it. How one is
// gone on with is in resume.contract.ts.

import { randomBytes } from "node:crypto";
import type { Upload } from "../../server/engine.js";
import type { RoomError } from "../../shared/errors.js";
import { chunkBytes, get, isThere, sha256Of, uploadDraft } from "../support/blobs.js";
import type { OpenedFiles } from "./file-store.contract.js";

/** What is not finished: offsets, counters, and that nobody sees it. */
export function unfinishedUploads(opened: () => OpenedFiles): void {
  const store = () => opened().files;
  const begin = (id: string): Promise<Upload> => store().begin(uploadDraft({ id }));
  let upload: Upload;

  beforeEach(async () => {
    upload = await begin("first");
  });

  it("counts the bytes it took at once, and those written when the write is done", async () => {
    const written = upload.write(0, randomBytes(10));

    expect(upload.receivedBytes).toBe(10);
    await written;
    expect(upload.writtenBytes).toBe(10);
    expect(upload.isOver).toBe(false);
  });

  it("never tells of durable bytes that are not written, never of fewer than before, and each time there are more", async () => {
    const told: number[] = [];
    const watched: Upload = await store().begin(uploadDraft({ id: "watched" }), () => {
      told.push(watched.durableBytes);
    });
    for (let chunk = 0; chunk < 400; chunk++) {
      await watched.write(watched.receivedBytes, randomBytes(chunkBytes));
      expect(watched.durableBytes).toBeLessThanOrEqual(watched.writtenBytes);
      expect(watched.durableBytes).toBe(told.at(-1) ?? 0);
    }

    await watched.finish();

    expect(told).toEqual([...new Set(told)].sort((one, other) => one - other));
    expect(told.length).toBeGreaterThan(0);
    expect(watched.durableBytes).toBe(400 * chunkBytes);
    expect(watched.isOver).toBe(true);
  });

  it("refuses an offset that is not the next, names the right one, takes nothing and goes on", async () => {
    await upload.write(0, Buffer.from("0123456789"));

    // Ahead, behind, repeated, negative, between two bytes, no number.
    for (const offset of [11, 3, 0, -1, 9.5, NaN]) {
      await expect(upload.write(offset, Buffer.from("other"))).rejects.toMatchObject({
        code: "bad-offset",
        detail: { offset: 10, upload: upload.id },
      });
    }

    expect(upload.receivedBytes).toBe(10);
    await upload.write(10, Buffer.from("abc"));
    expect(await upload.finish()).toMatchObject({ sha256: sha256Of("0123456789abc"), size: 13 });
  });

  it("cannot be seen as a blob", async () => {
    await upload.write(0, Buffer.from("secret"));

    expect(await isThere(store(), sha256Of("secret"))).toBe(false);
  });

  it("is apart from the others", async () => {
    const other = await begin("second");

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
export function cancelledUploads(opened: () => OpenedFiles): void {
  const store = () => opened().files;
  const begin = (): Promise<Upload> => store().begin(uploadDraft({ size: 50 * chunkBytes }));

  it("leaves nothing, and may be cancelled again", async () => {
    const upload = await begin();
    await upload.write(0, Buffer.from("dropped"));

    await upload.cancel();
    await upload.cancel();

    expect(await isThere(store(), sha256Of("dropped"))).toBe(false);
    expect((await begin()).receivedBytes).toBe(0);
  });

  it("settles every write that is under way", async () => {
    const upload = await begin();
    const writes = Array.from({ length: 50 }, (_nothing, chunk) =>
      upload.write(chunk * chunkBytes, randomBytes(chunkBytes)).catch((error: unknown) => error),
    );

    await Promise.all([upload.cancel(), upload.cancel()]);

    for (const outcome of await Promise.all(writes))
      expect([undefined, "upload-not-found"]).toContain((outcome as RoomError | undefined)?.code);
  });

  it("does not take back what is being finished", async () => {
    const bytes = randomBytes(chunkBytes);
    const upload = await begin();
    void upload.write(0, bytes);
    const finished = upload.finish();

    await upload.cancel();

    expect(await finished).toMatchObject({ sha256: sha256Of(bytes), size: chunkBytes });
    expect(sha256Of(await get(store(), sha256Of(bytes)))).toBe(sha256Of(bytes));
  });
}
