// A large file both ways, through the real programs: whole, and in little memory. 1 GB, and 10 GB in the soak.

import { createHash, randomFillSync } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { isSoak, needDescriptors } from "../support/load.js";
import { memoryOf, startPerson, type Person } from "../support/person.js";
import { startProgram, type Program } from "../support/program.js";
import { temporaryFolder } from "../support/server.js";

const MiB = 1024 * 1024;
const GB = 1000 ** 3;
const size = isSoak ? 10 * GB : GB;
const name = "large.bin";
const maxGrowthKiB = 64 * 1024;
/** For each way, on a slow disk. */
const deadlineMs = 120_000 * (size / GB);

describe(`A file of ${size / GB} GB`, () => {
  it(
    "goes through whole both ways, and neither server nor client grows by 64 MiB",
    async () => {
      const folder = await temporaryFolder();
      if (!(await hasRoom(folder))) return;
      const hash = await writeRandom(join(folder, name));
      const server = await startProgram(join(folder, "data"));
      const flags = ["--port", String(server.port), "--room", "lab"];

      const sender = startPerson({ cwd: folder, flags: [...flags, "--name", "sender"] });
      const up = await measured(server, sender, async () => {
        sender.type(`upload: ${name}`);
        await sender.sees(`sender shared ${name}`, deadlineMs);
      });
      // So that there need be room for two of it, not three.
      await rm(join(folder, name));
      const receiver = startPerson({ cwd: folder, flags: [...flags, "--name", "receiver"] });
      const down = await measured(server, receiver, async () => {
        receiver.type(`download: ${name}`);
        await receiver.sees(`saved downloads/${name}`, deadlineMs);
      });

      console.log(`${size / GB} GB up ${JSON.stringify(up)}, down ${JSON.stringify(down)}`);
      expect(await hashOf(join(folder, "downloads", name))).toBe(hash);
      for (const { serverKiB, clientKiB } of [up, down])
        expect(Math.max(serverKiB, clientKiB)).toBeLessThan(maxGrowthKiB);
    },
    3 * deadlineMs,
  );
});

interface Taken {
  readonly seconds: number;
  /** By how much each had grown at most, since before. */
  readonly serverKiB: number;
  readonly clientKiB: number;
}

/** What a transfer takes of the server and of a person who has just come, and leaves behind it. */
async function measured(server: Program, person: Person, transfer: () => Promise<void>): Promise<Taken> {
  await person.sees("* you are in lab");
  const pid = server.child.pid ?? 0;
  const [serverBefore, clientBefore] = [await memoryOf(pid), await person.memory()];
  const start = performance.now();
  await transfer();
  const seconds = Math.round((performance.now() - start) / 100) / 10;
  const serverKiB = (await memoryOf(pid)).peakKiB - serverBefore.nowKiB;
  const clientKiB = (await person.memory()).peakKiB - clientBefore.nowKiB;
  person.hangUp();
  expect(await person.leaves()).toBe(0);
  return { seconds, serverKiB, clientKiB };
}

/** Says aloud when there is nothing to test for want of room. */
async function hasRoom(folder: string): Promise<boolean> {
  needDescriptors(100);
  const { bavail, bsize } = await statfs(folder);
  const neededBytes = 2 * size + GB;
  if (bavail * bsize >= neededBytes) return true;
  const left = Math.round((bavail * bsize) / GB);
  console.warn(`Skipped: it takes ${neededBytes / GB} GB of room in ${folder}, and ${left} GB are left.`);
  return false;
}

/** Writes a file of which no two blocks are the same, and resolves with its hash. */
async function writeRandom(path: string): Promise<string> {
  const file = await open(path, "wx");
  const hash = createHash("sha256");
  const block = randomFillSync(Buffer.alloc(4 * MiB));
  for (let written = 0; written < size; written += block.length) {
    block.writeDoubleLE(written);
    const part = block.subarray(0, size - written);
    hash.update(part);
    await file.write(part);
  }
  await file.close();
  return hash.digest("hex");
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
