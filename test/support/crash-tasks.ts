// What a writer wants recorded: a message, a file in one line or a file in chunks. All of it follows from its
// id, so that it can be sent again after any break, and checked without being kept.

import { createCipheriv, hash } from "node:crypto";

export interface Task {
  readonly id: string;
  readonly request: object;
  /** The chunks for an upload that the server has begun for this task, or goes on with. */
  readonly chunks?: (upload: string, offset: number) => object[];
}

const chunkBytes = 48 * 1024;
const maxInLineBytes = 20_000;
const maxInChunksBytes = 150_000;

export function messageTask(id: string, room: string): Task {
  const text = `${id} `.repeat(1 + (digestOf(id).readUInt8(0) % 12));
  return { id, request: { type: "message", room, id, text } };
}

export function fileTask(id: string, room: string): Task {
  const content = contentOf(id);
  const request = { type: "upload", room, id, name: `${id.slice(0, 1)}.bin` };
  if (!isInChunks(id)) return { id, request: { ...request, data: content.toString("base64") } };
  return {
    id,
    request: { ...request, size: content.length },
    chunks: (upload, offset) => chunksOf(upload, content, offset),
  };
}

/** Of the file with this id: different for every id. */
export function contentOf(id: string): Buffer {
  const digest = digestOf(id);
  const bytes = digest.readUInt32BE(0) % (isInChunks(id) ? maxInChunksBytes : maxInLineBytes);
  return createCipheriv("aes-128-ctr", digest.subarray(0, 16), Buffer.alloc(16)).update(
    Buffer.alloc(16 + bytes),
  );
}

function isInChunks(id: string): boolean {
  return digestOf(id).readUInt8(4) % 2 === 0;
}

function chunksOf(upload: string, content: Buffer, start: number): object[] {
  const chunks = [];
  for (let offset = start; offset < content.length; offset += chunkBytes) {
    const data = content.toString("base64", offset, Math.min(offset + chunkBytes, content.length));
    chunks.push({ type: "chunk", upload, offset, data });
  }
  return chunks;
}

function digestOf(id: string): Buffer {
  return hash("sha256", id, "buffer");
}
