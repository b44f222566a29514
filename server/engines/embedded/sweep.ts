// Drops the blobs that no entry refers to: what a process leaves that ends between making a blob and recording its
// entry. Only while nobody else writes in the folder, which is when it is opened.
//
// It lists names, which is safe in this folder alone: it is ours, and every name in it is a hash that we made.
// Anything else that lies there is left alone.

import { readdir, unlink } from "node:fs/promises";
import { join } from "node:path";

/** Asks the log which of some hashes no entry refers to. */
export type FindOrphans = (hashes: readonly string[]) => Promise<readonly string[]>;

/** Hashes of one question: enough to make it cheap, few enough to hold. */
const hashesAtOnce = 1000;

/** @param folder of the blobs, `ab/cdef…` */
export async function sweepBlobs(folder: string, findOrphans: FindOrphans): Promise<void> {
  for (const shard of await readdir(folder, { withFileTypes: true })) {
    if (!shard.isDirectory() || !/^[0-9a-f]{2}$/.test(shard.name)) continue;
    const hashes = await blobsOf(folder, shard.name);
    for (let at = 0; at < hashes.length; at += hashesAtOnce)
      for (const sha256 of await findOrphans(hashes.slice(at, at + hashesAtOnce)))
        // Not synced: a name that a power cut brings back is swept again.
        await unlink(join(folder, sha256.slice(0, 2), sha256.slice(2)));
  }
}

async function blobsOf(folder: string, shard: string): Promise<string[]> {
  const files = await readdir(join(folder, shard), { withFileTypes: true });
  return files
    .filter((file) => file.isFile() && /^[0-9a-f]{62}$/.test(file.name))
    .map((file) => shard + file.name);
}
