// What is to be taken away: all that is too old as soon as it is looked at, and nothing because something else went.

import { openTestEngine, temporaryFolder } from "../../support/server.js";
import { lab, text } from "../../contracts/drafts.js";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { openForReading } from "../../../server/engines/embedded/database.js";
import { Overdue } from "../../../server/engines/embedded/overdue.js";
import { erase } from "../../contracts/drafts.js";
import { change } from "./raw.js";

const hourMs = 3600 * 1000;
const old = 22_000;

/** A folder whose engine has stopped, with so many entries of yesterday and one of now. */
async function folderOfYesterday(): Promise<string> {
  const folder = await temporaryFolder();
  const engine = await openTestEngine(folder);
  for (let n = 0; n < old; n += 2000) {
    await engine.log.append(
      lab,
      Array.from({ length: 2000 }, () => text("old")),
    );
  }
  await engine.log.append(lab, [text("new")]);
  await engine.close();
  change(folder, (database) =>
    database.prepare("UPDATE entries SET time = time - ? WHERE seq <= ?").run(24 * hourMs, old),
  );
  return folder;
}

describe("Retention by age", () => {
  it("takes away in one round all that is too old, however much it is", async () => {
    const folder = await folderOfYesterday();
    const retention = { all: { ageMs: hourMs, keepsFiles: false }, rooms: new Map() };
    const engine = await openTestEngine(folder, { retention, retentionEveryMs: 24 * hourMs });
    const lowest = async () => (await engine.log.read(lab, { after: 0, limit: 1 })).from;
    while ((await lowest()) <= old) await sleep(20);

    expect(await lowest()).toBe(old + 1);
  });
});

describe("Retention by bytes", () => {
  it("counts what was deleted no more, and takes nothing away for it", async () => {
    const folder = await temporaryFolder();
    const { log } = await openTestEngine(folder);
    const database = openForReading(join(folder, "roomline.db"));
    const overdue = new Overdue(database);
    const all = { bytes: 45_000, keepsFiles: false };
    const cuts = () => {
      for (;;) {
        const call = { retention: { all, rooms: new Map() }, nowMs: Date.now(), after: "", limit: 10 };
        const { logs, isCounting } = overdue.page(call);
        if (!isCounting) return logs.map(({ to }) => to);
      }
    };
    const thousands = (count: number) => Array.from({ length: count }, () => text("x".repeat(970)));
    await log.append(lab, thousands(40));
    expect(cuts()).toEqual([]);
    await log.append(
      lab,
      Array.from({ length: 20 }, (_, n) => erase(2 * n + 1)),
    );
    await log.append(lab, thousands(20));
    expect(cuts()).toEqual([]);
    await log.append(lab, thousands(20));
    const [cut = 0] = cuts();
    expect(cut).toBeGreaterThan(10);
    expect(cut).toBeLessThan(40);
    database.close();
  });
});
