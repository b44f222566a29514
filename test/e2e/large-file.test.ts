import { createHash, randomFillSync } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { memoryOf, startPerson } from "../support/person.js";
import { python } from "../support/python.js";
import { startProgram } from "../support/program.js";
import { temporaryFolder } from "../support/server.js";

const MiB = 1024 * 1024;
const maxGrowthKiB = 64 * 1024;
const deadlineMs = 240_000;

describe("A large file", () => {
  it.each([
    ["300 MB of random bytes", 300_000_000],
    ["1 GiB", 1024 * MiB],
  ])(
    "of %s goes through whole, and neither server nor client grows by 64 MiB",
    async (_what, size) => {
      const folder = await temporaryFolder();
      await writeRandom(join(folder, "large.bin"), size);
      const server = await startProgram(join(folder, "data"));
      const serverPid = server.child.pid ?? 0;
      const serverBefore = await memoryOf(serverPid);
      const flags = ["--port", String(server.port), "--room", "lab"];

      const sender = startPerson({ cwd: folder, flags: [...flags, "--name", "sender"] });
      await sender.sees("* you are in lab");
      const senderBefore = await sender.memory();
      sender.type("upload: large.bin");
      await sender.sees("sender shared large.bin", deadlineMs);
      const senderGrowth = (await sender.memory()).peakKiB - senderBefore.nowKiB;

      const receiver = startPerson({ cwd: folder, flags: [...flags, "--name", "receiver"] });
      await receiver.sees("* you are in lab");
      const receiverBefore = await receiver.memory();
      receiver.type("download: large.bin");
      await receiver.sees("saved downloads/large.bin", deadlineMs);
      const receiverGrowth = (await receiver.memory()).peakKiB - receiverBefore.nowKiB;
      const inPython = await python("download", {
        port: server.port,
        path: join(folder, "in Python"),
        name: "large.bin",
      });
      const serverGrowth = (await memoryOf(serverPid)).peakKiB - serverBefore.nowKiB;

      const hash = await hashOf(join(folder, "large.bin"));
      expect(await hashOf(join(folder, "downloads/large.bin"))).toBe(hash);
      expect(inPython).toMatchObject({ size, sha256: hash });
      console.log(
        `growth in KiB: sender ${senderGrowth}, receiver ${receiverGrowth}, server ${serverGrowth}`,
      );
      expect(Math.max(senderGrowth, receiverGrowth, serverGrowth)).toBeLessThan(maxGrowthKiB);
      for (const person of [sender, receiver]) {
        person.hangUp();
        expect(await person.leaves()).toBe(0);
      }
    },
    2 * deadlineMs,
  );
});

async function writeRandom(path: string, size: number): Promise<void> {
  const file = await open(path, "wx");
  const block = Buffer.alloc(4 * MiB);
  for (let written = 0; written < size; written += block.length) {
    await file.write(randomFillSync(block), 0, Math.min(block.length, size - written));
  }
  await file.close();
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
