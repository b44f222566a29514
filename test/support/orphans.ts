// Compares what lies in a data folder with what its database names, while its server runs.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseSync } from "@photostructure/sqlite";
import { allFiles } from "./folders.js";

const deadlineMs = 5_000;

interface Found {
  /** What should not be there, or should and is not. */
  readonly wrongs: readonly string[];
  /** Uploads that are under way, or can be gone on with. */
  readonly uploads: readonly string[];
}

async function lookInto(dataFolder: string): Promise<Found> {
  const database = new DatabaseSync(join(dataFolder, "roomline.db"), { readOnly: true });
  // The rows first: what is shown has its blob before it, and what is being taken away loses its row first.
  const column = (sql: string) => {
    const rows = database.prepare(sql).all() as { it: unknown }[];
    return new Set(rows.map(({ it }) => String(it)));
  };
  const shown = column("SELECT DISTINCT sha256 AS it FROM files");
  const ids = column("SELECT id AS it FROM uploads");
  const held = column("SELECT blob AS it FROM uploads WHERE blob IS NOT NULL");
  database.close();
  const blobs = (await allFiles(join(dataFolder, "blobs"))).map((path) => path.replace("/", ""));
  const unfinished = await allFiles(join(dataFolder, "unfinished"));
  const wrongs = [
    ...blobs.filter((blob) => !shown.has(blob) && !held.has(blob)).map((blob) => `blob ${blob}`),
    ...unfinished.filter((id) => !ids.has(id)).map((id) => `unfinished/${id}`),
    ...[...shown].filter((hash) => !blobs.includes(hash)).map((hash) => `no blob ${hash}`),
  ];
  return { wrongs, uploads: [...ids] };
}

/** Nothing lies there without a row, and no file is shown without its bytes. */
export async function expectNoOrphans(dataFolder: string): Promise<void> {
  expect((await settled(dataFolder, ({ wrongs }) => wrongs.length === 0)).wrongs).toEqual([]);
}

/** Nor is any upload left that is not a file. */
export async function expectNothingUnfinished(dataFolder: string): Promise<void> {
  const isSettled = ({ wrongs, uploads }: Found) => wrongs.length + uploads.length === 0;
  expect(await settled(dataFolder, isSettled)).toEqual({ wrongs: [], uploads: [] });
}

/** What there is when it is as it should be, or it has been long enough: answers do not wait for the disk to forget. */
async function settled(dataFolder: string, isSettled: (found: Found) => boolean): Promise<Found> {
  const end = Date.now() + deadlineMs;
  let found = await lookInto(dataFolder);
  while (!isSettled(found) && Date.now() < end) {
    await sleep(10);
    found = await lookInto(dataFolder);
  }
  return found;
}
