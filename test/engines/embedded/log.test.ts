// What the embedded log owes beyond the contract: bounds, and a named end when its file is gone.

import { rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Draft } from "../../../server/engine.js";
import { bodyOf } from "../../../shared/entry.js";
import { parseRoomName } from "../../../shared/names.js";
import { openTestEngine, temporaryFolder } from "../../support/server.js";

const lab = parseRoomName("lab");
const MiB = 1024 * 1024;

function say(text: string): Draft {
  return { type: "message", sender: "s", id: undefined, body: bodyOf({ from: "alice", text }) };
}

describe("EmbeddedLog", () => {
  it("bounds the bytes of a commit", async () => {
    const { log } = await openTestEngine(await temporaryFolder());
    const commits: number[] = [];
    await log.subscribe(lab, ({ bytes }) => commits.push(bytes.length));
    const appends = Array.from({ length: 300 }, () => log.append(lab, [say("x".repeat(60_000))]));
    await Promise.all(appends);
    expect(commits.length).toBeGreaterThan(10);
    expect(Math.max(...commits)).toBeLessThan(2 * MiB);
  });

  it.each<[string, (path: string) => Promise<void>]>([
    ["database was removed", (path) => rm(path)],
    ["write-ahead log was removed", (path) => rm(`${path}-wal`)],
    ["write-ahead log was emptied", (path) => truncate(`${path}-wal`)],
  ])("refuses to record when its %s, because nothing of it would last", async (_what, harm) => {
    const folder = await temporaryFolder();
    const { log } = await openTestEngine(folder);
    expect(await log.append(lab, [say("kept")])).toEqual([{ seq: 1 }]);
    expect(await log.append(lab, [say("too")])).toEqual([{ seq: 2 }]);
    await harm(join(folder, "roomline.db"));
    const [refused] = await log.append(lab, [say("lost")]);
    expect(refused).toMatchObject({ error: { code: "internal" } });
  });

  it("fails when its lock was removed, before it writes where another server may be writing", async () => {
    const folder = await temporaryFolder();
    const first = await openTestEngine(folder);
    await first.log.append(lab, [say("by the first")]);
    await rm(join(folder, "roomline.lock"));
    const second = await openTestEngine(folder);
    await second.log.append(lab, [say("by the second")]);

    await expect(first.log.append(lab, [say("lost")])).rejects.toThrow("roomline.lock was removed");

    expect((await first.failed).message).toMatch(
      /\S+roomline\.lock was removed: another server may be using/,
    );
    await expect(first.log.append(lab, [say("lost")])).rejects.toThrow("roomline.lock was removed");
    await first.close();
    expect(await second.log.append(lab, [say("by the second")])).toEqual([{ seq: 3 }]);
  });

  it("fails also when nobody else has taken its lock yet", async () => {
    const folder = await temporaryFolder();
    const { log, failed } = await openTestEngine(folder);
    await rm(join(folder, "roomline.lock"));
    await writeFile(join(folder, "roomline.lock"), "");
    await expect(log.append(lab, [say("lost")])).rejects.toThrow("roomline.lock was removed");
    expect(await failed).toBeInstanceOf(Error);
    const again = await openTestEngine(folder);
    expect(await again.log.append(lab, [say("first")])).toEqual([{ seq: 1 }]);
  });
});
