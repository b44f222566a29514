// A real server for a test: the embedded engine on a temporary folder, port 0, cleaned up after the test.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Engine, Retention } from "../../server/engine.js";
import type { Quotas } from "../../server/engines/embedded/quota.js";
import { openEmbeddedEngine, type EmbeddedEngineOptions } from "../../server/engines/embedded/index.js";
import { RoomServer, type RoomServerOptions } from "../../server/server.js";
import { defaultLimits, type Limits } from "../../shared/limits.js";
import { cleanUp } from "./cleanup.js";

/** Threads run compiled; `npm test` builds before it tests. */
export const threadFolder = resolve(__dirname, "../../dist/server/engines/embedded");

export interface TestServer {
  readonly port: number;
  readonly dataFolder: string;
  /** What was logged as an error: a mistake of the server. Empty at the end of every test, or it fails. */
  readonly mistakes: unknown[];
  close(): Promise<void>;
}

export interface TestServerOptions extends Partial<
  Pick<RoomServerOptions, "silenceMs" | "stallMs" | "leaveGraceMs" | "maxPerAddress">
> {
  readonly limits?: Partial<Limits>;
  /** A folder from an earlier server; else a fresh one. */
  readonly dataFolder?: string;
  /** With less room on the disk no upload begins. */
  readonly minFreeBytes?: number;
  /** Bounds of what files take. */
  readonly quotas?: Quotas;
  /** What is kept of the logs, and how often it is looked for the rest; everything when left out. */
  readonly retention?: Retention;
  readonly retentionEveryMs?: number;
}

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "roomline-test-"));
  cleanUp(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Opens an engine on a folder and closes it after the test. */
export async function openTestEngine(
  dataFolder: string,
  options: Omit<EmbeddedEngineOptions, "dataFolder" | "threadFolder"> = {},
): Promise<Engine> {
  const engine = await openEmbeddedEngine({ dataFolder, threadFolder, ...options });
  cleanUp(() => engine.close());
  return engine;
}

export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { limits, dataFolder = await temporaryFolder(), minFreeBytes, ...others } = options;
  const { retention, retentionEveryMs, quotas, ...times } = others;
  const mistakes: unknown[] = [];
  const engine = await openEmbeddedEngine({
    dataFolder,
    threadFolder,
    dedupeMs: limits?.dedupeMs ?? defaultLimits.dedupeMs,
    ...(minFreeBytes !== undefined && { minFreeBytes }),
    ...(quotas !== undefined && { quotas }),
    ...(retention !== undefined && { retention }),
    ...(retentionEveryMs !== undefined && { retentionEveryMs }),
  });
  const server = new RoomServer(engine, {
    host: "127.0.0.1",
    port: 0,
    limits: { ...defaultLimits, ...limits },
    serverName: "roomline/test",
    log: { info: () => undefined, error: (facts) => void mistakes.push(facts) },
    ...times,
  });
  const { port } = await server.listen();
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= server.close(1000));
  cleanUp(async () => {
    await close();
    expect(mistakes).toEqual([]);
  });
  return { port, dataFolder, mistakes, close };
}
