// HOSTILE F3 on the sending side: what is no plain file is refused at once and blocks nothing.

import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdir, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { blockBytes, openSource } from "../../../client/transfer/source.js";
import { temporaryFolder } from "../../support/server.js";

const go = new AbortController().signal;

async function readFrom(path: string, offset: number): Promise<Buffer> {
  const source = await openSource(path);
  const blocks: Buffer[] = [];
  for await (const block of source.blocks(offset, go)) blocks.push(Buffer.from(block));
  await source.check();
  await source.close();
  return Buffer.concat(blocks);
}

describe("A file to be sent", () => {
  it.each([0, 1, blockBytes - 1, blockBytes, blockBytes + 1, 3 * blockBytes])(
    "is read from any offset: %d bytes",
    async (size) => {
      const path = join(await temporaryFolder(), "file");
      const bytes = randomBytes(size);
      await writeFile(path, bytes);
      for (const offset of [0, Math.floor(size / 2), size])
        expect((await readFrom(path, offset)).equals(bytes.subarray(offset))).toBe(true);
    },
  );

  it("is known by the last segment of its path, through links, too", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "real.txt"), "x");
    await symlink("real.txt", join(folder, "link.txt"));
    const source = await openSource(join(folder, "link.txt"));
    expect(source).toMatchObject({ name: "link.txt", size: 1 });
    await source.close();
  });

  it.each([
    ["grows", "x".repeat(1000), "changed"],
    ["is another one", "y".repeat(300), "changed"],
    ["shrinks", "x".repeat(250), "became shorter"],
  ])("is refused when it %s", async (_how, text, what) => {
    const path = join(await temporaryFolder(), "log");
    await writeFile(path, "x".repeat(300));
    const source = await openSource(path);
    await utimes(path, 1, 1);
    await writeFile(path, text);
    expect(source.size).toBe(300);
    const message = `log ${what} while it was sent; it is not uploaded.`;
    await expect(source.check()).rejects.toMatchObject({ code: "bad-file", message });
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
