// Files sent and fetched as a stranger would, for the tests of the verbs that carry them.

import { createCipheriv, createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Answer, Peer } from "../../support/peer.js";

/** What `limits.chunkBytes` says by default. */
export const chunkBytes = 48 * 1024;

/** Bytes that are the same at every run and do not repeat: a key stream, which no seed shares with another. */
export function someBytes(length: number, seed = 1): Buffer {
  return createCipheriv("aes-128-ctr", Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(length));
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Begins an upload and returns its id. */
export async function beginUpload(peer: Peer, request: { name: string; [field: string]: unknown }) {
  const answer = await peer.ask({ type: "upload", id: `begin ${request.name}`, ...request });
  if (answer.type !== "uploading") throw new Error(`No upload began: ${JSON.stringify(answer)}`);
  return String(answer.upload);
}

/** The `chunk` requests that carry some bytes. */
export function chunksOf(upload: string, bytes: Buffer, size = chunkBytes) {
  const chunks = [];
  for (let offset = 0; offset < bytes.length; offset += size) {
    const data = bytes.toString("base64", offset, Math.min(offset + size, bytes.length));
    chunks.push({ type: "chunk", upload, offset, data });
  }
  return chunks;
}

/** So far: none may have the id of another. */
let uploads = 0;

/** Uploads in chunks and returns the file's entry. */
export async function uploadFile(peer: Peer, name: string, bytes: Buffer): Promise<Answer> {
  const id = `${++uploads}`;
  const upload = await beginUpload(peer, { id, name, size: bytes.length });
  for (const chunk of chunksOf(upload, bytes)) peer.send(chunk);
  return peer.next((answer) => answer.type === "file" && answer.id === id);
}

/** Downloads and returns the header, the chunks and the bytes they carry. */
export async function downloadFile(peer: Peer, request: { id: string; [field: string]: unknown }) {
  const { id } = request;
  peer.send({ type: "download", ...request });
  const header = await peer.next((answer) => answer.id === id);
  if (header.type !== "downloading") return { header, chunks: [], bytes: Buffer.alloc(0) };
  await peer.next((answer) => answer.type === "chunk" && answer.id === id && answer.last === true);
  const chunks = peer.all("chunk").filter((answer) => answer.id === id);
  const bytes = Buffer.concat(chunks.map((chunk) => Buffer.from(String(chunk.data), "base64")));
  return { header, chunks, bytes };
}

/** What is in the data folder beside files: the database and its lock, the search index, and two secrets. */
export const ownFile = /^(roomline\..*|search\.db(-wal|-shm)?|session\.key|operator\.token)$/;

/** Files the server keeps: paths below the data folder. */
export async function keptFiles(dataFolder: string): Promise<string[]> {
  const names = await readdir(dataFolder, { recursive: true, withFileTypes: true });
  return names
    .filter((entry) => entry.isFile() && !ownFile.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(dataFolder.length + 1))
    .sort();
}

/** Waits until the server keeps nothing of an upload any more; answers do not wait for the disk to forget. */
export async function expectNothingKept(dataFolder: string): Promise<void> {
  for (let wait = 0; wait < 500 && (await keptFiles(dataFolder)).length > 0; wait++) await sleep(10);
  expect(await keptFiles(dataFolder)).toEqual([]);
}
