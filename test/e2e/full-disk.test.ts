// A disk that is full at the first byte of a file, in the middle of it, or for the database, as peers see it (HOSTILE
// X3): one named error, nothing half-written, talk that goes on, and an upload that goes on when there is room again.

import { randomBytes } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freeBytes, hasCode } from "../../server/engines/embedded/disk.js";
import { beginUpload, chunkBytes, chunksOf, downloadFile, sha256 } from "../server/handlers/transfers.js";
import { expectNoOrphans, expectNothingUnfinished } from "../support/orphans.js";
import { joinRoom, type Answer, type Peer } from "../support/peer.js";
import { startServer, temporaryFolder, type TestServer } from "../support/server.js";
import { mountSmallDisk } from "../support/small-disk.js";

const MiB = 1024 * 1024;
/** More than is written between two looks at how much is left. */
const size = 24 * MiB;
/** What is kept for the log. */
const floorBytes = 32 * MiB;

interface Scene {
  readonly server: TestServer;
  readonly alice: Peer;
  readonly bob: Peer;
  /** Takes all room but so many bytes; undefined gives it back. */
  readonly fill: (leftBytes: number | undefined) => Promise<void>;
}

/** Does nothing where no disk can be mounted. */
async function onSmallDisk(minFreeBytes: number, work: (scene: Scene) => Promise<void>): Promise<void> {
  const dataFolder = await temporaryFolder();
  await using disk = await mountSmallDisk(dataFolder, "size=96m");
  if (!disk.isMounted) return;
  const server = await startServer({ dataFolder, minFreeBytes });
  const ballast = join(dataFolder, "roomline.ballast");
  const fill = async (leftBytes: number | undefined) => {
    if (leftBytes === undefined) await rm(ballast);
    else await writeFile(ballast, Buffer.alloc((await freeBytes(dataFolder)) - leftBytes)).catch(forgiveFull);
  };
  const [alice, bob] = [await joinRoom(server.port, "alice"), await joinRoom(server.port, "bob")];
  await work({ server, alice, bob, fill });
  await expectNoOrphans(dataFolder);
  // What was refused is logged, for whoever can make room.
  server.mistakes.splice(0);
  await server.close();
}

/** The server writes meanwhile. */
function forgiveFull(error: unknown): void {
  if (!hasCode(error, "ENOSPC")) throw error;
}

const outcome = ({ type, code }: Answer) => (type === "error" ? code : type);

/** Sends chunks until the upload is refused; resolves with the refusal. */
async function sendUntilRefused(peer: Peer, chunks: readonly object[]): Promise<Answer | undefined> {
  for (const chunk of chunks) {
    await peer.answersTo(chunk);
    const [refusal] = peer.all("error");
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

describe("A disk that is full", () => {
  it("at a file's first byte, refuses it as storage-full and takes it when there is room", async () => {
    await onSmallDisk(floorBytes, async ({ server, alice, bob, fill }) => {
      const content = randomBytes(chunkBytes);
      const request = { type: "upload", id: "u", name: "a.bin", size };
      const line = { type: "upload", id: "l", name: "l.bin", data: content.toString("base64") };
      await fill(floorBytes - MiB);
      expect(await alice.ask(request)).toMatchObject({ type: "error", code: "storage-full" });
      expect(await alice.ask(line)).toMatchObject({ type: "error", code: "storage-full" });
      expect(outcome(await bob.ask({ type: "message", id: "m", text: "still here" }))).toBe("message");
      await expectNothingUnfinished(server.dataFolder);

      await fill(undefined);
      expect(outcome(await alice.ask(line))).toBe("file");
      const uploading = await alice.ask(request);
      expect(uploading).toMatchObject({ type: "uploading", offset: 0 });
      await alice.answersTo({ type: "cancel", upload: uploading.upload });
      await expectNothingUnfinished(server.dataFolder);
    });
  });

  it.each([
    ["below what is kept for the log", floorBytes, floorBytes - MiB],
    ["to its last byte", 0, 3 * chunkBytes],
  ])(
    "%s in the middle of a file, stops it, and it goes on where it was when there is room",
    async (_what, minFreeBytes, leftBytes) => {
      await onSmallDisk(minFreeBytes, async ({ server, alice, bob, fill }) => {
        const content = randomBytes(size);
        const begun = { name: "a.bin", size };
        const chunks = chunksOf(await beginUpload(alice, begun), content);
        await alice.answersTo(...chunks.slice(0, 50));
        await alice.next(({ type, offset }) => type === "progress" && Number(offset) > 0);
        await fill(leftBytes);
        const refusal = await sendUntilRefused(alice, chunks.slice(50));
        expect(refusal).toMatchObject({ code: "storage-full", upload: chunks[0]?.upload });
        const told = Math.max(...alice.all("progress").map(({ offset }) => Number(offset)));
        // Nothing of it is seen, what is there can be fetched, and talk goes on as far as the log has room.
        expect(await bob.ask({ type: "files", id: "f" })).toMatchObject({ files: [] });
        const said = outcome(await bob.ask({ type: "message", id: "m", text: "still here" }));
        expect(minFreeBytes > 0 ? ["message"] : ["message", "storage-full"]).toContain(said);
        await expectNoOrphans(server.dataFolder);

        await fill(undefined);
        const again = await alice.ask({ type: "upload", id: "again", ...begun });
        expect(again).toMatchObject({ type: "uploading" });
        expect(Number(again.offset)).toBeGreaterThanOrEqual(told);
        const rest = chunksOf(String(again.upload), content.subarray(Number(again.offset)));
        for (const { offset, ...chunk } of rest)
          alice.send({ ...chunk, offset: offset + Number(again.offset) });
        expect(await alice.next("file")).toMatchObject({ version: 1, size, sha256: sha256(content) });
        expect((await downloadFile(bob, { id: "d", name: "a.bin" })).bytes.equals(content)).toBe(true);
        await expectNothingUnfinished(server.dataFolder);
      });
    },
    60_000,
  );

  it("by many files at once of which nobody said how large they are, leaves what is kept for the log", async () => {
    const keptBytes = 16 * MiB;
    await onSmallDisk(keptBytes, async ({ server, alice, bob }) => {
      const content = randomBytes(40 * MiB);
      const ids: string[] = [];
      for (let n = 0; n < 8; n++) ids.push(await beginUpload(alice, { name: `${n}.bin` }));
      const lines = ids.map((id) => chunksOf(id, content));
      for (const n of lines[0]?.keys() ?? []) for (const chunks of lines) alice.send(chunks[n] ?? {});
      for (const _ of ids) await alice.next("error");
      expect(new Set(alice.all("error").map(({ code }) => code))).toEqual(new Set(["storage-full"]));
      expect(await freeBytes(server.dataFolder)).toBeGreaterThan(keptBytes / 2);
      expect(outcome(await bob.ask({ type: "message", id: "m", text: "still here" }))).toBe("message");
    });
  }, 60_000);

  it("for the database, refuses what cannot be recorded, and loses nothing that was", async () => {
    await onSmallDisk(0, async ({ alice, bob, fill }) => {
      const content = randomBytes(chunkBytes);
      await bob.ask({ type: "message", id: "m0", text: "before" });
      await fill(0);
      const texts = Array.from({ length: 300 }, (_, n) => ({
        type: "message",
        id: `m${n + 1}`,
        text: "x".repeat(9000),
      }));
      const said = await bob.answersTo(...texts);
      expect(said.map(outcome)).toContain("storage-full");
      expect(outcome(await alice.ask({ type: "upload", id: "u", name: "a.bin", size: 9 }))).toBe(
        "storage-full",
      );
      const line = { type: "upload", id: "l", name: "l.bin", data: content.toString("base64") };
      expect(outcome(await alice.ask(line))).toBe("storage-full");

      await fill(undefined);
      const repeated = await bob.answersTo(...texts);
      expect(new Set(repeated.map(outcome))).toEqual(
        new Set(
          ["recorded", "message"].filter((what) => repeated.some((answer) => outcome(answer) === what)),
        ),
      );
      expect(outcome(await alice.ask(line))).toBe("file");
      const { head } = await bob.ask({ type: "join", id: "j", room: "lab" });
      expect(head).toBe(302);
    });
  });
});
