// The part of the file store's contract that is about uploads which are gone on with; file-store.contract.ts calls it.

import { randomBytes } from "node:crypto";
import type { FileStore, Upload, UploadDraft } from "../../server/engine.js";
import { parseFileName, parseRoomName } from "../../shared/names.js";
import { get, isThere, put, sha256Of, uploadDraft } from "../support/blobs.js";
import { until } from "../support/until.js";
import { fileOf, lab, shareBlob } from "./drafts.js";
import type { OpenedFiles } from "./file-store.contract.js";

const bytes = randomBytes(200_000);
const size = bytes.length;
const sha256 = sha256Of(bytes);
const half = bytes.subarray(0, size / 2);
const draft = uploadDraft({ size, id: "u1" });
const other = parseRoomName("other");

/** Takes some bytes and lets the upload rest. */
async function pauseAt(
  store: FileStore,
  taken: Uint8Array,
  fields: Partial<UploadDraft> = {},
): Promise<Upload> {
  const upload = await store.begin({ ...draft, ...fields });
  await upload.write(0, taken);
  await upload.pause();
  return upload;
}

/** Ways to be interrupted after the half was taken, and how many of its bytes are there for sure. */
const interruptions: Record<string, (opened: OpenedFiles) => Promise<OpenedFiles>> = {
  "a pause": async (opened) => {
    await pauseAt(opened.files, half);
    return opened;
  },
  "a newer attempt": async (opened) => {
    await (await opened.files.begin(draft)).write(0, half);
    return opened;
  },
  "an end of the engine": async (opened) => {
    await (await opened.files.begin(draft)).write(0, half);
    return opened.reopen();
  },
  "a pause and an end of the engine": async (opened) => {
    await pauseAt(opened.files, half);
    return opened.reopen();
  },
  "an end without warning": (opened) => opened.reopenAfterKill([{ draft, bytes: half, as: "durable" }]),
};

export function resumedUploads(opened: () => OpenedFiles): void {
  describe("goes on", () => {
    goingOn(opened);
  });
  describe("is another", () => {
    others(opened);
  });
  describe("and is complete", () => {
    completeUploads(opened);
  });
}

function goingOn(opened: () => OpenedFiles): void {
  it.each(Object.entries(interruptions))("behind all that was taken before %s", async (_what, interrupt) => {
    const { files } = await interrupt(opened());
    const upload = await files.begin(draft);
    expect([upload.receivedBytes, upload.writtenBytes, upload.durableBytes]).toEqual(
      [half, half, half].map((taken) => taken.length),
    );
    await upload.write(half.length, bytes.subarray(half.length));
    expect(await upload.finish(sha256)).toMatchObject({ sha256, size });
    expect((await get(files, sha256)).equals(bytes)).toBe(true);
  });

  it("again and again, a byte more each time", async () => {
    const short = uploadDraft({ size: 10 });
    for (let at = 0; at < 10; at++) {
      const upload = await opened().files.begin(short);
      expect(upload.receivedBytes).toBe(at);
      await upload.write(at, bytes.subarray(at, at + 1));
    }
    const upload = await opened().files.begin(short);
    expect(await upload.finish()).toMatchObject({ sha256: sha256Of(bytes.subarray(0, 10)) });
  });

  it("under a new id, and every call of the older attempt says upload-not-found", async () => {
    const older = await opened().files.begin(draft);
    await older.write(0, half);
    const newer = await opened().files.begin(draft);
    expect(newer.id).not.toBe(older.id);
    expect(older.isOver).toBe(true);
    const notFound = { code: "upload-not-found", detail: { upload: older.id } };
    await expect(older.write(half.length, bytes.subarray(half.length))).rejects.toMatchObject(notFound);
    await expect(older.write(0, bytes)).rejects.toMatchObject(notFound);
    await expect(older.finish()).rejects.toMatchObject(notFound);
    await older.pause();
    await older.cancel();
    await newer.write(half.length, bytes.subarray(half.length));
    expect(await newer.finish(sha256)).toMatchObject({ sha256 });
  });

  it.each([
    ["the name is written otherwise", { name: parseFileName("A.BIN") }],
    ["the room is written otherwise", { room: parseRoomName("LAB") }],
    ["its hash is told at last", { sha256 }],
    ["the request has another id", { id: "another" }],
  ])("when %s", async (_what, fields) => {
    await pauseAt(opened().files, half);
    expect((await opened().files.begin({ ...draft, ...fields })).receivedBytes).toBe(half.length);
  });

  it("when only the earlier attempt has told its hash", async () => {
    await pauseAt(opened().files, half, { sha256 });
    expect((await opened().files.begin(draft)).receivedBytes).toBe(half.length);
  });

  it("of no known size by the id of its request", async () => {
    const pipe = uploadDraft({ id: "u1" });
    const upload = await opened().files.begin(pipe);
    await upload.write(0, half);
    const { files } = await opened().reopen();
    expect((await files.begin(pipe)).receivedBytes).toBe(half.length);
  });

  it("when many begin it at once: one goes on, and the others are over", async () => {
    await pauseAt(opened().files, half);
    const attempts = await Promise.all(Array.from({ length: 10 }, () => opened().files.begin(draft)));
    expect(attempts.map(({ receivedBytes }) => receivedBytes)).toEqual(attempts.map(() => half.length));
    expect(attempts.filter(({ isOver }) => !isOver)).toEqual(attempts.slice(-1));
    await attempts.at(-1)?.write(half.length, bytes.subarray(half.length));
    expect(await attempts.at(-1)?.finish(sha256)).toMatchObject({ size });
  });
}

function others(opened: () => OpenedFiles): void {
  it.each<[string, Partial<UploadDraft>]>([
    ["of another sender", { sender: "bob" }],
    ["in another room", { room: other }],
    ["of another name", { name: parseFileName("b.bin") }],
    ["of another size", { size: size + 1 }],
    ["of no known size", { size: undefined }],
    ["of another hash", { sha256: sha256Of("other") }],
  ])("%s, and the first goes on beside it", async (_what, fields) => {
    const first = await opened().files.begin({ ...draft, sha256 });
    await first.write(0, half);
    const second = await opened().files.begin({ ...draft, sha256, ...fields });
    expect(second.receivedBytes).toBe(0);
    expect(first.isOver).toBe(false);
    await first.write(half.length, bytes.subarray(half.length));
    expect(await first.finish(sha256)).toMatchObject({ sha256 });
  });

  it("once its hash was told to be another, whichever attempt told it", async () => {
    await pauseAt(opened().files, half);
    const told = await opened().files.begin({ ...draft, sha256 });
    const second = await opened().files.begin({ ...draft, sha256: sha256Of("other") });
    expect(second.receivedBytes).toBe(0);
    expect(told.isOver).toBe(false);
  });

  it.each([
    ["of another id", { id: "u2" }],
    ["of no id", { id: undefined }],
  ])("of no known size when its request is one %s", async (_what, fields) => {
    const first = await opened().files.begin(uploadDraft({ id: "u1" }));
    await first.write(0, half);
    expect((await opened().files.begin(uploadDraft(fields))).receivedBytes).toBe(0);
    expect(first.isOver).toBe(false);
  });

  it("of no known size when neither request has an id", async () => {
    const ofNoId = uploadDraft({ id: undefined });
    const first = await opened().files.begin(ofNoId);
    await first.write(0, half);
    expect((await opened().files.begin(ofNoId)).receivedBytes).toBe(0);
    expect(first.isOver).toBe(false);
  });

  it("once it was cancelled, or had a wrong hash", async () => {
    const cancelled = await opened().files.begin(draft);
    await cancelled.write(0, half);
    await cancelled.cancel();
    const wrong = await opened().files.begin(draft);
    expect(wrong.receivedBytes).toBe(0);
    await wrong.write(0, bytes);
    await expect(wrong.finish(sha256Of("other"))).rejects.toMatchObject({ code: "hash-mismatch" });
    expect((await opened().files.begin(draft)).receivedBytes).toBe(0);
  });
}

function completeUploads(opened: () => OpenedFiles): void {
  const record = (from: OpenedFiles, blob: Parameters<typeof shareBlob>[0], id?: string) =>
    from.log.append(lab, [shareBlob(blob, { ...(id !== undefined && { id }) })]);

  it.each<[string, () => Promise<OpenedFiles>]>([
    ["at once", () => put(opened().files, bytes).then(opened)],
    ["after an end of the engine", () => put(opened().files, bytes).then(() => opened().reopen())],
    ["after an end without warning", () => opened().reopenAfterKill([{ draft, bytes, as: "finished" }])],
  ])("needs no byte while its entry is missing: %s", async (_what, reopen) => {
    const again = await reopen();
    const upload = await again.files.begin(draft);
    expect([upload.receivedBytes, upload.durableBytes]).toEqual([size, size]);
    await expect(upload.write(0, half)).rejects.toMatchObject({
      code: "bad-offset",
      detail: { offset: size, upload: upload.id },
    });
    expect(await record(again, await upload.finish(sha256))).toEqual([{ seq: 1 }]);
    expect((await get(again.files, sha256)).equals(bytes)).toBe(true);
  });

  it("is another when its hash is told to be another", async () => {
    await put(opened().files, bytes);
    const upload = await opened().files.begin({ ...draft, sha256: sha256Of("other") });
    expect(upload.receivedBytes).toBe(0);
  });

  it("is over with its entry: the next begins from nothing", async () => {
    await record(opened(), await put(opened().files, bytes));
    expect((await opened().files.begin(draft)).receivedBytes).toBe(0);
  });

  it("becomes one entry, and keeps its bytes, whoever else goes on with it meanwhile", async () => {
    const blob = await put(opened().files, bytes);
    const again = await (await opened().files.begin(draft)).finish();
    const third = await opened().files.begin(draft);
    expect(again).toEqual(blob);
    const [first] = await record(opened(), blob);
    await third.cancel();
    const [second] = await record(opened(), again);
    expect([first, second]).toMatchObject([{ seq: 1 }, { error: { code: "upload-not-found" } }]);
    expect((await get(opened().files, sha256)).equals(bytes)).toBe(true);
  });

  it("becomes no entry once it was cancelled", async () => {
    const blob = await put(opened().files, bytes);
    await (await opened().files.begin(draft)).cancel();
    expect(await record(opened(), blob)).toMatchObject([{ error: { code: "upload-not-found" } }]);
    await until(async () => !(await isThere(opened().files, sha256)));
  });

  it.each([
    ["id-reused", "another", { error: { code: "id-reused" } }],
    ["a duplicate", "same", { duplicate: 1 }],
  ])("is dropped when its entry is %s", async (_what, content, outcome) => {
    const first = await put(opened().files, Buffer.from("same"));
    await record(opened(), first, "u1");
    const second = await put(opened().files, Buffer.from(content));
    expect(await record(opened(), second, "u1")).toMatchObject([outcome]);
    const same = uploadDraft({ size: content.length });
    // At once: whoever was told may ask again.
    const again = await opened().files.begin(same);
    expect(again.receivedBytes).toBe(0);
    await again.cancel();
    expect(await isThere(opened().files, first.sha256)).toBe(true);
  });

  it("can be gone on with when its entry was refused for another reason", async () => {
    const first = shareBlob(await put(opened().files, Buffer.from("first")));
    await opened().log.append(lab, [first]);
    const blob = await put(opened().files, bytes);
    // The id of a file is one file's.
    const refused = { ...first, file: { ...fileOf(shareBlob(blob)), file: fileOf(first).file } };
    expect(await opened().log.append(lab, [refused])).toMatchObject([{ error: { code: "internal" } }]);
    const upload = await opened().files.begin(draft);
    expect(upload.receivedBytes).toBe(size);
    expect(await record(opened(), await upload.finish())).toEqual([{ seq: 2 }]);
  });

  it("from the start when the room has the content under that hash, whoever brought it", async () => {
    await record(opened(), await put(opened().files, bytes));
    const fields = { sender: "bob", name: parseFileName("other.bin"), sha256 };
    const upload = await opened().files.begin({ ...draft, ...fields });
    expect(upload.receivedBytes).toBe(size);
    expect(await upload.finish(sha256)).toMatchObject({ sha256, size });
    const ofNoSize = { ...draft, ...fields, size: undefined };
    expect((await opened().files.begin(ofNoSize)).receivedBytes).toBe(0);
    expect((await opened().files.begin({ ...draft, ...fields, size: size + 1 })).receivedBytes).toBe(0);
  });

  it("by its hash or the request that began it, and by nothing else: it may be of other bytes", async () => {
    await put(opened().files, bytes);
    for (const id of ["another", undefined])
      expect((await opened().files.begin({ ...draft, id })).receivedBytes).toBe(0);
    expect((await opened().files.begin({ ...draft, id: "third", sha256 })).receivedBytes).toBe(size);
    expect((await opened().files.begin(draft)).receivedBytes).toBe(size);
  });

  it("is not confirmed to who cannot read it: content of another room, or nobody's yet, needs its bytes", async () => {
    await put(opened().files, bytes, { sender: "bob" });
    const fields = { ...draft, sender: "mallory", sha256 };
    const before = await opened().files.begin(fields);
    expect(before.receivedBytes).toBe(0);
    await before.cancel();
    const blob = await (await opened().files.begin({ ...draft, sender: "bob" })).finish();
    await record(opened(), blob);
    const elsewhere = { ...fields, room: other };
    const upload = await opened().files.begin(elsewhere);
    expect(upload.receivedBytes).toBe(0);
    await upload.write(0, Buffer.alloc(size));
    await expect(upload.finish()).resolves.toMatchObject({ sha256: sha256Of(Buffer.alloc(size)) });
  });

  it("has more bytes than it should when one of no known size is sent more: then it is dropped", async () => {
    const pipe = uploadDraft({ id: "pipe" });
    const first = await opened().files.begin(pipe);
    await first.write(0, bytes);
    await first.finish();
    const upload = await opened().files.begin(pipe);
    await expect(upload.write(size, Buffer.from("more"))).rejects.toMatchObject({ code: "hash-mismatch" });
    await upload.cancel();
  });
}
