// Which files a path names, and what each is called in a room that knows no folders.

import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { filesToSend } from "../../../client/transfer/folder-files.js";
import { parseFileName } from "../../../shared/names.js";
import { utf8Bytes } from "../../../shared/text.js";
import { temporaryFolder } from "../../support/server.js";

async function folderOf(...paths: string[]): Promise<string> {
  const folder = join(await temporaryFolder(), "top");
  await mkdir(folder);
  for (const path of paths) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), "");
  }
  return folder;
}

async function namesOf(paths: readonly string[], skipped: string[] = []): Promise<string[]> {
  const names: string[] = [];
  const files = filesToSend(paths, (path, why) => skipped.push(`${path}: ${why}`));
  for await (const { name } of files) names.push(name);
  return names;
}

describe("The files to send", () => {
  it("are those of a folder and below, in order, the way to each in its name", async () => {
    const folder = await folderOf("b.txt", "a/c.txt", "a/d/.hidden", "Z.txt");
    expect(await namesOf([folder])).toEqual([
      "top__Z.txt",
      "top__a__c.txt",
      "top__a__d__.hidden",
      "top__b.txt",
    ]);
    expect(await namesOf([join(folder, "a/"), join(folder, "b.txt")])).toEqual([
      "a__c.txt",
      "a__d__.hidden",
      "b.txt",
    ]);
  });

  it("are a path itself when there is nothing, so that whoever opens it says why", async () => {
    expect(await namesOf(["/nowhere/x.txt"])).toEqual(["x.txt"]);
  });

  it("never share a name, as a room compares names", async () => {
    const folder = await folderOf("a/b__c.txt", "a__b/c.txt", "README", "readme");
    expect(await namesOf([folder, join(folder, "README"), join(folder, "README")])).toEqual([
      "top__README",
      "top__a__b__c.txt",
      "top__a__b__c (2).txt",
      "top__readme (2)",
      "README",
      "README (2)",
    ]);
  });

  it("have names that a room takes, however deep they are", async () => {
    const deep = Array.from({ length: 8 }, () => "ü".repeat(40)).join("/");
    const folder = await folderOf(`${deep}/one.tar.gz`, `${deep}/two.tar.gz`);
    const names = await namesOf([folder]);
    expect(new Set(names).size).toBe(2);
    for (const name of names) {
      expect(parseFileName(name).shown).toBe(name);
      expect(utf8Bytes(name)).toBeLessThanOrEqual(255);
      expect(name).toMatch(/\.gz$/);
    }
  });

  it("leave out links inside of a folder, and follow the one that is named", async () => {
    const folder = await folderOf("a.txt");
    await symlink(folder, join(folder, "round"));
    const skipped: string[] = [];
    expect(await namesOf([join(folder, "round")], skipped)).toEqual(["round__a.txt"]);
    expect(skipped).toEqual([`${join(folder, "round", "round")}: a link`]);
  });
});
