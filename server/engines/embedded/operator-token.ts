// The operator's secret: a line of text in the data folder, so that whoever may read the folder may also correct what
// is in it. Who shows it in `connect` may delete what others recorded. Called by index.ts and directory.ts.

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { hasCode, writeDurableFile } from "./disk.js";

const form = /^[\w-]{43}$/;

/** Reads the token of a data folder, or makes one, readable by its owner alone and synced. */
export async function openOperatorToken(path: string): Promise<string> {
  try {
    const token = (await readFile(path, "utf8")).trim();
    if (!form.test(token))
      throw new Error(`${path} is damaged: it should have 43 characters. Remove it for a new one.`);
    return token;
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    const token = randomBytes(32).toString("base64url");
    await writeDurableFile(path, Buffer.from(`${token}\n`));
    return token;
  }
}

/** Compares in a time that tells nothing of where they differ. */
export function isSameToken(presented: string, token: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(presented), hash(token));
}
