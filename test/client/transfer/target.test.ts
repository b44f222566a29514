// HOSTILE F8: saving never overwrites, never follows, and leaves nothing half-done behind.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { link, mkdir, readFile, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Arriving, FileFacts } from "../../../client/transfer/arriving.js";
import { partFileName } from "../../../client/transfer/filenames.js";
import { Target } from "../../../client/transfer/target.js";
import { cleanUp } from "../../support/cleanup.js";
import { temporaryFolder } from "../../support/server.js";
import { mountSmallDisk } from "../../support/small-disk.js";

const bytes = Buffer.from("the new bytes");
const facts = {
  name: "photo.png",
  size: bytes.length,
  sha256: createHash("sha256").update(bytes).digest("hex"),
};

/** A target that has begun, and takes bytes. */
async function openTarget(
  folder: string,
  facts: FileFacts,
): Promise<{ target: Target; arriving: Arriving; take: (offset: number, bytes: Buffer) => void }> {
  const target = new Target({ folder });
  const arriving = await target.begin(facts);
  const take = (offset: number, taken: Buffer) => {
    arriving.take(offset, taken.toString("base64"));
  };
  return { target, arriving, take };
}

async function save(folder: string, name = facts.name): Promise<string> {
  const { target, take } = await openTarget(folder, { ...facts, name });
  take(0, bytes.subarray(0, 5));
  take(5, bytes.subarray(5));
  return target.finish();
}

/** What a process leaves that is killed: its part, with these bytes. One of that number is never there. */
async function leave(
  folder: string,
  left: Buffer,
  facts: { name: string; sha256: string; pid?: number },
): Promise<string> {
  const name = partFileName(facts.name, { pid: 4_999_999, ...facts, count: 1 });
  await writeFile(join(folder, name), left);
  return name;
}

const go = new AbortController().signal;

describe("Saving a file", () => {
  it("makes the folder and gives the file its name when it is complete", async () => {
    const folder = join(await temporaryFolder(), "not", "there", "yet");
    const { target, take } = await openTarget(folder, facts);
    take(0, bytes);
    expect(await readdir(folder)).toEqual([
      expect.stringMatching(/^photo\.png\.[0-9a-f]{64}\.\d+-\d+\.part$/),
    ]);
    expect(await target.finish()).toBe(join(folder, "photo.png"));
    expect(await readdir(folder)).toEqual(["photo.png"]);
    expect(await readFile(join(folder, "photo.png"))).toEqual(bytes);
  });

  it("never overwrites what has the name: a file, a folder, a link, a dangling link", async () => {
    const folder = await temporaryFolder();
    const outside = join(await temporaryFolder(), "outside");
    await writeFile(join(folder, "photo.png"), "mine");
    await mkdir(join(folder, "photo (2).png"));
    await symlink(join(folder, "photo.png"), join(folder, "photo (3).png"));
    await symlink(outside, join(folder, "photo (4).png"));
    expect(await save(folder)).toBe(join(folder, "photo (5).png"));
    expect(await readFile(join(folder, "photo.png"), "utf8")).toBe("mine");
    await expect(readFile(outside)).rejects.toThrow("ENOENT");
  });

  it("gives every one its own name when many are saved at once", async () => {
    const folder = await temporaryFolder();
    const paths = await Promise.all(Array.from({ length: 20 }, () => save(folder)));
    expect(new Set(paths).size).toBe(20);
    expect(await readdir(folder)).toHaveLength(20);
  });

  it("keeps whatever name the server gave inside the folder", async () => {
    const parent = await temporaryFolder();
    const folder = join(parent, "in");
    for (const name of ["../../out", "/etc/out", "..", "a\0b", ".profile", "x".repeat(300)]) {
      await save(folder, name);
    }
    expect(await readdir(parent)).toEqual(["in"]);
    expect(await readdir(folder)).toHaveLength(6);
  });

  it("refuses what is not the file that was promised", async () => {
    const folder = await temporaryFolder();
    const failures: unknown[] = [];
    const attempt = async (size: number, sha256: string, offset = 0) => {
      const { target, take } = await openTarget(folder, { name: "a", size, sha256 });
      try {
        take(offset, bytes);
        await target.finish();
      } catch (error) {
        failures.push(error);
      }
      await target.discard();
    };
    await attempt(bytes.length, "0".repeat(64));
    await attempt(bytes.length + 1, facts.sha256);
    await attempt(bytes.length - 1, facts.sha256);
    await attempt(bytes.length, facts.sha256, 1);
    expect(failures).toEqual(
      Array.from({ length: 4 }, () => expect.objectContaining({ code: "damaged" }) as unknown),
    );
    expect(await readdir(folder)).toEqual([]);
  });

  it("says so when the folder is a file", async () => {
    const folder = join(await temporaryFolder(), "plain");
    await writeFile(folder, "");
    await expect(openTarget(folder, facts)).rejects.toMatchObject({
      code: "bad-file",
      message: `Cannot save photo.png in ${folder}: something else has that name.`,
    });
  });

  it("leaves no empty file under the name when the name cannot be given", async () => {
    const folder = await temporaryFolder();
    const sha256 = createHash("sha256").digest("hex");
    const { target } = await openTarget(folder, { name: "empty", size: 0, sha256 });
    const [part = ""] = await readdir(folder);
    // What is immutable can be neither linked nor renamed.
    if (!setImmutable(join(folder, part), "+i")) return;
    await expect(target.finish()).rejects.toMatchObject({
      message: `Cannot save empty in ${folder}: no permission.`,
    });
    expect(await readdir(folder)).toEqual([part]);
  });

  it("says so when the disk is full, and keeps what it could write", async () => {
    const folder = await temporaryFolder();
    await using disk = await mountSmallDisk(folder, "size=400k");
    if (!disk.isMounted) return;
    const size = 1024 * 1024;
    const { target, arriving, take } = await openTarget(folder, { ...facts, size });
    const failed = new Promise((resolve) => {
      arriving.watch(() => undefined, resolve);
    });
    take(0, Buffer.alloc(size));
    await arriving.settled();
    expect(await failed).toMatchObject({ message: `Cannot save photo.png in ${folder}: the disk is full.` });
    await target.keep();
    const [part = "", ...others] = await readdir(folder);
    expect(others).toEqual([]);
    expect((await stat(join(folder, part))).size).toBeGreaterThan(300_000);
  });
});

describe("What was left of a file", () => {
  it("is taken over by its name and gone on with, and what was promised is verified whole", async () => {
    const folder = await temporaryFolder();
    await leave(folder, bytes.subarray(0, 5), facts);
    const target = new Target({ folder });
    expect(await target.resume(facts.name, undefined, go)).toEqual({ offset: 5, sha256: facts.sha256 });
    const arriving = await target.begin(facts);
    arriving.take(5, bytes.subarray(5).toString("base64"));
    expect(await readFile(await target.finish())).toEqual(bytes);
    expect(await readdir(folder)).toEqual(["photo.png"]);
  });

  it("is refused when its bytes were not those of the file", async () => {
    const folder = await temporaryFolder();
    await leave(folder, Buffer.alloc(5), facts);
    const target = new Target({ folder });
    await target.resume(facts.name, undefined, go);
    const arriving = await target.begin(facts);
    arriving.take(5, bytes.subarray(5).toString("base64"));
    await expect(target.finish()).rejects.toMatchObject({ code: "damaged" });
    await target.discard();
    expect(await readdir(folder)).toEqual([]);
  });

  it("goes to one of many who want it", async () => {
    const folder = await temporaryFolder();
    await leave(folder, bytes.subarray(0, 5), facts);
    const targets = Array.from({ length: 10 }, () => new Target({ folder }));
    const starts = await Promise.all(targets.map((target) => target.resume(facts.name, undefined, go)));
    expect(starts.filter((start) => start !== undefined)).toHaveLength(1);
    await Promise.all(targets.map((target) => target.discard()));
  });

  it("is left alone when somebody works on it, here or in another process", async () => {
    const folder = await temporaryFolder();
    const { target } = await openTarget(folder, facts);
    await leave(folder, bytes, { ...facts, pid: process.ppid });
    expect(await new Target({ folder }).resume(facts.name, undefined, go)).toBeUndefined();
    expect(await readdir(folder)).toHaveLength(2);
    await target.keep();
  });

  it("is of no use under another name, as a link, or with its name given already", async () => {
    const folder = await temporaryFolder();
    const part = await leave(folder, bytes, { ...facts, name: "other.png" });
    await symlink(join(folder, part), join(folder, part.replace("other", "photo")));
    await leave(folder, bytes, { ...facts, name: "named.png" });
    await link(join(folder, part.replace("other", "named")), join(folder, "named.png"));
    for (const name of ["photo.png", "named.png"])
      expect(await new Target({ folder }).resume(name, undefined, go)).toBeUndefined();
  });

  it("is kept by who lets go of it, for the next one, unless it is nothing", async () => {
    const folder = await temporaryFolder();
    const first = await openTarget(folder, facts);
    first.take(0, bytes.subarray(0, 7));
    await first.target.keep();
    const second = new Target({ folder });
    expect(await second.resume(facts.name, facts.sha256, go)).toMatchObject({ offset: 7 });
    await second.discard();
    const third = await openTarget(folder, facts);
    await third.target.keep();
    expect(await readdir(folder)).toEqual([]);
  });
});

/** Only root can, and only on some file systems: elsewhere the test says aloud that it was skipped. */
function setImmutable(path: string, change: "+i" | "-i"): boolean {
  try {
    execFileSync("chattr", [change, path], { stdio: "pipe" });
  } catch (error) {
    console.warn(`Skipped "${expect.getState().currentTestName ?? ""}": ${String(error)}`);
    return false;
  }
  if (change === "+i") cleanUp(() => Promise.resolve(setImmutable(path, "-i")));
  return true;
}
