// The part of the file store's contract that is about bounds: what rooms and senders may have, how many uploads may be
// unfinished, and for how long. file-store.contract.ts calls it.

import type { FileStore, Upload, UploadDraft } from "../../server/engine.js";
import { parseFileName, parseRoomName } from "../../shared/names.js";
import { put, uploadDraft } from "../support/blobs.js";
import { until } from "../support/until.js";
import { erase, lab, shareBlob } from "./drafts.js";
import type { OpenedFiles, OpenFiles } from "./file-store.contract.js";

const over = { code: "quota-exceeded" };
const other = parseRoomName("other");
const named = (n: number) => parseFileName(`${n}.bin`);

/** Begins uploads of ten bytes each, of senders and names of their own; those that were refused say why. */
async function beginMany(
  store: FileStore,
  { count, ...fields }: { count: number } & Partial<UploadDraft>,
): Promise<{ begun: Upload[]; refused: unknown[] }> {
  const begins = Array.from({ length: count }, (_nothing, n) =>
    store.begin(uploadDraft({ name: named(n), size: 10, ...fields })),
  );
  const begun: Upload[] = [];
  const refused: unknown[] = [];
  for (const outcome of await Promise.allSettled(begins)) {
    if (outcome.status === "fulfilled") begun.push(outcome.value);
    else refused.push(outcome.reason);
  }
  return { begun, refused };
}

export function quotas(open: OpenFiles): void {
  describe("of bytes", () => {
    bytesOfFiles(open);
  });
  describe("of unfinished uploads", () => {
    unfinished(open);
  });
}

function bytesOfFiles(open: OpenFiles): void {
  it.each([
    ["a room", { roomBytes: 100 }],
    ["a sender", { senderBytes: 100 }],
  ])("of %s are never exceeded, by fifty that begin at once", async (_whose, quotas) => {
    const { files, expectSound } = await open({ quotas });
    const { begun, refused } = await beginMany(files, { count: 50 });
    expect(begun).toHaveLength(10);
    expect(refused).toEqual(refused.map(() => expect.objectContaining(over) as unknown));
    await expectSound();
  });

  it("of a room count the files of all, and of a sender those in all rooms", async () => {
    const { files, log } = await open({ quotas: { roomBytes: 100, senderBytes: 60 } });
    await log.append(lab, [shareBlob(await put(files, Buffer.alloc(60)))]);
    await expect(files.begin(uploadDraft({ size: 1, room: other }))).rejects.toMatchObject(over);
    await expect(files.begin(uploadDraft({ size: 41, sender: "bob" }))).rejects.toMatchObject(over);
    await put(files, Buffer.alloc(40), { sender: "bob" });
    await put(files, Buffer.alloc(20), { sender: "bob", room: other });
  });

  it("say how much is left", async () => {
    const { files } = await open({ quotas: { roomBytes: 100 } });
    await files.begin(uploadDraft({ size: 70 }));
    await expect(files.put(uploadDraft(), Buffer.alloc(31))).rejects.toThrow("30 of 100 bytes left");
  });

  it("count a file once, however often it is gone on with", async () => {
    const { files, log } = await open({ quotas: { roomBytes: 100, senderBytes: 100 } });
    const draft = uploadDraft({ size: 100 });
    for (let n = 0; n < 5; n++) await files.begin(draft);
    const blob = await put(files, Buffer.alloc(100));
    await log.append(lab, [shareBlob(await (await files.begin(draft)).finish())]);
    expect(blob.size).toBe(100);
    await expect(files.begin(uploadDraft({ size: 1 }))).rejects.toMatchObject(over);
    await files.begin(uploadDraft({ size: 0 }));
  });

  it("end an upload of no known size that grows beyond them, and take back what it had", async () => {
    const { files, log, expectSound } = await open({ quotas: { roomBytes: 100 } });
    const upload = await files.begin(uploadDraft({ id: "pipe" }));
    await upload.write(0, Buffer.alloc(101));
    await expect(upload.finish()).rejects.toMatchObject(over);
    await log.append(lab, [shareBlob(await put(files, Buffer.alloc(100)))]);
    await expectSound();
  });

  it("are not exceeded by what a pipe was that is interrupted", async () => {
    const { files } = await open({ quotas: { roomBytes: 100 } });
    const upload = await files.begin(uploadDraft({ id: "pipe" }));
    await upload.write(0, Buffer.alloc(150));
    await upload.pause();
    expect((await files.begin(uploadDraft({ id: "pipe" }))).receivedBytes).toBe(0);
    await put(files, Buffer.alloc(100));
  });

  const freed: [string, (opened: OpenedFiles, upload: Upload) => Promise<unknown>][] = [
    ["a cancel", (_opened, upload) => upload.cancel()],
    [
      "a wrong hash",
      async (_opened, upload) => {
        await upload.write(0, Buffer.alloc(100));
        await upload.finish("0".repeat(64)).catch(() => undefined);
      },
    ],
    [
      "a deletion",
      async ({ log }, upload) => {
        await upload.write(0, Buffer.alloc(100));
        await log.append(lab, [shareBlob(await upload.finish()), erase(1)]);
      },
    ],
  ];
  it.each(freed)("are free again after %s", async (_what, free) => {
    const opened = await open({ quotas: { roomBytes: 100, senderBytes: 100 } });
    const upload = await opened.files.begin(uploadDraft({ size: 100 }));
    await expect(opened.files.begin(uploadDraft({ size: 1 }))).rejects.toMatchObject(over);
    await free(opened, upload);
    await opened.files.begin(uploadDraft({ size: 100, name: named(1) }));
    await opened.expectSound();
  });

  it("are free again when files are too old to be kept", async () => {
    const quotas = { roomBytes: 100, senderBytes: 100 };
    const { files, log, reopen } = await open({ quotas });
    await log.append(lab, [shareBlob(await put(files, Buffer.alloc(100))), erase(2)]);
    const text = { type: "message", sender: "s", id: undefined, body: '"from":"s","text":"hi"}' } as const;
    await log.append(lab, [text]);
    const again = await reopen({ quotas, entries: 1 });
    await until(() =>
      again.files.begin(uploadDraft({ size: 100 })).then(
        () => true,
        () => false,
      ),
    );
  });
}

function unfinished(open: OpenFiles): void {
  it("are a hundred of one sender at most, whatever becomes of whole files", async () => {
    const { files, log } = await open();
    const { begun, refused } = await beginMany(files, { count: 101 });
    expect(begun).toHaveLength(100);
    expect(refused).toMatchObject([{ code: "too-many" }]);
    await expect(files.begin(uploadDraft({ size: 5 }))).rejects.toThrow("100 unfinished uploads");
    await files.begin(uploadDraft({ size: 5, sender: "bob" }));
    await log.append(lab, [shareBlob(await files.put(uploadDraft(), Buffer.from("whole")))]);
    await begun[0]?.cancel();
    await files.begin(uploadDraft({ size: 5 }));
  });

  it("do not count files that came whole and wait for their entries", async () => {
    const { files } = await open();
    const whole = Array.from({ length: 120 }, (_nothing, n) =>
      files.put(uploadDraft({ name: named(n) }), Buffer.from("whole")),
    );
    expect(await Promise.all(whole)).toHaveLength(120);
    await files.begin(uploadDraft({ size: 5 }));
  });

  it("are dropped when nobody has gone on with them for too long, and not while one is under way", async () => {
    const { files, reopen } = await open();
    for (const n of [1, 2]) await (await files.begin(uploadDraft({ name: named(n), size: 10 }))).pause();
    const blob = await put(files, Buffer.alloc(10), { name: named(3) });
    const again = await reopen({ unfinishedMs: 300 });
    const kept = await again.files.begin(uploadDraft({ name: named(1), size: 10 }));
    await kept.write(0, Buffer.alloc(5));
    await until(() =>
      again.files.open(blob.sha256).then(
        (reader) => reader.close().then(() => false),
        () => true,
      ),
    );
    await kept.write(5, Buffer.alloc(5));
    expect(await kept.finish()).toMatchObject({ size: 10 });
    await again.expectSound();
  });
}
