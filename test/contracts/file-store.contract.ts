// What every FileStore owes, whatever keeps its bytes: the laws of server/engine.ts as tests. An engine's own test file
// calls this with a factory and adds what only that engine has. References are made and taken away as the server does
// it, by entries of the log beside it.

import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import type { Engine, UploadDraft } from "../../server/engine.js";
import { parseRoomName, type Name } from "../../shared/names.js";
import { chunkBytes, get, isThere, put, sha256Of, uploadDraft } from "../support/blobs.js";
import { until } from "../support/until.js";
import { erase, fileOf, lab, shareBlob } from "./drafts.js";
import { quotas } from "./quota.contract.js";
import { resumedUploads } from "./resume.contract.js";
import { cancelledUploads, unfinishedUploads } from "./upload.contract.js";

/** How much an engine keeps of uploads; without bounds when left out. */
export interface FilesOptions {
  readonly quotas?: { readonly roomBytes?: number; readonly senderBytes?: number };
  readonly unfinishedMs?: number;
  /** Entries that are kept of each room. */
  readonly entries?: number;
}

/** What a process does before it is killed. */
export interface LeftBehind {
  readonly draft: UploadDraft;
  readonly bytes: Uint8Array;
  /** Whether the bytes are on disk, or are a blob, or came whole. */
  readonly as: "durable" | "finished" | "put";
}

export interface OpenedFiles extends Pick<Engine, "files" | "log" | "catalog"> {
  /** Ends the engine and opens it again on what it kept. */
  readonly reopen: (options?: FilesOptions) => Promise<OpenedFiles>;
  /** Ends it, has another process do something and be killed, and opens it again. */
  readonly reopenAfterKill: (left: readonly LeftBehind[]) => Promise<OpenedFiles>;
  /** Fails when something is kept that nothing refers to, or the other way round. */
  readonly expectSound: () => Promise<void>;
}

export type OpenFiles = (options?: FilesOptions) => Promise<OpenedFiles>;

/** Declares the suite. `open` makes an empty engine each time, and closes it after the test. */
export function fileStoreContract(open: OpenFiles): void {
  describe("a finished upload", () => {
    finishedUploads(openedBefore(open));
  });
  describe("an upload under way", () => {
    unfinishedUploads(openedBefore(open));
  });
  describe("a cancelled upload", () => {
    cancelledUploads(openedBefore(open));
  });
  describe("an upload that was interrupted", () => {
    resumedUploads(openedBefore(open));
  });
  describe("bytes that are at hand", () => {
    wholeFiles(openedBefore(open));
  });
  describe("a blob", () => {
    blobs(openedBefore(open));
  });
  describe("references", () => {
    references(openedBefore(open));
  });
  describe("quotas", () => {
    quotas(open);
  });
}

/** An engine that is opened before each test, and held against its laws after it. */
function openedBefore(open: OpenFiles): () => OpenedFiles {
  let opened: OpenedFiles;

  beforeEach(async () => {
    opened = await open();
  });

  afterEach(() => opened.expectSound());

  return () => opened;
}

function finishedUploads(opened: () => OpenedFiles): void {
  const store = () => opened().files;

  it.each([0, 1, 2, 3, chunkBytes - 1, chunkBytes, chunkBytes + 1, 3 * chunkBytes + 7])(
    "of %i bytes comes back as it was sent",
    async (size) => {
      const bytes = randomBytes(size);

      const blob = await put(store(), bytes);

      expect(blob).toMatchObject({ sha256: sha256Of(bytes), size });
      expect(sha256Of(await get(store(), blob.sha256))).toBe(sha256Of(bytes));
    },
  );

  it("does not depend on how the bytes were cut, nor on whether a write was awaited", async () => {
    const piece = fc.record({ bytes: fc.uint8Array({ maxLength: 300 }), isAwaited: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
        const upload = await store().begin(uploadDraft({ id: undefined }));
        const writes: Promise<void>[] = [];
        for (const { bytes, isAwaited } of pieces) {
          writes.push(upload.write(upload.receivedBytes, bytes.slice()));
          if (isAwaited) await writes.at(-1);
        }
        await Promise.all(writes);
        const whole = Buffer.concat(pieces.map(({ bytes }) => bytes));

        const blob = await upload.finish();

        expect(blob).toMatchObject({ sha256: sha256Of(whole), size: whole.length });
        expect(sha256Of(await get(store(), blob.sha256))).toBe(sha256Of(whole));
      }),
      { numRuns: 40 },
    );
  });

  it("takes more writes at once than a system call does", async () => {
    const bytes = randomBytes(5000);
    const upload = await store().begin(uploadDraft());

    await Promise.all(Array.from(bytes, (_byte, at) => upload.write(at, bytes.subarray(at, at + 1))));
    const blob = await upload.finish();

    expect(sha256Of(await get(store(), blob.sha256))).toBe(sha256Of(bytes));
  });

  it("waits for writes that nobody awaited", async () => {
    const bytes = randomBytes(64 * chunkBytes);
    const upload = await store().begin(uploadDraft({ size: bytes.length }));
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      void upload.write(at, bytes.subarray(at, at + chunkBytes));
      // The earlier writes are with the disk when the last ones come.
      await Promise.resolve();
    }

    const blob = await upload.finish(sha256Of(bytes));

    expect(blob.size).toBe(bytes.length);
    expect(upload.durableBytes).toBe(bytes.length);
    expect(sha256Of(await get(store(), blob.sha256))).toBe(blob.sha256);
  });

  it("is refused and dropped when its hash is another", async () => {
    const bytes = randomBytes(100);
    const upload = await store().begin(uploadDraft({ size: 100 }));
    await upload.write(0, bytes);

    await expect(upload.finish(sha256Of("something else"))).rejects.toMatchObject({
      code: "hash-mismatch",
      detail: { upload: upload.id },
    });

    expect(await isThere(store(), sha256Of(bytes))).toBe(false);
    await upload.cancel();
    expect((await store().begin(uploadDraft({ size: 100 }))).receivedBytes).toBe(0);
  });

  it("takes a declared hash in lower case only", async () => {
    const upload = await store().begin(uploadDraft());
    await upload.write(0, Buffer.from("abc"));

    await expect(upload.finish(sha256Of("abc").toUpperCase())).rejects.toMatchObject({
      code: "hash-mismatch",
    });
  });

  it("is one blob when the same bytes are finished by many at once", async () => {
    const bytes = randomBytes(chunkBytes);

    const made = await Promise.all(
      Array.from({ length: 8 }, (_, n) => put(store(), bytes, { sender: `sender ${n}` })),
    );

    expect(new Set(made.map((blob) => blob.sha256))).toEqual(new Set([sha256Of(bytes)]));
    expect(new Set(made.map((blob) => blob.upload)).size).toBe(8);
    expect(sha256Of(await get(store(), sha256Of(bytes)))).toBe(sha256Of(bytes));
  });
}

function wholeFiles(opened: () => OpenedFiles): void {
  const bytes = randomBytes(1000);
  const wrong = { sha256: sha256Of("something else") };

  it("are a blob at once, and an entry that is recorded keeps it", async () => {
    const blob = await opened().files.put(uploadDraft(), bytes);
    expect(blob).toMatchObject({ size: 1000, sha256: sha256Of(bytes) });
    expect(await opened().log.append(lab, [shareBlob(blob)])).toEqual([{ seq: 1 }]);
    const { files } = await opened().reopen();
    expect((await get(files, blob.sha256)).equals(bytes)).toBe(true);
  });

  it("are refused when they have another hash than was declared", async () => {
    const { files } = opened();
    await expect(files.put(uploadDraft(wrong), bytes)).rejects.toMatchObject({ code: "hash-mismatch" });
    expect(await isThere(files, sha256Of(bytes))).toBe(false);
  });

  it("are no upload that could be gone on with", async () => {
    const { files } = opened();
    await files.put(uploadDraft({ size: 1000 }), bytes);
    expect((await files.begin(uploadDraft({ size: 1000 }))).receivedBytes).toBe(0);
  });

  it("go when their entry is refused, whatever the reason", async () => {
    const { files, log } = opened();
    const blob = await files.put(uploadDraft(), bytes);
    const first = shareBlob(blob);
    await log.append(lab, [first]);
    const other = await files.put(uploadDraft(), Buffer.from("refused"));
    // The id of a file is one file's.
    const again = { ...first, file: { ...fileOf(shareBlob(other)), file: fileOf(first).file } };
    expect(await log.append(lab, [again])).toMatchObject([{ error: { code: "internal" } }]);
    await until(async () => !(await isThere(files, other.sha256)));
    expect(await isThere(files, blob.sha256)).toBe(true);
  });

  it("go with the next start when the process was killed before their entry was recorded", async () => {
    const { files } = await opened().reopenAfterKill([{ draft: uploadDraft(), bytes, as: "put" }]);
    await until(async () => !(await isThere(files, sha256Of(bytes))));
  });
}

function blobs(opened: () => OpenedFiles): void {
  it("gives any range, what is left at its end, and nothing beyond", async () => {
    const { files } = opened();
    const { sha256 } = await put(files, Buffer.from("0123456789"));
    const reader = await files.open(sha256);
    const read = async (offset: number, length: number) => {
      const into = Buffer.alloc(length);
      return into.toString("utf8", 0, await reader.read(into, offset));
    };

    expect(reader.size).toBe(10);
    expect(await Promise.all([read(0, 4), read(3, 4), read(8, 4)])).toEqual(["0123", "3456", "89"]);
    expect(await Promise.all([read(10, 4), read(1000, 4), read(0, 0)])).toEqual(["", "", ""]);
    await reader.close();
  });

  it("is found under its hash alone", async () => {
    await put(opened().files, Buffer.alloc(0));
    const strange = {
      "an unknown hash": sha256Of("never sent"),
      nothing: "",
      "a dot": ".",
      "a path": "../x",
      "a longer path": "../../../../../../../../etc/passwd",
      "a path as long as a hash": "../".repeat(21) + "x",
      "a NUL": sha256Of("").slice(1) + "\0",
      "a line feed": sha256Of("") + "\n",
      "upper case": sha256Of("").toUpperCase(),
      "a shorter hash": sha256Of("").slice(1),
      "a key of every object": "__proto__",
    };
    for (const [what, hash] of Object.entries(strange)) {
      const error: unknown = await opened()
        .files.open(hash)
        .catch((reason: unknown) => reason);
      expect([what, error]).toMatchObject([what, { code: "file-not-found" }]);
    }
  });
}

function references(opened: () => OpenedFiles): void {
  const bytes = randomBytes(chunkBytes);
  const sha256 = sha256Of(bytes);
  const other = parseRoomName("other");
  const share = async (room: Name = lab) => {
    const blob = await put(opened().files, bytes, { room });
    const [appended] = await opened().log.append(room, [shareBlob(blob)]);
    expect(appended).toHaveProperty("seq");
  };
  const eraseFirst = (room: Name = lab) => opened().log.append(room, [erase(1)]);
  const isKept = () => isThere(opened().files, sha256);
  const isGone = async () => !(await isKept());

  it("take their blob with the last of them, and it comes back when it is sent again", async () => {
    await share();
    await eraseFirst();
    await until(isGone);
    await share();
    expect(sha256Of(await get(opened().files, sha256))).toBe(sha256);
  });

  it("of another room keep it", async () => {
    await share();
    await share(other);
    await eraseFirst();
    // Something else that goes, behind it.
    await opened().log.append(lab, [shareBlob(await put(opened().files, Buffer.from("x"))), erase(3)]);
    await until(async () => !(await isThere(opened().files, sha256Of("x"))));
    expect(await isKept()).toBe(true);
    await eraseFirst(other);
    await until(isGone);
  });

  it("of an upload keep it, through restarts, until that is cancelled", async () => {
    await share();
    const held = await put(opened().files, bytes, { sender: "bob" });
    await eraseFirst();
    const again = await opened().reopen();
    expect(sha256Of(await get(again.files, sha256))).toBe(sha256);
    const upload = await again.files.begin(uploadDraft({ size: bytes.length, sender: "bob" }));
    expect(upload.receivedBytes).toBe(bytes.length);
    expect(await upload.finish(sha256)).toEqual(held);
    const last = await again.files.begin(uploadDraft({ size: bytes.length, sender: "bob" }));
    await last.cancel();
    await until(async () => !(await isThere(again.files, sha256)));
  });

  it("are waited for by nobody who reads: who has it open reads it to its end", async () => {
    await share();
    const reader = await opened().files.open(sha256);
    await eraseFirst();
    await until(isGone);
    const into = Buffer.alloc(chunkBytes);
    expect(await reader.read(into, 0)).toBe(chunkBytes);
    expect(sha256Of(into)).toBe(sha256);
    await reader.close();
  });

  it("come and go at once, and every entry that is there has its bytes", async () => {
    let seq = 0;
    for (let round = 0; round < 15; round++) {
      const made = await put(opened().files, bytes);
      await opened().log.append(lab, [shareBlob(made)]);
      const first = ++seq;
      const second = put(opened().files, bytes, { sender: "bob" });
      const erased = opened().log.append(lab, [erase(first)]);
      seq++;
      const blob = await second;
      const [appended] = await opened().log.append(lab, [shareBlob(blob, { sender: "bob" })]);
      seq++;
      expect(appended).toEqual({ seq });
      await erased;
      expect(await isKept()).toBe(true);
      await opened().log.append(lab, [erase(seq, { sender: "bob" })]);
      seq++;
    }
    await until(isGone);
  });

  it("that are too old take it with them", async () => {
    await share();
    await opened().log.append(lab, [shareBlob(await put(opened().files, Buffer.from("newer")))]);
    const again = await opened().reopen({ entries: 1 });
    await until(async () => !(await isThere(again.files, sha256)));
    expect(await isThere(again.files, sha256Of("newer"))).toBe(true);
  });
}
