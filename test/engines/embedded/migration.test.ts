// Bringing an older database up to date: with everything in it, with a copy beside it, and whatever ends it.

import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freeBytes } from "../../../server/engines/embedded/disk.js";
import type { Draft } from "../../../server/engine.js";
import { bodyOf } from "../../../shared/entry.js";
import { parseFileName, parseRoomName } from "../../../shared/names.js";
import { erase, share } from "../../contracts/drafts.js";
import { message } from "../../contracts/repeats.contract.js";
import { uploadDraft } from "../../support/blobs.js";
import { runSeed, seededRandom } from "../../support/random.js";
import { openTestEngine, temporaryFolder } from "../../support/server.js";
import { mountSmallDisk } from "../../support/small-disk.js";
import { until } from "../../support/until.js";
import { startEngineChild } from "./child.js";
import { change, count } from "./raw.js";
import { makeFirstVersion } from "./v1.js";
import { fileEvery, makeSecondVersion } from "./v2.js";
import { makeThirdVersion } from "./v3.js";

const lab = parseRoomName("lab");
const isCopy = (name: string) => name.startsWith("roomline.db.v");
const seed = runSeed();

describe("A database of an older version", () => {
  it("is brought up to date with everything in it, and knows its repeats", async () => {
    const folder = await temporaryFolder();
    makeFirstVersion(folder, 1000);
    const engine = await openTestEngine(folder, { segmentEntries: 100 });
    expect(await engine.log.subscribe(lab, () => undefined)).toMatchObject({
      name: "Lab",
      epoch: "an epoch",
      head: 1000,
    });
    expect(await engine.log.append(lab, [message("m501"), message("m1000")])).toEqual([
      { duplicate: 501 },
      { duplicate: 1000 },
    ]);
    expect(await engine.log.append(lab, [message("m500")])).toEqual([{ seq: 1001 }]);
    expect(count(folder, "PRAGMA user_version")).toBe(4);
    // More than is kept unsealed was read, and sealed on the way.
    expect(count(folder, "SELECT keyed FROM rooms")).toBe(1000);
    expect(count(folder, "SELECT sum(length(places)) / 16 FROM key_pages")).toBe(500);
  });

  it("has its files after it, and they can be asked for, deleted and searched like any others", async () => {
    const folder = await temporaryFolder();
    makeSecondVersion(folder, 1000);
    const before = change(folder, (database) => database.prepare("SELECT * FROM entries").all());
    const { catalog, log } = await openTestEngine(folder);
    expect(change(folder, (database) => database.prepare("SELECT * FROM entries").all())).toEqual(before);
    const [newest, ...others] = await catalog.files(lab, { after: undefined, limit: 200 });
    expect(newest).toMatchObject({
      seq: 1000,
      file: "f1000",
      name: "A.txt",
      version: 100,
      from: "alice",
      size: 2,
    });
    expect(newest?.time).toBe(new Date(Number(before.at(-1)?.time)).toISOString());
    expect(others).toHaveLength(99);
    const name = parseFileName("a.TXT");
    expect(await catalog.findFile(lab, { name, version: 7 })).toMatchObject({ file: "f70", seq: 70 });
    const found = await log.search(lab, { text: "a.txt", limit: 3 });
    expect(
      Array.from(
        Buffer.from(found.bytes)
          .toString()
          .matchAll(/"seq":(\d+)/g),
        ([, seq]) => seq,
      ),
    ).toEqual(["1000", "990", "980"]);
    const erase: Draft = {
      type: "delete",
      sender: "alice",
      id: "d",
      body: bodyOf({ from: "alice", target: 70 }),
      target: 70,
    };
    expect(await log.append(lab, [erase])).toEqual([{ seq: 1001 }]);
    expect(await catalog.findFile(lab, { name, version: 7 })).toBeUndefined();
  });

  it("knows whose its files are, how many bytes they have, and which versions were given", async () => {
    const folder = await temporaryFolder();
    makeThirdVersion(folder, 100);
    const engine = await openTestEngine(folder, { quotas: { senderBytes: 1018 } });
    const all = (query: string) => change(folder, (database) => database.prepare(query).all());
    expect(all("SELECT seq, sender FROM files WHERE seq IN (10, 20, 100)")).toEqual([
      { seq: 10, sender: "" },
      { seq: 20, sender: "alice" },
      { seq: 100, sender: "bob" },
    ]);
    const bytes = () => all("SELECT kind, owner, bytes FROM file_bytes ORDER BY kind, owner");
    expect(bytes()).toEqual([
      { kind: "room", owner: "1", bytes: 1018 },
      { kind: "sender", owner: "", bytes: 2 },
      { kind: "sender", owner: "alice", bytes: 16 },
      { kind: "sender", owner: "bob", bytes: 1000 },
    ]);
    expect(all("SELECT room, key, version FROM file_versions")).toEqual([
      { room: 1, key: "a.txt", version: 10 },
    ]);
    const bobs = { sender: "bob", name: parseFileName("b") };
    await expect(engine.files.begin(uploadDraft({ ...bobs, size: 19 }))).rejects.toMatchObject({
      code: "quota-exceeded",
    });
    // The newest goes, and its number with it.
    await engine.log.append(lab, [erase(100, { sender: "bob" }), share("A.TXT", { sender: "bob" })]);
    const name = parseFileName("a.txt");
    expect(await engine.catalog.findFile(lab, { name, version: undefined })).toMatchObject({ version: 11 });
    expect(bytes()).toContainEqual({ kind: "sender", owner: "bob", bytes: 0 });
    await engine.files.begin(uploadDraft({ ...bobs, size: 19 }));
    // Its bytes are the others' too.
    await until(() => count(folder, "SELECT count(*) FROM freed") === 0);
  });

  it.each([
    { version: 1, make: makeFirstVersion },
    { version: 2, make: makeSecondVersion },
    { version: 3, make: makeThirdVersion },
  ])(
    "$version has its copy until a clean stop, however often it was killed before",
    async ({ version, make }) => {
      const folder = await temporaryFolder();
      make(folder, 100);
      for (let round = 0; round < 2; round++) {
        const child = startEngineChild(folder);
        await child.printed(2);
        await child.kill();
        expect((await readdir(folder)).filter(isCopy)).toEqual([`roomline.db.v${version}`]);
      }
      await (await openTestEngine(folder)).close();
      expect((await readdir(folder)).filter(isCopy)).toEqual([]);
    },
  );

  it("is copied first, for the owner's eyes only, and the copy is as it was", async () => {
    const folder = await temporaryFolder();
    makeFirstVersion(folder, 1000);
    await writeFile(join(folder, "roomline.db.v1.part"), "of an attempt that was killed");
    await writeFile(join(folder, "roomline.db.v1"), "of an attempt that was killed later");
    await openTestEngine(folder);
    expect((await readdir(folder)).filter((name) => name.startsWith("roomline.db.v"))).toEqual([
      "roomline.db.v1",
    ]);
    expect((await stat(join(folder, "roomline.db.v1"))).mode & 0o777).toBe(0o600);
    const copy = await temporaryFolder();
    await rename(join(folder, "roomline.db.v1"), join(copy, "roomline.db"));
    expect(count(copy, "PRAGMA user_version")).toBe(1);
    expect(count(copy, "SELECT count(*) FROM entries")).toBe(1000);
    expect(count(copy, "SELECT count(*) FROM sqlite_schema WHERE name = 'key_segments'")).toBe(0);
  });

  it("is made once: a database of this version has no copy", async () => {
    const folder = await temporaryFolder();
    const engine = await openTestEngine(folder);
    await engine.close();
    await openTestEngine(folder);
    expect((await readdir(folder)).filter(isCopy)).toEqual([]);
    expect(count(folder, "PRAGMA user_version")).toBe(4);
  });

  it("has another secret than any other database", async () => {
    const secrets = await Promise.all(
      [1, 2].map(async () => {
        const folder = await temporaryFolder();
        await openTestEngine(folder);
        return change(folder, (database) =>
          String(database.prepare("SELECT secret FROM key_secret").get()?.secret),
        );
      }),
    );
    expect(secrets[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(secrets[1]).not.toBe(secrets[0]);
  });

  it("is left as it is when there is no space for its copy, and the reason is said", async () => {
    const folder = await temporaryFolder();
    await using disk = await mountSmallDisk(folder, "size=12m");
    if (!disk.isMounted) return;
    makeFirstVersion(folder, 20_000);
    await writeFile(join(folder, "ballast"), new Uint8Array((await freeBytes(folder)) - 500_000));
    await expect(openTestEngine(folder)).rejects.toThrow(
      /roomline\.db is of an older version, and cannot be .* copied to roomline\.db\.v1: .*full/,
    );
    expect((await readdir(folder)).filter((name) => name.includes(".v1"))).toEqual([]);
    expect(count(folder, "PRAGMA user_version")).toBe(1);
    expect(count(folder, "SELECT count(*) FROM entries")).toBe(20_000);
  });

  it("is as it was when a step fails, and the reason is said", async () => {
    const folder = await temporaryFolder();
    makeFirstVersion(folder, 10);
    change(folder, (database) => {
      database.exec("CREATE TABLE key_pages (in_the_way)");
    });
    await expect(openTestEngine(folder)).rejects.toThrow(/roomline\.db cannot be used: .*key_pages/);
    expect(count(folder, "PRAGMA user_version")).toBe(1);
    expect(count(folder, "SELECT count(*) FROM pragma_table_info('rooms') WHERE name = 'keyed'")).toBe(0);
    expect(count(folder, "SELECT count(*) FROM sqlite_schema WHERE name = 'key_secret'")).toBe(0);
    change(folder, (database) => {
      database.exec("DROP TABLE key_pages");
    });
    const { log } = await openTestEngine(folder);
    expect(await log.append(lab, [message("m10")])).toEqual([{ duplicate: 10 }]);
  });

  it.each([
    { version: 1, make: makeFirstVersion, lastMessage: 200_000 },
    { version: 2, make: makeSecondVersion, lastMessage: 199_999 },
  ])(
    "$version is whole, old or new, whenever the process is killed",
    async ({ version, make, lastMessage }) => {
      console.info(`seed ${seed}`);
      const random = seededRandom(seed);
      const entries = 200_000;
      const folder = await temporaryFolder();
      for (let round = 0; round < 6; round++) {
        await rm(join(folder, "roomline.db"), { force: true });
        make(folder, entries);
        const child = startEngineChild(folder);
        // From the copy's beginning to the end of reading back.
        const isCopying = async () => (await readdir(folder)).includes(`roomline.db.v${version}.part`);
        while (child.isRunning() && child.lines().length === 0 && !(await isCopying())) await sleep(1);
        await sleep(random() * 600);
        await child.kill();
        const engine = await openTestEngine(folder);
        expect(count(folder, "PRAGMA user_version")).toBe(4);
        expect(count(folder, "SELECT count(*) FROM entries")).toBeGreaterThanOrEqual(entries);
        expect(count(folder, "SELECT count(*) FROM files")).toBe(version === 1 ? 0 : entries / fileEvery);
        expect(change(folder, (database) => database.prepare("PRAGMA quick_check").all())).toEqual([
          { quick_check: "ok" },
        ]);
        expect(await engine.log.append(lab, [message(`m${lastMessage}`)])).toEqual([
          { duplicate: lastMessage },
        ]);
        expect((await readdir(folder)).filter((name) => name.includes(".part"))).toEqual([]);
        await engine.close();
        expect((await readdir(folder)).filter(isCopy)).toEqual([]);
      }
    },
  );

  it.each(["roomline.db.v1.part", "roomline.db.v1"])(
    "cannot be copied over a folder called %s",
    async (name) => {
      const folder = await temporaryFolder();
      makeFirstVersion(folder, 10);
      await mkdir(join(folder, name, "inside"), { recursive: true });
      await expect(openTestEngine(folder)).rejects.toThrow(/copied to roomline\.db\.v1/);
      expect(count(folder, "PRAGMA user_version")).toBe(1);
    },
  );
});

describe("A database of a newer version", () => {
  it("is refused with a sentence and left alone", async () => {
    const folder = await temporaryFolder();
    await (await openTestEngine(folder)).close();
    change(folder, (database) => {
      database.exec("PRAGMA user_version = 5");
    });
    await expect(openTestEngine(folder)).rejects.toThrow(
      "was written by a newer version of Roomline (schema 5).",
    );
    expect(count(folder, "PRAGMA user_version")).toBe(5);
  });
});
