// A whole server on a disk that fills up (HOSTILE X3): what is refused leaves nothing, chat goes on or says why
// not, and when there is room again everything works. On a small file system of its own, when this machine lets
// us mount one.

import { randomBytes } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { joinRoom, type Answer, type Peer } from "../../support/peer.js";
import { startServer, temporaryFolder } from "../../support/server.js";
import { mountSmallDisk } from "../../support/small-disk.js";
import { keptFiles } from "../../server/handlers/transfers.js";

const MiB = 1024 * 1024;

describe("A server on a disk that fills up", () => {
  it.each([
    ["with room kept for its log", { minFreeBytes: MiB, fileBytes: 60_000, freeBytes: 4 * MiB }],
    ["with none kept, by what is uploaded", { minFreeBytes: 0, fileBytes: 60_000, freeBytes: 4 * MiB }],
    ["with none kept, by its log", { minFreeBytes: 0, fileBytes: 1000, freeBytes: MiB }],
  ])("%s, keeps uploads whole or not at all, and recovers", async (_what, facts) => {
    const { minFreeBytes, fileBytes, freeBytes } = facts;
    const dataFolder = await temporaryFolder();
    await using disk = await mountSmallDisk(dataFolder, "size=12m");
    if (!disk.isMounted) return;
    const server = await startServer({ dataFolder, minFreeBytes });
    const ballast = join(dataFolder, "roomline.ballast");
    await writeFile(ballast, randomBytes(12 * MiB - freeBytes));
    const peer = await joinRoom(server.port, "peer");
    const hi = { type: "message", id: "m", text: "hi" };

    const full = await peer.answersTo(...uploads("full", 150, fileBytes), hi);
    await rm(ballast);
    const recovered = await peer.answersTo(...uploads("again", 20, fileBytes), { ...hi, id: "m2" });

    expect(full).toHaveLength(151);
    expect(new Set(full.slice(0, -1).map(outcome))).toEqual(new Set(["file", "storage-full"]));
    expect(minFreeBytes > 0 ? ["message"] : ["message", "storage-full"]).toContain(outcome(full.at(-1)));
    expect(recovered.map(outcome)).toEqual([...Array.from({ length: 20 }, () => "file"), "message"]);
    // What was refused is logged, for whoever can make room.
    expect(server.mistakes.splice(0)).toHaveLength(full.filter((a) => outcome(a) === "storage-full").length);
    await expectSound(peer, dataFolder);
    await server.close();
  });
});

/** Small files in one line each, all different. */
function uploads(name: string, count: number, fileBytes: number) {
  return Array.from({ length: count }, (_, n) => ({
    type: "upload",
    id: `${name}${n}`,
    name: "some.bin",
    data: randomBytes(fileBytes).toString("base64"),
  }));
}

function outcome(answer: Answer | undefined): string {
  return answer?.type === "error" ? String(answer.code) : String(answer?.type);
}

/** Numbers without holes, and as blobs exactly what the room's files are. */
async function expectSound(peer: Peer, dataFolder: string): Promise<void> {
  const start = peer.received.length;
  const history = await peer.ask({ type: "history", id: "h", after: 0, limit: 500 });
  await peer.answersTo();
  const seqs = peer.received.slice(start).flatMap(({ seq }) => (seq === undefined ? [] : [seq]));
  expect(seqs).toHaveLength(Number(history.count));
  expect(seqs).toEqual(seqs.map((_, n) => n + 1));
  const { files } = await peer.ask({ type: "files", id: "f", limit: 500 });
  const hashes = (files as { sha256: string }[]).map(({ sha256 }) => sha256);
  const blobs = hashes.map((hash) => `blobs/${hash.slice(0, 2)}/${hash.slice(2)}`).sort();
  // Answers do not wait for the disk to forget.
  for (let wait = 0; wait < 500 && (await keptFiles(dataFolder)).length > blobs.length; wait++)
    await sleep(10);
  expect(await keptFiles(dataFolder)).toEqual(blobs);
}
