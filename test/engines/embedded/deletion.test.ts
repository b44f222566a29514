// What was deleted is in no file: not in the database, where rows that move leave copies of themselves behind, not in
// the write-ahead logs, not in the search index.

import { setTimeout as sleep } from "node:timers/promises";
import type { Draft, Engine } from "../../../server/engine.js";
import { bodyOf } from "../../../shared/entry.js";
import { parseRoomName, type Name } from "../../../shared/names.js";
import { markOf, marksIn } from "../../support/marks.js";
import { runSeed, seededRandom } from "../../support/random.js";
import { openTestEngine, temporaryFolder } from "../../support/server.js";
import { change } from "./raw.js";

const seed = runSeed();
const random = seededRandom(seed);
const pick = (below: number) => Math.floor(random() * below);

interface Said {
  readonly room: Name;
  readonly seq: number;
  readonly mark: string;
}

let marks = 0;
/** Of sizes that fill pages unevenly; one in fifty needs pages of its own. */
function say(): { draft: Draft; mark: string } {
  const mark = markOf(marks++);
  const bytes = pick(50) === 0 ? 9000 : pick(300);
  const body = bodyOf({ from: "alice", text: `${mark} ${"x".repeat(bytes)}` });
  return { mark, draft: { type: "message", sender: "s", id: undefined, body } };
}

/** Says things in many rooms at once, so that rows come between others. */
async function talk(engine: Engine, rooms: readonly Name[], count: number): Promise<Said[]> {
  const said: Promise<Said>[] = [];
  for (let n = 0; n < count; n++) {
    const room = rooms[pick(rooms.length)] ?? parseRoomName("lab");
    const { draft, mark } = say();
    said.push(engine.log.append(room, [draft]).then(([appended]) => ({ room, mark, seq: seqOf(appended) })));
    if (n % 50 === 0) await said.at(-1);
  }
  return Promise.all(said);
}

function seqOf(appended: object | undefined): number {
  if (appended === undefined || !("seq" in appended)) throw new Error("It was not recorded.");
  return Number(appended.seq);
}

async function deleteAll(engine: Engine, said: readonly Said[]): Promise<void> {
  const drafts = said.map(({ room, seq: target }) => ({
    room,
    draft: {
      type: "delete" as const,
      sender: "s",
      id: undefined,
      body: bodyOf({ from: "alice", target }),
      target,
    },
  }));
  for (const appended of await Promise.all(drafts.map(({ room, draft }) => engine.log.append(room, [draft]))))
    seqOf(appended[0]);
}

/** Those of the marks that are still somewhere, when none is or half a minute is over. */
async function leftIn(folder: string, said: readonly Said[]): Promise<string[]> {
  for (let attempt = 0; ; attempt++) {
    const left = await marksIn(folder, marksOf(said));
    if (left.length === 0 || attempt === 30) return left;
    await sleep(1000);
  }
}

const marksOf = (said: readonly Said[]) => said.map(({ mark }) => mark);

/** Some of the list, and the others. */
function split(said: readonly Said[], share: number): { some: Said[]; others: Said[] } {
  const chosen = new Set(said.filter(() => random() < share));
  return { some: [...chosen], others: said.filter((one) => !chosen.has(one)) };
}

const roomsOf = (count: number) => Array.from({ length: count }, (_, n) => parseRoomName(`room ${n}`));

describe(`Deletion (seed ${seed})`, () => {
  it.each([1, 7, 300])(
    "leaves nothing of a text in any file, while the engine runs: %i rooms",
    async (count) => {
      const folder = await temporaryFolder();
      const engine = await openTestEngine(folder);
      const rooms = roomsOf(count);
      const { some, others } = split(await talk(engine, rooms, 15_000), 0.1);
      await engine.log.search(parseRoomName("room 0"), { text: "x", limit: 1 });
      await deleteAll(engine, some);
      // Others go on, so that pages with copies of what was deleted are written again.
      const later = split(await talk(engine, rooms, 3000), 0.5);
      await deleteAll(engine, later.some);
      const kept = [...others, ...later.others];
      const gone = [...some, ...later.some];
      expect(await leftIn(folder, gone)).toEqual([]);
      expect(await marksIn(folder, marksOf(kept))).toHaveLength(kept.length);
      expect(integrityOf(folder)).toBe("ok");
    },
    120_000,
  );

  it("brings nothing back out of memory with the pages that are written next", async () => {
    const folder = await temporaryFolder();
    const engine = await openTestEngine(folder);
    const { some, others } = split(await talk(engine, roomsOf(7), 4000), 0.3);
    await deleteAll(engine, some);
    expect(await leftIn(folder, some)).toEqual([]);
    await deleteAll(engine, split(others, 0.3).some);
    expect(await marksIn(folder, marksOf(some))).toEqual([]);
  }, 60_000);

  it("leaves nothing after a stop that comes at once", async () => {
    const folder = await temporaryFolder();
    const engine = await openTestEngine(folder);
    const { some } = split(await talk(engine, roomsOf(20), 4000), 0.2);
    await deleteAll(engine, some);
    await engine.close();
    expect(await marksIn(folder, marksOf(some))).toEqual([]);
  }, 60_000);

  it("leaves nothing of what was pruned, gives its pages back, and keeps what is left whole", async () => {
    const folder = await temporaryFolder();
    const keep = { all: { entries: 20, keepsFiles: false }, rooms: new Map() };
    const engine = await openTestEngine(folder, { retention: keep, retentionEveryMs: 200 });
    const rooms = roomsOf(30);
    const said = await talk(engine, rooms, 15_000);
    const heads = new Map(rooms.map(({ key }) => [key, 0]));
    for (const { room, seq } of said) heads.set(room.key, Math.max(heads.get(room.key) ?? 0, seq));
    const isKept = ({ room, seq }: Said) => seq > (heads.get(room.key) ?? 0) - 20;
    const kept = said.filter(isKept);
    for (;;) {
      const pages = await Promise.all(rooms.map((room) => engine.log.read(room, { after: 0, limit: 100 })));
      if (pages.every(({ from, to }) => to - from === 19)) break;
      await sleep(100);
    }
    // A delete purges the write-ahead log of the index, too.
    await engine.close();
    expect(await marksIn(folder, marksOf(kept))).toHaveLength(kept.length);
    expect(change(folder, (database) => database.prepare("SELECT count(*) AS n FROM entries").get()?.n)).toBe(
      600,
    );
    expect(integrityOf(folder)).toBe("ok");
  }, 60_000);
});

function integrityOf(folder: string): unknown {
  return change(folder, (database) => database.prepare("PRAGMA integrity_check").get()?.integrity_check);
}
