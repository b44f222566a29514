// HOSTILE F3 on the sending side: what is no plain file is refused at once and blocks nothing.

import { execFileSync } from "node:child_process";
import { chmod, mkdir, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openSource } from "../../client/source.js";
import { temporaryFolder } from "../support/server.js";

async function readAll(path: string, chunkBytes: number): Promise<Buffer[]> {
  const source = await openSource(path);
  const chunks: Buffer[] = [];
  for await (const chunk of source.chunks(chunkBytes)) chunks.push(Buffer.from(chunk));
  await source.close();
  return chunks;
}

describe("A file to be sent", () => {
  it.each([0, 1, 99, 100, 101, 250])("comes in chunks of 100 bytes: %d bytes", async (size) => {
    const path = join(await temporaryFolder(), "file");
    const bytes = Buffer.from(Array.from({ length: size }, (_, index) => index));
    await writeFile(path, bytes);
    const chunks = await readAll(path, 100);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    expect(chunks.slice(0, -1).every(({ length }) => length === 100)).toBe(true);
  });

  it("is known by the last segment of its path, through links, too", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "real.txt"), "x");
    await symlink("real.txt", join(folder, "link.txt"));
    const source = await openSource(join(folder, "link.txt"));
    expect(source).toMatchObject({ name: "link.txt", size: 1 });
    await source.close();
  });

  it("has the size it had at the beginning when it grows, and is refused when it shrinks", async () => {
    const path = join(await temporaryFolder(), "log");
    await writeFile(path, "x".repeat(300));
    const source = await openSource(path);
    const chunks = source.chunks(100);
    await chunks.next();
    await writeFile(path, "x".repeat(1000));
    expect(source.size).toBe(300);
    await chunks.next();
    await truncate(path, 250);
    await expect(chunks.next()).rejects.toMatchObject({
      code: "bad-file",
      message: "log became shorter while it was sent; it is not uploaded.",
    });
    await source.close();
  });

  it("is refused with a sentence when it is none", async () => {
    const folder = await temporaryFolder();
    const at = (name: string) => join(folder, name);
    execFileSync("mkfifo", [at("fifo")]);
    await mkdir(at("folder"));
    await symlink("circle", at("circle"));
    await writeFile(at("plain"), "");
    const expected = {
      [at("fifo")]: `Cannot upload ${at("fifo")}: it is not a plain file.`,
      ["/dev/zero"]: "Cannot upload /dev/zero: it is not a plain file.",
      [at("folder")]: `Cannot upload ${at("folder")}: it is a folder.`,
      [at("missing")]: `Cannot read ${at("missing")}: there is no such file or folder.`,
      [at("plain/x")]: `Cannot read ${at("plain/x")}: a part of the path is no folder.`,
      [at("circle")]: `Cannot read ${at("circle")}: its links go round in a circle.`,
    };
    for (const [path, message] of Object.entries(expected)) {
      await expect(openSource(path)).rejects.toMatchObject({ code: "bad-file", message });
    }
  });

  it("is refused without permission to read it", async () => {
    // Root may read everything.
    if (process.getuid?.() === 0) return;
    const path = join(await temporaryFolder(), "secret");
    await writeFile(path, "x");
    await chmod(path, 0);
    await expect(openSource(path)).rejects.toMatchObject({ message: `Cannot read ${path}: no permission.` });
  });
});
