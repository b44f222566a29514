// What need not be kept goes while the server runs and serves: by age, count and bytes, for the server and for single
// rooms; its space goes back to the disk, and who was away is told what is lost.

import { setTimeout as sleep } from "node:timers/promises";
import { statSync } from "node:fs";
import { join } from "node:path";
import type { Keep, Retention } from "../../server/engine.js";
import { change } from "../engines/embedded/raw.js";
import { expectNothingKept, keptFiles } from "../server/handlers/transfers.js";
import { markOf, marksIn } from "../support/marks.js";
import { joinRoom, type Answer, type Peer } from "../support/peer.js";
import { startServer } from "../support/server.js";

const dayMs = 24 * 3600 * 1000;
const yearOfEntries = 40_000;

/** It is looked for what need not be kept ten times a second. */
const keeping = (keep: Partial<Keep>, rooms: Retention["rooms"] = new Map()) => ({
  retention: { all: { keepsFiles: false, ...keep }, rooms },
  retentionEveryMs: 100,
});

const sizeOf = (folder: string) => statSync(join(folder, "roomline.db")).size;

/** A room with entries of a year, evenly. Its log is made by a server, and then made older. */
async function makeYear(): Promise<string> {
  const server = await startServer();
  const { dataFolder } = server;
  const alice = await joinRoom(server.port, "alice");
  const text = "x".repeat(200);
  for (let sent = 0; sent < yearOfEntries; sent += 200) {
    await alice.answersTo(...Array.from({ length: 200 }, () => ({ type: "message", text })));
    alice.forget();
  }
  await server.close();
  const step = Math.floor((365 * dayMs) / yearOfEntries);
  change(dataFolder, (database) =>
    database.prepare("UPDATE entries SET time = ? - (? - seq) * ?").run(Date.now(), yearOfEntries, step),
  );
  return dataFolder;
}

/** Asks for the oldest entries until they begin at a number that fits. */
async function oldest(peer: Peer, fits: (from: number) => boolean): Promise<number> {
  for (let attempt = 0; ; attempt++) {
    const id = `oldest-${attempt}`;
    const { from } = await peer.ask({ type: "history", id, after: 0, limit: 1 });
    if (fits(Number(from))) return Number(from);
    await sleep(50);
  }
}

/** Joins again behind a number, and returns all lines from `joined` to `live`. */
async function replaySince(peer: Peer, since: number): Promise<Answer[]> {
  const start = peer.received.length;
  peer.send({ type: "join", room: "lab", since });
  await peer.next("live");
  const lines = peer.received.slice(start).filter(({ type }) => type !== "presence");
  return lines.slice(lines.findIndex(({ type }) => type === "joined"));
}

describe("Retention", () => {
  it("takes a year down to a week while it serves, gives the space back, and tells who was away", async () => {
    const dataFolder = await makeYear();
    const before = sizeOf(dataFolder);
    const { port } = await startServer({ dataFolder, ...keeping({ ageMs: 7 * dayMs }) });
    const alice = await joinRoom(port, "alice");
    const first = yearOfEntries - Math.floor((7 / 365) * yearOfEntries);
    const talking = (async () => {
      for (let n = 0; n < 300; n++) {
        await alice.ask({ type: "message", id: `m${n}`, text: "still here" });
        await sleep(5);
      }
    })();
    const reader = await joinRoom(port, "bob");
    const from = await oldest(reader, (number) => number >= first);
    expect(from).toBeGreaterThanOrEqual(first);
    expect(from).toBeLessThan(first + 50);
    await talking;
    // SQLite cuts its file at the next checkpoint.
    for (let wait = 0; wait < 200 && sizeOf(dataFolder) > before / 4; wait++) {
      await alice.ask({ type: "message", id: `w${wait}`, text: "x".repeat(10_000) });
      await sleep(50);
    }
    expect(sizeOf(dataFolder)).toBeLessThan(before / 4);

    const back = await replaySince(reader, 100);
    const [joined, page] = back;
    expect(joined).toMatchObject({ type: "joined" });
    expect(page).toMatchObject({ type: "history", lost: { from: 101, to: Number(page?.from) - 1 } });
    expect(Number(page?.from)).toBeGreaterThanOrEqual(first);
    const seqs = back.filter(({ type }) => type === "message").map(({ seq }) => Number(seq));
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, n) => Number(page?.from) + n));
    expect(seqs.at(-1)).toBeGreaterThanOrEqual(yearOfEntries + 300);
    expect(back.at(-1)).toMatchObject({ type: "live", head: seqs.at(-1) });
  }, 120_000);

  it("keeps so many entries of each room, another number of one, and goes on with the numbers", async () => {
    const server = await startServer(
      keeping({ entries: 5 }, new Map([["den", { entries: 12, keepsFiles: false }]])),
    );
    const alice = await joinRoom(server.port, "alice");
    await alice.ask({ type: "join", id: "j", room: "den" });
    for (const room of ["lab", "den"])
      await alice.answersTo(...Array.from({ length: 30 }, () => ({ type: "message", room, text: "hi" })));
    const oldestOf = async (room: string, wanted: number) => {
      for (let n = 0; ; n++) {
        const page = await alice.ask({ type: "history", id: `${room}-${n}`, room, after: 0, limit: 1 });
        if (page.from === wanted) return page;
        await sleep(20);
      }
    };
    expect(await oldestOf("lab", 26)).toMatchObject({ lost: { from: 1, to: 25 } });
    expect(await oldestOf("den", 19)).toMatchObject({ lost: { from: 1, to: 18 } });
    await server.close();
    const again = await startServer({ dataFolder: server.dataFolder, ...keeping({ entries: 0 }) });
    const bob = await joinRoom(again.port, "bob");
    for (let n = 0; ; n++) {
      const page = await bob.ask({ type: "history", id: `h${n}`, after: 0 });
      if (page.count === 0) {
        expect(page).toMatchObject({ from: 1, to: 0, more: false, lost: { from: 1, to: 30 } });
        break;
      }
      await sleep(20);
    }
    expect(await bob.ask({ type: "message", id: "m", text: "and on" })).toMatchObject({ seq: 31 });
  }, 60_000);

  it("keeps so many bytes, files among them, and takes files with their entries, unless they stay", async () => {
    for (const keepsFiles of [false, true]) {
      const { port, dataFolder } = await startServer(keeping({ bytes: 60_000, keepsFiles }));
      const alice = await joinRoom(port, "alice");
      for (let n = 0; n < 10; n++) {
        const data = Buffer.alloc(30_000, n).toString("base64");
        await alice.ask({ type: "upload", id: `u${n}`, name: `file ${n}.bin`, data });
      }
      await alice.answersTo(
        ...Array.from({ length: 40 }, () => ({ type: "message", text: "x".repeat(2000) })),
      );
      // 2025 bytes each: 29 of them fit.
      await oldest(alice, (number) => number === 22);
      const { files } = await alice.ask({ type: "files", id: "f" });
      expect(files).toHaveLength(keepsFiles ? 10 : 0);
      if (keepsFiles) {
        expect(await keptFiles(dataFolder)).toHaveLength(10);
        const file = await alice.ask({ type: "download", id: "d", name: "file 3.bin" });
        expect(file).toMatchObject({ type: "downloading", size: 30_000 });
      } else {
        await expectNothingKept(dataFolder);
      }
    }
  }, 60_000);

  it("leaves nothing of what is gone in the database, and finds nothing of it", async () => {
    const server = await startServer(keeping({ entries: 10 }));
    const alice = await joinRoom(server.port, "alice");
    const marks = Array.from({ length: 200 }, (_, n) => markOf(n));
    await alice.answersTo(...marks.map((text) => ({ type: "message", text })));
    await oldest(alice, (number) => number === 191);
    const found = await alice.answersTo(...marks.map((query, n) => ({ type: "search", id: `s${n}`, query })));
    expect(found.filter(({ type }) => type === "message")).toHaveLength(10);
    await server.close();
    const left = await marksIn(server.dataFolder, marks, (file) => file === "roomline.db");
    expect(left.sort()).toEqual(marks.slice(-10).sort());
  }, 60_000);
});
