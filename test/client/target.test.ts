// HOSTILE F8: saving never overwrites, never follows, and leaves nothing half-done behind.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openTarget } from "../../client/target.js";
import { cleanUp } from "../support/cleanup.js";
import { temporaryFolder } from "../support/server.js";
import { mountSmallDisk } from "../support/small-disk.js";

const bytes = Buffer.from("the new bytes");
const facts = {
  name: "photo.png",
  size: bytes.length,
  sha256: createHash("sha256").update(bytes).digest("hex"),
};

async function save(folder: string, name = facts.name): Promise<string> {
  const target = await openTarget(folder, { ...facts, name });
  await target.write(0, bytes.subarray(0, 5));
  await target.write(5, bytes.subarray(5));
  return target.finish();
}

describe("Saving a file", () => {
  it("makes the folder and gives the file its name when it is complete", async () => {
    const folder = join(await temporaryFolder(), "not", "there", "yet");
    const target = await openTarget(folder, facts);
    await target.write(0, bytes);
    expect(await readdir(folder)).toEqual([expect.stringMatching(/^photo\.png\.[0-9a-f]{8}\.part$/)]);
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
      const target = await openTarget(folder, { name: "a", size, sha256 });
      await target
        .write(offset, bytes)
        .then(() => target.finish())
        .catch((error: unknown) => failures.push(error));
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
    const target = await openTarget(folder, { name: "empty", size: 0, sha256 });
    const [part = ""] = await readdir(folder);
    // What is immutable can be neither linked nor renamed.
    if (!setImmutable(join(folder, part), "+i")) return;
    await expect(target.finish()).rejects.toMatchObject({
      message: `Cannot save empty in ${folder}: no permission.`,
    });
    expect(await readdir(folder)).toEqual([part]);
  });

  it("says so when the disk is full, and leaves nothing there", async () => {
    const folder = await temporaryFolder();
    await using disk = await mountSmallDisk(folder, "size=64k");
    if (!disk.isMounted) return;
    const size = 1024 * 1024;
    const target = await openTarget(folder, { ...facts, size });
    const writing = target.write(0, Buffer.alloc(size)).then(() => target.finish());
    await expect(writing).rejects.toMatchObject({
      message: `Cannot save photo.png in ${folder}: the disk is full.`,
    });
    await target.discard();
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
