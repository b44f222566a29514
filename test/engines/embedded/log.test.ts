// What the embedded log owes beyond the contract: bounds, and a named end when its file is gone.

import { rm } from "node:fs/promises";
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
  it("bounds the bytes of a commit, and asks senders to pause while much waits", async () => {
    const { log } = await openTestEngine(await temporaryFolder());
    const commits: number[] = [];
    await log.subscribe(lab, ({ bytes }) => commits.push(bytes.length));
    expect(log.backlog()).toBeUndefined();
    const appends = Array.from({ length: 300 }, () => log.append(lab, [say("x".repeat(60_000))]));
    const backlog = log.backlog();
    expect(backlog).toBeInstanceOf(Promise);
    await backlog;
    expect(log.backlog()).toBeUndefined();
    await Promise.all(appends);
    expect(commits.length).toBeGreaterThan(10);
    expect(Math.max(...commits)).toBeLessThan(2 * MiB);
  });

  it("refuses to record when its database was removed, because nothing of it would last", async () => {
    const folder = await temporaryFolder();
    const { log } = await openTestEngine(folder);
    expect(await log.append(lab, [say("kept")])).toEqual([{ seq: 1 }]);
    await rm(join(folder, "roomline.db"));
    const [refused] = await log.append(lab, [say("lost")]);
    expect(refused).toMatchObject({ error: { code: "internal" } });
  });
});
