// Downloads that break off and go on, against a real server: nothing that is here is fetched again, and nothing is
// named before it is verified.

import { createHash, randomBytes } from "node:crypto";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Writable } from "node:stream";
import { openSession } from "../../../client/session/connect.js";
import { download, downloadTo } from "../../../client/transfer/download.js";
import { partFileName } from "../../../client/transfer/filenames.js";
import type { Session } from "../../../client/session/session.js";
import type { Progress } from "../../../client/transfer/transfer.js";
import { upload } from "../../../client/transfer/upload.js";
import { cleanUp } from "../../support/cleanup.js";
import { startFlakyNetwork } from "../../support/flaky-network.js";
import { startServer, temporaryFolder } from "../../support/server.js";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const MiB = 1024 * 1024;

async function joinLab(port: number, name: string): Promise<Session> {
  const session = await openSession({ port, name, room: "lab", waits: { firstMs: 1, longestMs: 5 } });
  cleanUp(() => session.close());
  return session;
}

/** A room with a file of random bytes, and somebody who wants it. */
async function roomWithFile(size: number) {
  const { port } = await startServer();
  const network = await startFlakyNetwork(port);
  const [alice, bob] = [await joinLab(port, "alice"), await joinLab(network.port, "bob")];
  const bytes = randomBytes(size);
  const share = async (shared: Uint8Array): Promise<void> => {
    const path = join(await temporaryFolder(), "file.bin");
    await writeFile(path, shared);
    await upload(alice, path);
  };
  await share(bytes);
  return { network, bob, bytes, share, folder: await temporaryFolder() };
}

/** Every `downloading` and every chunk that came: where they began, and how many bytes in all. */
function listenTo(session: Session): { offsets: number[]; bytes: () => number } {
  const offsets: number[] = [];
  let bytes = 0;
  session.onLine((line) => {
    const { type, offset, data } = line as { type: string; offset: number; data: string };
    if (type === "downloading") offsets.push(offset);
    if (type === "chunk") bytes += Buffer.from(data, "base64").length;
  });
  return { offsets, bytes: () => bytes };
}

/** What a process leaves that is killed. One of that number is never there. */
async function leave(folder: string, left: Uint8Array, whole: Uint8Array): Promise<void> {
  const facts = { sha256: sha256(whole), pid: 4_999_999, count: 1 };
  await writeFile(join(folder, partFileName("file.bin", facts)), left);
}

describe("A download", () => {
  it("goes on by itself after every cut of the network, and nothing comes twice that is here", async () => {
    const { network, bob, bytes, folder } = await roomWithFile(12 * MiB);
    const came = listenTo(bob);
    let cuts = 0;
    const onProgress = (progress: Progress) => {
      if (progress.bytes < (cuts + 1) * 3 * MiB || cuts === 3) return;
      cuts += 1;
      network.cut();
    };
    const { path } = await download(bob, { name: "file.bin" }, { folder, onProgress });
    expect((await readFile(path)).equals(bytes)).toBe(true);
    expect(await readdir(folder)).toEqual(["file.bin"]);
    expect(came.offsets).toHaveLength(4);
    expect(came.bytes()).toBe(bytes.length);
  });

  it.each([
    ["its name", { name: "file.bin" }],
    ["its name in other letters", { name: "FILE.bin" }],
  ])("asks by %s for the rest of what a killed process has left, at once", async (_how, wanted) => {
    const { bob, bytes, folder } = await roomWithFile(2 * MiB);
    await leave(folder, bytes.subarray(0, MiB), bytes);
    const came = listenTo(bob);
    const { path } = await download(bob, wanted, { folder });
    expect((await readFile(path)).equals(bytes)).toBe(true);
    expect(await readdir(folder)).toEqual(["file.bin"]);
    expect(came).toMatchObject({ offsets: [MiB] });
    expect(came.bytes()).toBe(MiB);
  });

  it("finds what is left of it by its content when it is asked for by its id", async () => {
    const { bob, bytes, folder } = await roomWithFile(2 * MiB);
    await leave(folder, bytes.subarray(0, MiB), bytes);
    const came = listenTo(bob);
    const [file] = (await bob.files()).files;
    const { path } = await download(bob, { file: file?.file ?? "" }, { folder });
    expect((await readFile(path)).equals(bytes)).toBe(true);
    expect(came.offsets).toEqual([0, MiB]);
  });

  it("needs only the name when the process was killed before it gave it", async () => {
    const { bob, bytes, folder } = await roomWithFile(MiB);
    await leave(folder, bytes, bytes);
    const came = listenTo(bob);
    await download(bob, { name: "file.bin" }, { folder });
    expect(await readdir(folder)).toEqual(["file.bin"]);
    expect(came.bytes()).toBe(0);
  });

  it("begins anew when the file is another one by now, and leaves what is there of the old one", async () => {
    const { bob, bytes, share, folder } = await roomWithFile(MiB);
    await leave(folder, bytes.subarray(0, 1000), bytes);
    const newer = randomBytes(MiB);
    await share(newer);
    const { path } = await download(bob, { name: "file.bin" }, { folder });
    expect((await readFile(path)).equals(newer)).toBe(true);
    expect(await readdir(folder)).toHaveLength(2);
    const older = await download(bob, { name: "file.bin", version: 1 }, { folder });
    expect((await readFile(older.path)).equals(bytes)).toBe(true);
    expect((await readdir(folder)).sort()).toEqual(["file (2).bin", "file.bin"]);
  });

  it.each([
    ["zeros that a power cut has left", (bytes: Buffer) => Buffer.alloc(bytes.length / 2)],
    ["longer than the file", (bytes: Buffer) => Buffer.concat([bytes, bytes])],
  ])("is fetched once more from its first byte when what was there is %s", async (_what, spoil) => {
    const { bob, bytes, folder } = await roomWithFile(MiB);
    await leave(folder, spoil(bytes), bytes);
    const { path } = await download(bob, { name: "file.bin" }, { folder });
    expect((await readFile(path)).equals(bytes)).toBe(true);
    expect(await readdir(folder)).toEqual(["file.bin"]);
  });

  it("removes what came when it is stopped, and keeps it when it is only suspended", async () => {
    const { bob, bytes, folder } = await roomWithFile(8 * MiB);
    const stopped = async (how: "signal" | "suspend"): Promise<void> => {
      const stop = new AbortController();
      const reason = new Error("enough");
      const onProgress = () => {
        stop.abort(reason);
      };
      const options = { folder, onProgress, [how]: stop.signal };
      await expect(download(bob, { name: "file.bin" }, options)).rejects.toBe(reason);
    };
    await stopped("signal");
    expect(await readdir(folder)).toEqual([]);
    await stopped("suspend");
    expect(await readdir(folder)).toEqual([expect.stringMatching(/\.part$/)]);
    const came = listenTo(bob);
    await download(bob, { name: "file.bin" }, { folder });
    expect(came.bytes()).toBeLessThan(bytes.length);
    expect(await readdir(folder)).toEqual(["file.bin"]);
  });

  it("never lets talk wait behind more than a window", async () => {
    const { bob, folder } = await roomWithFile(16 * MiB);
    const came = listenTo(bob);
    const said: Promise<number>[] = [];
    const onProgress = () => {
      const before = came.bytes();
      said.push(bob.say("meanwhile").then(() => came.bytes() - before));
    };
    await download(bob, { name: "file.bin" }, { folder, onProgress });
    expect(said.length).toBeGreaterThan(30);
    // What was acknowledged after it was said may come before it, too.
    expect(Math.max(...(await Promise.all(said)))).toBeLessThan(4 * MiB);
  });

  it("goes to a stream, too, and goes on after a cut", async () => {
    const { network, bob, bytes } = await roomWithFile(4 * MiB);
    const hash = createHash("sha256");
    let written = 0;
    const output = new Writable({
      write(piece: Buffer, _encoding, done) {
        hash.update(piece);
        written += piece.length;
        setImmediate(done);
      },
    });
    let isCut = false;
    const onProgress = () => {
      if (!isCut) network.cut();
      isCut = true;
    };
    const file = await downloadTo(bob, { name: "file.bin" }, { output, onProgress });
    expect(written).toBe(bytes.length);
    expect(hash.digest("hex")).toBe(file.sha256);
  });
});
