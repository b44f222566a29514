// Sessions that outlive their process, for a terminal and a script: whoever comes back with the session's secret is the
// same sender, and may go on with an upload that was broken off. A file for each server and name that was asked for,
// which only its owner can read. It is presented only when the process that held it is gone; else a second client of
// that name would throw the first one out. Nothing here is worth stopping for: without it one is a new sender.

import { createHash, randomInt } from "node:crypto";
import { chmod, mkdir, open, readFile, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { nameKey } from "../shared/names.js";
import type { Address } from "./session/dial.js";
import { systemCode } from "./failures.js";
import { isAlive, ownPid } from "./processes.js";
import type { Session } from "./session/session.js";

/** As long as a server knows a session after its last connection. */
const lifetimeMs = 24 * 3_600_000;

export interface KeptSession {
  /** As the server gave it. */
  readonly name: string;
  readonly secret: string;
}

export interface Wanted extends Address {
  /** As it was asked for; empty for a guest's name. */
  readonly name: string;
}

/** Paths of those that this process holds. */
const ours = new Set<string>();

/** Takes what an earlier process has kept; undefined when there is nothing, or somebody holds it. */
export async function takeSession(folder: string, wanted: Wanted): Promise<KeptSession | undefined> {
  const path = pathFor(folder, wanted);
  const claimed = `${path}.${tag()}`;
  try {
    if (ours.has(path) || isHeld(parse(await readFile(path, "utf8")))) return undefined;
    // One of two wins who come at once.
    await rename(path, claimed);
    const kept = parse(await readFile(claimed, "utf8"));
    if (kept !== undefined) await write(path, isHeld(kept) ? kept : { ...kept, pid: ownPid });
    await unlink(claimed);
    return kept === undefined || isHeld(kept) || isOld(kept) ? undefined : kept;
  } catch (error) {
    forgiveDisk(error);
    return undefined;
  }
}

/** Keeps what a session can be come back to with, up to date for as long as it lasts. */
export function keepSession(folder: string, wanted: Wanted, session: Session): void {
  const path = pathFor(folder, wanted);
  let written = Promise.resolve();
  const keep = (): void => {
    const { name, secret } = session;
    const kept = { name, secret, pid: ownPid, savedAt: Date.now() };
    written = written.then(() => writeOwn(folder, path, kept)).catch(forgiveDisk);
  };
  ours.add(path);
  void session.closed.then(() => ours.delete(path));
  keep();
  session.onSecret(keep);
}

interface Held extends KeptSession {
  /** The process that it is with. */
  readonly pid: number;
  /** In milliseconds since 1970. */
  readonly savedAt: number;
}

async function writeOwn(folder: string, path: string, kept: Held): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  // A second client that asked for the same does not take the place of the first.
  if (isHeld(await readFile(path, "utf8").then(parse, forgiveDisk))) return;
  await write(path, kept);
}

async function write(path: string, kept: Held): Promise<void> {
  const draft = `${path}.${tag()}`;
  const handle = await open(draft, "wx", 0o600);
  try {
    await handle.writeFile(JSON.stringify(kept));
    await handle.close();
    await rename(draft, path);
  } catch (error) {
    await handle.close();
    await unlink(draft).catch(forgiveDisk);
    throw error;
  }
}

function isHeld(kept: Held | undefined): boolean {
  return kept !== undefined && kept.pid !== ownPid && isAlive(kept.pid);
}

function isOld({ savedAt }: Held): boolean {
  return Date.now() - savedAt >= lifetimeMs;
}

function tag(): string {
  return `${ownPid}-${randomInt(1_000_000_000)}`;
}

/** Undefined when it is damaged. */
function parse(text: string): Held | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    const { name, secret, pid, savedAt } = { name: "", secret: "", pid: 0, savedAt: 0, ...value };
    const isWhole = typeof name === "string" && typeof secret === "string" && name !== "" && secret !== "";
    return isWhole && Number.isSafeInteger(pid) && pid > 0 && Number.isFinite(savedAt)
      ? { name, secret, pid, savedAt }
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

// No name that somebody chose becomes a path.
function pathFor(folder: string, { host, port, name }: Wanted): string {
  const key = createHash("sha256").update(JSON.stringify([host.toLowerCase(), port, nameKey(name)]));
  return join(folder, `session-${key.digest("hex").slice(0, 32)}.json`);
}

function forgiveDisk(error: unknown): undefined {
  if (systemCode(error) === undefined) throw error;
}
