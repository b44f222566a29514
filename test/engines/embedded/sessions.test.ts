// The signing key of a data folder: made once, whole or not at all.

import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSessionKey } from "../../../server/engines/embedded/sessions.js";
import { allFiles } from "../../support/folders.js";
import { mountSmallDisk } from "../../support/small-disk.js";
import { watchDisk } from "../../support/watch-disk.js";

describe("openSessionKey", () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "roomline-key-"));
    path = join(folder, "session.key");
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await rm(folder, { recursive: true, force: true });
  });

  it("makes a key that only its owner can read, and gives the same one ever after", async () => {
    const key = await openSessionKey(path);

    expect(key).toHaveLength(32);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await openSessionKey(path)).toEqual(key);
  });

  it("gives the key its name when it is on disk, and syncs the name", async () => {
    const disk = await watchDisk(folder);

    await openSessionKey(path);

    expect(disk.take()).toEqual(["sync session.key.part", "rename session.key.part session.key", "sync ."]);
  });

  it.each([0, 7, 32])("replaces the %d bytes that a first start left unfinished", async (length) => {
    await writeFile(`${path}.part`, Buffer.alloc(length));

    const key = await openSessionKey(path);

    expect(key).not.toEqual(Buffer.alloc(32));
    expect(await readFile(path)).toEqual(key);
    expect(await allFiles(folder)).toEqual(["session.key"]);
  });

  it("is made when there is room, after a first start on a full disk", async () => {
    await using disk = await mountSmallDisk(folder, "size=4k");
    if (!disk.isMounted) return;
    const ballast = join(folder, "ballast");
    await writeFile(ballast, Buffer.alloc(4096));
    await expect(openSessionKey(path)).rejects.toMatchObject({ code: "ENOSPC" });

    await rm(ballast);

    expect(await openSessionKey(path)).toHaveLength(32);
  });

  it("says that a key of another length is damaged", async () => {
    await writeFile(path, "short");

    await expect(openSessionKey(path)).rejects.toThrow(`${path} is damaged: it should have 32 bytes.`);
  });
});
