// Names in the data folder that more than one file needs.

import { join } from "node:path";

export const databaseFile = "roomline.db";
export const lockFile = "roomline.lock";
export const keyFile = "session.key";
export const operatorFile = "operator.token";
export const searchFile = "search.db";
export const blobsFolder = "blobs";
export const unfinishedFolder = "unfinished";

/** Where the blob of a hash is. No name that a peer chose is ever in a path. @throws Error when it is no hash */
export function blobPath(dataFolder: string, sha256: string): string {
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new Error(`${JSON.stringify(sha256)} is no SHA-256.`);
  return join(dataFolder, blobsFolder, sha256.slice(0, 2), sha256.slice(2));
}
