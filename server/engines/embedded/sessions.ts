// Guests' sessions: a token that proves who somebody was, signed with a key in the data folder, so that a
// session outlives the server and costs no write. Called by directory.ts.
//
//   token = version "." sender "." issued "." signature      (the sender is 128 random bits, issued is in ms)
//   signature = HMAC-SHA-256 over everything before it and the key of the name that the session is bound to

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { hasCode, writeDurableFile } from "./disk.js";

/** A session is accepted for this long after it was issued, or after its last connection ended. */
export const sessionLifetimeMs = 24 * 3600 * 1000;

const keyBytes = 32;

export interface Session {
  readonly sender: string;
  readonly issuedMs: number;
}

export function newSender(): string {
  return randomBytes(16).toString("base64url");
}

export function signSession(key: Buffer, nameKey: string, session: Session): string {
  const claim = `1.${session.sender}.${session.issuedMs.toString(36)}`;
  return `${claim}.${signature(key, claim, nameKey).toString("base64url")}`;
}

/** The session of a token; undefined when this server did not sign it for that name. Age is the caller's. */
export function verifySession(key: Buffer, nameKey: string, token: string): Session | undefined {
  const parts = /^(1\.([\w-]{22})\.([0-9a-z]{1,11}))\.([\w-]{43})$/.exec(token);
  const [, claim, sender, issued, signed] = parts ?? [];
  if (claim === undefined || sender === undefined || issued === undefined || signed === undefined)
    return undefined;
  const expected = signature(key, claim, nameKey);
  const presented = Buffer.from(signed, "base64url");
  if (presented.length !== expected.length || !timingSafeEqual(presented, expected)) return undefined;
  return { sender, issuedMs: Number.parseInt(issued, 36) };
}

/** Reads the signing key of a data folder, or makes one, readable by its owner alone and synced. */
export async function openSessionKey(path: string): Promise<Buffer> {
  const stored = await readKey(path);
  if (stored !== undefined) return stored;
  const key = randomBytes(keyBytes);
  await writeDurableFile(path, key);
  return key;
}

async function readKey(path: string): Promise<Buffer | undefined> {
  try {
    const key = await readFile(path);
    if (key.length !== keyBytes) throw new Error(`${path} is damaged: it should have ${keyBytes} bytes.`);
    return key;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

function signature(key: Buffer, claim: string, nameKey: string): Buffer {
  return createHmac("sha256", key).update(claim).update("\0").update(nameKey).digest();
}
