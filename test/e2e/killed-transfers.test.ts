// HOSTILE X2 and F8: a client that is killed in the middle of a file, and started again. What was acknowledged does not
// go over the wire again, and nothing is named, here or in the room, that is not whole.

import { randomBytes } from "node:crypto";
import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runErrand, startErrand, type Done } from "../support/errand.js";
import { startFlakyNetwork, type FlakyNetwork } from "../support/flaky-network.js";
import { joinRoom } from "../support/peer.js";
import { startProgram } from "../support/program.js";
import { startServer, temporaryFolder } from "../support/server.js";

const MiB = 1024 * 1024;
/** Base64, and lines around it. */
const onTheWire = 1.35;

type HasGoneFar = () => boolean | Promise<boolean>;

interface Scene {
  readonly network: FlakyNetwork;
  readonly port: number;
  readonly cwd: string;
  readonly bytes: Buffer;
  /** Runs a command to its end, as the same person each time. */
  readonly run: (...words: string[]) => Promise<Done>;
  /** Runs a command until it has gone so far, and kills it. */
  readonly kill: (words: string[], hasGoneFar: HasGoneFar) => Promise<void>;
}

async function scene(size: number): Promise<Scene> {
  const { port } = await startServer();
  const network = await startFlakyNetwork(port);
  const cwd = await temporaryFolder();
  const bytes = randomBytes(size);
  await writeFile(join(cwd, "large.bin"), bytes);
  const options = { cwd, port: network.port, stateFolder: await temporaryFolder() };
  return {
    network,
    port,
    cwd,
    bytes,
    run: (...words) => runErrand(words, options),
    async kill(words, hasGoneFar) {
      const { child, done } = startErrand(words, options);
      await untilSo(hasGoneFar);
      child.kill("SIGKILL");
      expect(await done).toMatchObject({ code: null });
    },
  };
}

async function untilSo(isSo: HasGoneFar): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve));
}

async function partBytes(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const part = names.find((name) => name.endsWith(".part"));
  return part === undefined ? 0 : (await stat(join(folder, part))).size;
}

describe("A client that is killed", () => {
  it("in the middle of an upload goes on from what the server has on its disk", async () => {
    const { network, port, bytes, cwd, run, kill } = await scene(64 * MiB);
    const watcher = await joinRoom(port, "watcher");
    await kill(["upload", "large.bin"], () => network.bytes.up > 30 * MiB);
    await kill(["upload", "large.bin"], () => network.bytes.up > 55 * MiB);
    expect(watcher.all("file")).toEqual([]);
    const before = network.bytes.up;
    expect(await run("upload", "large.bin")).toMatchObject({ code: 0 });
    // Of the first 55 MiB on the wire at least 30 were acknowledged, a window and 8 MiB each time left out.
    expect(network.bytes.up - before).toBeLessThan((bytes.length - 22 * MiB) * onTheWire);
    expect(await watcher.next("file")).toMatchObject({ version: 1, size: bytes.length });
    expect(await run("download", "large.bin", "--out", "copy.bin")).toMatchObject({ code: 0 });
    expect((await readFile(join(cwd, "copy.bin"))).equals(bytes)).toBe(true);
  }, 120_000);

  it.each([
    ["in the middle of a download", 0.4],
    ["at 99 % of a download", 0.99],
  ])(
    "%s goes on from what is in its folder",
    async (_when, share) => {
      const { network, bytes, cwd, run, kill } = await scene(48 * MiB);
      await run("upload", "large.bin");
      const folder = join(cwd, "downloads");
      await kill(["download", "large.bin"], async () => (await partBytes(folder)) >= share * bytes.length);
      const there = await partBytes(folder);
      expect(await readdir(folder)).toHaveLength(1);
      const before = network.bytes.down;
      expect(await run("download", "large.bin")).toMatchObject({ code: 0 });
      expect(network.bytes.down - before).toBeLessThan((bytes.length - there) * onTheWire + 10_000);
      expect(await readdir(folder)).toEqual(["large.bin"]);
      expect((await readFile(join(folder, "large.bin"))).equals(bytes)).toBe(true);
    },
    120_000,
  );
});

describe("A server that is killed and started again", () => {
  it("is gone on with by the client that was sending or fetching, by itself", async () => {
    const data = join(await temporaryFolder(), "data");
    let server = await startProgram(data);
    const { port } = server;
    const network = await startFlakyNetwork(port);
    const restart = async (): Promise<void> => {
      await server.kill();
      server = await startProgram(data, { port });
    };
    const cwd = await temporaryFolder();
    const bytes = randomBytes(64 * MiB);
    await writeFile(join(cwd, "large.bin"), bytes);
    const options = { cwd, port: network.port };

    const upload = startErrand(["upload", "large.bin"], options);
    await untilSo(() => network.bytes.up > 40 * MiB);
    await restart();
    expect(await upload.done).toMatchObject({ code: 0 });
    expect(network.bytes.up).toBeLessThan((bytes.length + 22 * MiB) * onTheWire);

    const download = startErrand(["download", "large.bin"], options);
    await untilSo(async () => (await partBytes(join(cwd, "downloads"))) > 20 * MiB);
    await restart();
    const { code, talk } = await download.done;
    expect(code).toBe(0);
    expect(talk.slice(0, 2)).toEqual(["* the connection is lost; trying again…", "* back again"]);
    expect(await readdir(join(cwd, "downloads"))).toEqual(["large.bin"]);
    expect((await readFile(join(cwd, "downloads/large.bin"))).equals(bytes)).toBe(true);
  }, 120_000);
});
