// The log on a disk that fails it (HOSTILE X3): full, read-only, locked by somebody else, damaged. What is refused is
// refused with a name and leaves no hole, reading goes on, and what was recorded is there when the disk is well again.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Appended, Engine, RoomLog } from "../../../server/engine.js";
import { freeBytes } from "../../../server/engines/embedded/disk.js";
import { parseRoomName } from "../../../shared/names.js";
import { message } from "../../contracts/repeats.contract.js";
import { cleanUp } from "../../support/cleanup.js";
import { projectFolder } from "../../support/program.js";
import { openTestEngine, temporaryFolder } from "../../support/server.js";
import { mountSmallDisk } from "../../support/small-disk.js";
import { change } from "./raw.js";

const lab = parseRoomName("lab");
const MiB = 1024 * 1024;
const unwritable = {
  error: { code: "internal", message: "The server cannot write its log at the moment." },
};

describe("The log on a full disk", () => {
  it("refuses with storage-full, is read, and goes on without a hole when there is space", async () => {
    const folder = await temporaryFolder();
    await using disk = await mountSmallDisk(folder, "size=16m");
    if (!disk.isMounted) return;
    const { log } = await openTestEngine(folder, { segmentEntries: 50 });
    const kept = await appendUntil(log, 60, () => false);
    const ballast = join(folder, "ballast");
    await writeFile(ballast, new Uint8Array((await freeBytes(folder)) - MiB));

    const filled = await appendUntil(log, 2000, ({ appended }) => "error" in appended);
    expect(filled.at(-1)?.appended).toMatchObject({ error: { code: "storage-full" } });
    expect((await log.append(lab, [message("more", { text: big })])).map(codeOf)).toEqual(["storage-full"]);
    // A repeat needs no room.
    const mixed = [
      message("m1", { text: big }),
      message("m1", { text: "other" }),
      message("new", { text: big }),
    ];
    const [repeat, ...others] = await log.append(lab, mixed);
    expect(repeat).toEqual({ duplicate: 1 });
    expect(others.map(codeOf)).toEqual(["id-reused", "storage-full"]);
    const head = kept.length + filled.length - 1;
    expect(await log.read(lab, { limit: 1 })).toMatchObject({ from: head, to: head });
    expect(await log.find(lab, "alice", "m1")).toMatchObject({ seq: 1 });
    const { head: told } = await log.subscribe(lab, () => undefined);
    expect(told).toBe(head);

    await rm(ballast);
    const refused = filled.at(-1)?.id ?? "";
    expect(await log.append(lab, [message(refused, { text: big })])).toEqual([{ seq: head + 1 }]);
    expect(await log.append(lab, [message("m1", { text: big })])).toEqual([{ duplicate: 1 }]);
    expect(await log.append(lab, [message(refused, { text: big })])).toEqual([{ duplicate: head + 1 }]);
  });
});

describe("The log on a read-only disk", () => {
  it("is not opened, and has everything when it can be written again", async () => {
    const folder = await temporaryFolder();
    await using disk = await mountSmallDisk(folder, "size=16m");
    if (!disk.isMounted) return;
    const engine = await openTestEngine(folder);
    await engine.log.append(lab, [message("m1")]);
    await engine.close();
    await remount(folder, "ro");
    await expect(openTestEngine(folder)).rejects.toThrow(/read-only/);
    await remount(folder, "rw");
    const { log } = await openTestEngine(folder);
    expect(await log.append(lab, [message("m1"), message("m2")])).toEqual([{ duplicate: 1 }, { seq: 2 }]);
  });
});

describe("The log in a database that somebody else locks", () => {
  it("refuses after a while with a sentence, is read meanwhile, and goes on afterwards", async () => {
    const folder = await temporaryFolder();
    const { log } = await openTestEngine(folder);
    await log.append(lab, [message("m1")]);
    const unlock = await lockDatabase(folder);

    let isAnswered = false;
    const appended = log.append(lab, [message("m2")]).finally(() => (isAnswered = true));
    const page = await log.read(lab, { after: 0, limit: 10 });

    expect(isAnswered).toBe(false);
    expect(page).toMatchObject({ from: 1, to: 1 });
    expect(await appended).toMatchObject([unwritable]);
    const [refused] = await appended;
    expect(refused && "error" in refused && String(refused.error.cause)).toMatch(/locked/);
    await unlock();
    expect(await log.append(lab, [message("m2")])).toEqual([{ seq: 2 }]);
  });
});

describe("The log in a damaged database", () => {
  it("answers with errors and does not end the process", async () => {
    const { folder, engine } = await bigLog();
    await damage(folder);
    const { log } = engine;
    await expect(log.read(lab, { after: 3000, limit: 10 })).rejects.toThrow(/malformed|not a database/);
    await expect(log.find(lab, "alice", "m10")).rejects.toThrow(/malformed|not a database/);
    // What SQLite has in memory may still take an entry; what it reads from the disk is refused.
    const [appended] = await log.append(lab, [message("m10", { text: "other" })]);
    expect(appended).toMatchObject(unwritable);
    await expect(Promise.race([engine.failed, Promise.resolve("goes on")])).resolves.toBe("goes on");
  });

  it("is not opened, and the reason is one sentence", async () => {
    const { folder, engine } = await bigLog();
    await engine.close();
    await damage(folder);
    await expect(openTestEngine(folder)).rejects.toThrow(
      /The database \S+roomline\.db cannot be used: [^\n]*(malformed|not a database)[^\n]*\.$/,
    );
  });
});

const big = "x".repeat(12_000);

interface Answered {
  readonly id: string;
  readonly appended: Appended;
}

/** Appends one big message after another, at most so many, and answers what became of each, the last included. */
async function appendUntil(
  log: RoomLog,
  most: number,
  isEnd: (answered: Answered) => boolean,
): Promise<Answered[]> {
  const answered: Answered[] = [];
  const { head } = await log.subscribe(lab, () => undefined);
  for (let n = 1; n <= most; n++) {
    const id = `m${head + n}`;
    const [appended] = await log.append(lab, [message(id, { text: big })]);
    if (appended === undefined) throw new Error("An append was not answered.");
    answered.push({ id, appended });
    if (isEnd({ id, appended })) break;
  }
  return answered;
}

function codeOf(appended: Appended): string | undefined {
  return "error" in appended ? appended.error.code : undefined;
}

async function remount(folder: string, how: "ro" | "rw"): Promise<void> {
  await promisify(execFile)("mount", ["-o", `remount,${how}`, folder]);
}

/** Another process begins to write, and does not end until it is told to. */
async function lockDatabase(folder: string): Promise<() => Promise<void>> {
  const script = `
    const { DatabaseSync } = require("@photostructure/sqlite");
    const database = new DatabaseSync(process.argv[1]);
    database.exec("BEGIN IMMEDIATE");
    console.log("locked");
    process.stdin.resume();
    process.stdin.on("end", () => database.close());
  `;
  const child = spawn(process.execPath, ["-e", script, "--", join(folder, "roomline.db")], {
    cwd: projectFolder,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const unlock = async () => {
    child.stdin.end();
    await exited;
  };
  cleanUp(unlock);
  await once(child.stdout, "data");
  return unlock;
}

/** A log of some MiB that is in the database itself and not in its journal. */
async function bigLog(): Promise<{ folder: string; engine: Engine }> {
  const folder = await temporaryFolder();
  const before = await openTestEngine(folder);
  for (let n = 0; n < 4000; n += 500) {
    const drafts = Array.from({ length: 500 }, (_, k) => message(`m${n + k}`, { text: "x".repeat(1000) }));
    await before.log.append(lab, drafts);
  }
  await before.close();
  return { folder, engine: await openTestEngine(folder) };
}

/** Overwrites everything but the first page. */
async function damage(folder: string): Promise<void> {
  change(folder, (database) => {
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  });
  const path = join(folder, "roomline.db");
  const { length } = await readFile(path);
  const file = await open(path, "r+");
  try {
    await file.write(new Uint8Array(length - 4096).fill(0xa5), 0, length - 4096, 4096);
  } finally {
    await file.close();
  }
}
