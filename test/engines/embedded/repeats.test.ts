// How the embedded log keeps knowing repeats: over many sealed segments, restarts, failures and the end of the window.

import * as fc from "fast-check";
import { setTimeout as sleep } from "node:timers/promises";
import type { Appended, Draft, RoomLog } from "../../../server/engine.js";
import { bodyOf } from "../../../shared/entry.js";
import { parseFileName, parseRoomName } from "../../../shared/names.js";
import { message } from "../../contracts/repeats.contract.js";
import { openTestEngine, temporaryFolder } from "../../support/server.js";
import { startEngineChild } from "./child.js";
import { change, count } from "./raw.js";

const lab = parseRoomName("lab");
const other = parseRoomName("other");
const hourMs = 3600 * 1000;

describe("The window of repeats", () => {
  it("knows every repeat over many segments and a restart", async () => {
    const { folder, log, reopen } = await open({ segmentEntries: 40 });
    for (let n = 0; n < 30; n++) {
      await log.append(lab, messages(n * 10, 10));
      await log.append(other, [message(`m${n}`), { ...message("none"), id: undefined }]);
    }
    await settled(folder, 40);
    expect(count(folder, "SELECT count(*) FROM key_segments")).toBeGreaterThan(5);
    for (const next of [() => Promise.resolve(log), reopen]) {
      const kept = await next();
      expect(await kept.append(lab, messages(0, 300))).toEqual(duplicates(1, 300));
      expect(await kept.append(other, [message("m7"), message("m29")])).toEqual([
        { duplicate: 15 },
        { duplicate: 59 },
      ]);
      expect(await kept.append(other, [message("m0", { text: "other" })])).toMatchObject([reused]);
      expect(await kept.find(lab, "alice", "m123")).toMatchObject({ seq: 124 });
    }
  });

  it("reads back after a restart what is not sealed, and no more", async () => {
    const { folder, log } = await open({ segmentEntries: 100 });
    await log.append(lab, messages(0, 150));
    await settled(folder, 100);
    await log.append(lab, messages(150, 20));
    expect(count(folder, "SELECT keyed FROM rooms")).toBe(150);
    expect(count(folder, "SELECT count(*) FROM key_segments")).toBe(1);
    expect(count(folder, "SELECT sum(length(places)) / 16 FROM key_pages")).toBe(150);
  });

  it("seals rooms that have no ids too, so that nothing grows that is read at the start", async () => {
    const { folder, log } = await open({ segmentEntries: 100 });
    const silent = { ...message("none"), id: undefined };
    await log.append(
      lab,
      Array.from({ length: 150 }, () => silent),
    );
    await settled(folder, 100);
    expect(count(folder, "SELECT keyed FROM rooms")).toBe(150);
    expect(count(folder, "SELECT count(*) FROM key_segments")).toBe(0);
  });

  it.each([
    ["unsealed", 1000],
    ["sealed", 20],
  ])(
    "forgets %s keys when the window has passed, in a running log and after a restart",
    async (_, segmentEntries) => {
      const { folder, log, reopen } = await open({ segmentEntries, dedupeMs: hourMs });
      await log.append(lab, messages(0, 30));
      await settled(folder, segmentEntries);
      makeOlder(folder, hourMs - 20_000);
      expect(await log.append(lab, messages(0, 2))).toEqual(duplicates(1, 2));
      makeOlder(folder, 20_001);
      expect(await log.find(lab, "alice", "m1")).toBeUndefined();
      expect(await log.append(lab, [message("m0", { text: "another" })])).toEqual([{ seq: 31 }]);
      expect(await log.append(lab, [message("m0", { text: "another" })])).toEqual([{ duplicate: 31 }]);
      const again = await reopen();
      expect(await again.append(lab, [message("m0", { text: "another" }), message("m1")])).toEqual([
        { duplicate: 31 },
        { seq: 32 },
      ]);
    },
  );

  it("deletes expired segments, one with each commit", async () => {
    const { folder, log, reopen } = await open({ segmentEntries: 20, dedupeMs: hourMs });
    for (let n = 0; n < 4; n++) {
      await log.append(lab, messages(n * 20, 20));
      await settled(folder, 20);
    }
    expect(count(folder, "SELECT count(*) FROM key_segments")).toBe(4);
    makeOlder(folder, hourMs + 1);
    const again = await reopen();
    for (let n = 0; n < 8; n++) await again.append(lab, [message(`n${n}`)]);
    await again.find(lab, "alice", "n1");
    expect(count(folder, "SELECT count(*) FROM key_segments")).toBe(0);
    expect(count(folder, "SELECT count(*) FROM key_pages")).toBe(0);
    expect(await again.append(lab, [message("n1")])).toEqual([{ duplicate: 82 }]);
  });

  it("keeps nothing of a commit that was rolled back, in a room that it made and in one that was there", async () => {
    const { log } = await open({});
    const listener = { close: () => undefined };
    await log.append(other, [message("m0"), fileOf("f")]);
    await log.subscribe(other, () => listener);
    for (const room of [lab, other]) {
      // One file id cannot be used twice in a room: the second makes the whole commit fail.
      const failed = await log.append(room, [message("m1"), message("m2"), fileOf("f"), fileOf("f")]);
      expect(failed.map(codeOf)).toEqual(["internal", "internal", "internal", "internal"]);
      expect(await log.find(room, "alice", "m1")).toBeUndefined();
    }
    // The next room gets the row that the failed one had.
    expect(await log.append(parseRoomName("third"), [message("m1")])).toEqual([{ seq: 1 }]);
    expect(await log.append(lab, [message("m1"), message("m1")])).toEqual([{ seq: 1 }, { duplicate: 1 }]);
    expect(await log.append(other, [message("m2"), message("m0"), message("m1")])).toEqual([
      { seq: 3 },
      { duplicate: 1 },
      { seq: 4 },
    ]);
  });

  it("goes on while sealing fails, refuses before it holds too much, and forgets nothing", async () => {
    const { folder, log, reopen } = await open({ segmentEntries: 20 });
    await log.append(lab, messages(0, 5));
    change(folder, (database) => {
      database.exec(
        "CREATE TRIGGER full BEFORE INSERT ON key_segments BEGIN SELECT RAISE(ABORT, 'no room for keys'); END",
      );
    });
    const answers: (number | string)[] = [];
    for (let n = 0; n < 10; n++)
      answers.push(...(await log.append(lab, messages(5 + n * 5, 5))).map(seqOrCode));
    expect(answers.slice(0, 35)).toEqual(Array.from({ length: 35 }, (_, n) => n + 6));
    expect(new Set(answers.slice(35))).toEqual(new Set(["internal"]));
    expect(await log.find(lab, "alice", "m3")).toMatchObject({ seq: 4 });
    change(folder, (database) => {
      database.exec("DROP TRIGGER full");
    });
    // It tries again after a moment.
    let appended = await log.append(lab, messages(38, 5));
    for (; appended.some((each) => "error" in each); appended = await log.append(lab, messages(38, 5)))
      await sleep(50);
    expect(appended.map(seqOrCode)).toEqual(["=39", "=40", 41, 42, 43]);
    await settled(folder, 20);
    expect(await (await reopen()).append(lab, messages(0, 43))).toEqual(duplicates(1, 43));
  });

  it("knows after kill -9 every repeat of what was acknowledged", async () => {
    const folder = await temporaryFolder();
    const child = startEngineChild(folder);
    await child.printed(120);
    await child.kill();
    const acknowledged = Number(child.lines().at(-1));
    expect(acknowledged).toBeGreaterThan(2000);
    expect(count(folder, "SELECT count(*) FROM key_segments")).toBeGreaterThan(0);
    const { log } = await openTestEngine(folder);
    expect(await log.append(lab, messages(1, acknowledged))).toEqual(duplicates(1, acknowledged));
  });

  it("does what a table of everything that was ever said would do", async () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.array(drafts(), { minLength: 1, maxLength: 12 }) },
      { weight: 1, arbitrary: fc.constant("reopen" as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { log: first, reopen, close } = await open({ segmentEntries: 8 });
        const model = new Model();
        let log = first;
        for (const each of steps) {
          if (each === "reopen") log = await reopen();
          else
            expect((await appendAll(log, each)).map(seqOrCode)).toEqual(each.map((said) => model.say(said)));
        }
        await close();
      }),
      { numRuns: 25 },
    );
    // It opens an engine a hundred times.
  }, 90_000);
});

interface Said {
  readonly room: "lab" | "other";
  readonly sender: string;
  readonly id: string | undefined;
  readonly text: string;
}

/** Says what becomes of a draft, from everything that was said before. */
class Model {
  readonly #heads = new Map<string, number>();
  readonly #known = new Map<string, { seq: number; text: string }>();

  say({ room, sender, id, text }: Said): number | string {
    const key = JSON.stringify([room, sender, id]);
    const known = id === undefined ? undefined : this.#known.get(key);
    if (known !== undefined) return known.text === text ? `=${known.seq}` : "id-reused";
    const seq = (this.#heads.get(room) ?? 0) + 1;
    this.#heads.set(room, seq);
    this.#known.set(key, { seq, text });
    return seq;
  }
}

function drafts(): fc.Arbitrary<Said> {
  return fc.record({
    room: fc.constantFrom("lab", "other"),
    sender: fc.constantFrom("alice", "bob"),
    id: fc.option(fc.integer({ min: 1, max: 25 }).map(String), { nil: undefined, freq: 5 }),
    text: fc.constantFrom("hi", "hi", "hi", "other"),
  });
}

/** Each by a call of its own, at once. */
async function appendAll(log: RoomLog, said: readonly Said[]): Promise<Appended[]> {
  const calls = said.map(({ room, sender, id, text }) =>
    log.append(room === "lab" ? lab : other, [{ ...message(id ?? "", { sender, text }), id }]),
  );
  return (await Promise.all(calls)).flat();
}

const reused = { error: { code: "id-reused" } };

async function open(options: { segmentEntries?: number; dedupeMs?: number }) {
  const folder = await temporaryFolder();
  let engine = await openTestEngine(folder, options);
  const reopen = async () => {
    await engine.close();
    engine = await openTestEngine(folder, options);
    return engine.log;
  };
  return { folder, log: engine.log, reopen, close: () => engine.close() };
}

function messages(from: number, length: number): Draft[] {
  return Array.from({ length }, (_, n) => message(`m${from + n}`));
}

function duplicates(from: number, length: number): Appended[] {
  return Array.from({ length }, (_, n) => ({ duplicate: from + n }));
}

/** Resolves when fewer entries are unsealed than are sealed together. */
async function settled(folder: string, segmentEntries: number): Promise<void> {
  const unsealed = "SELECT sum((SELECT max(seq) FROM entries WHERE room = rooms.id) - keyed) FROM rooms";
  while (count(folder, unsealed) >= segmentEntries) await sleep(1);
}

/** As if everything had been recorded so much earlier. */
function makeOlder(folder: string, ms: number): void {
  change(folder, (database) => {
    database.prepare("UPDATE entries SET time = time - ?").run(ms);
    database.prepare("UPDATE key_segments SET newest = newest - ?").run(ms);
  });
}

function fileOf(file: string): Draft {
  const facts = { file, size: 0, mime: "text/plain", sha256: "0".repeat(64) };
  return {
    type: "file",
    sender: "alice",
    id: undefined,
    body: bodyOf({ from: "alice", name: "a.txt", ...facts }),
    file: { ...facts, name: parseFileName("a.txt"), author: "alice" },
  };
}

function codeOf(appended: Appended): string | undefined {
  return "error" in appended ? appended.error.code : undefined;
}

function seqOrCode(appended: Appended): number | string {
  if ("seq" in appended) return appended.seq;
  return "error" in appended ? appended.error.code : `=${appended.duplicate}`;
}
