// The composition root: options, engine, server, signals. The only file that touches `process`, and the only
// one that names an engine.

import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { pino, type Logger } from "pino";
import { defaultLimits } from "../shared/limits.js";
import type { Engine } from "./engine.js";
import { openEmbeddedEngine } from "./engines/embedded/index.js";
import { calmLog } from "./log.js";
import { parseOptions, type LogLevel, type ServerOptions } from "./options.js";
import { RoomServer } from "./server.js";

const goodbyeMs = 3000;
/** How long a thread may take to end what it is doing. */
const hurryMs = 1000;
const exitCodes = { stopped: 0, failed: 1, usage: 2 } as const;

async function main(): Promise<void> {
  // What people say is their own: nobody else on the machine may read the data folder.
  process.umask(0o077);
  const version = readVersion();
  const dataFolder = fileURLToPath(new URL("../../uploads", import.meta.url));
  const parsed = parseOptions({ argv: process.argv.slice(2), env: process.env, version, dataFolder });
  if ("text" in parsed) {
    process.stdout.write(`${parsed.text}\n`);
  } else if ("problem" in parsed) {
    process.stderr.write(`roomline: ${parsed.problem}\n`);
    process.exitCode = exitCodes.usage;
  } else {
    await run(parsed.options, version);
  }
}

async function run(options: ServerOptions, version: string): Promise<void> {
  try {
    await serve(options, version);
  } catch (error) {
    process.stderr.write(`roomline: ${explain(error, options)}\n`);
    process.exit(exitCodes.failed);
  }
}

async function serve(options: ServerOptions, version: string): Promise<void> {
  const log = openLog(options.logLevel);
  const threadFolder = fileURLToPath(new URL("./engines/embedded", import.meta.url));
  const { dedupeMs } = defaultLimits;
  const engine = await openEmbeddedEngine({ dataFolder: options.data, threadFolder, dedupeMs });
  const server = new RoomServer(engine, {
    host: options.host,
    port: options.port,
    limits: defaultLimits,
    maxPerAddress: options.maxPerAddress,
    serverName: `roomline/${version}`,
    log: calmLog(log),
  });
  const { address, port, family } = await server.listen();
  stopOnSignals(server, engine);
  const host = family === "IPv6" ? `[${address}]` : address;
  const folder = shortest(options.data);
  process.stdout.on("error", () => undefined);
  process.stdout.write(
    `Roomline ${version} is listening on ${host}:${port}; it keeps everything in ${folder}\n`,
  );
  const failure = await engine.failed;
  log.error({ err: failure }, "the engine failed");
  process.stderr.write(`roomline: the engine failed: ${failure.message}\n`);
  await endNow(engine);
}

// Never waits for whoever reads stderr, and drops lines rather than hold more than a little for them.
function openLog(level: LogLevel): Logger {
  const destination = pino.destination({ dest: 2, sync: false, maxLength: 1024 * 1024 });
  // A full disk or a closed pipe: there is nowhere left to say so.
  destination.on("error", () => undefined);
  return pino({ level }, destination);
}

function stopOnSignals(server: RoomServer, engine: Engine): void {
  let isStopping = false;
  const stop = () => {
    if (isStopping) {
      void endNow(engine);
      return;
    }
    isStopping = true;
    void server.close(goodbyeMs).then(() => process.exit(exitCodes.stopped));
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

// The threads end by themselves first: process.exit would cut them off, and a native module that is cut off in the
// middle of a call aborts the process. One that does not end is no reason to stay.
async function endNow(engine: Engine): Promise<void> {
  setTimeout(() => process.kill(process.pid, "SIGKILL"), hurryMs);
  await engine.abandon();
  process.exit(exitCodes.failed);
}

function explain(error: unknown, { host, port, data }: ServerOptions): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? error.code : undefined;
  const address = `${host}:${port}`;
  switch (code) {
    case "EADDRINUSE":
      return `${address} is taken: another program listens there. Choose another with --port.`;
    case "EACCES":
    case "EPERM":
      return "syscall" in error && error.syscall === "listen"
        ? `Not allowed to listen on ${address}.`
        : `Not allowed to write in the data folder ${data}.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `${host} is not an address of this machine.`;
    case "EROFS":
      return `The data folder ${data} is on a read-only file system.`;
    case "EEXIST":
    case "ENOTDIR":
      return `The data folder ${data} is not a folder.`;
    case "ENOENT":
      return `The data folder ${data} cannot be made.`;
    case "ENOSPC":
      return `There is no space left for the data folder ${data}.`;
    default:
      return error.message;
  }
}

// As a person would write it where they are.
function shortest(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere !== "" && fromHere.length < path.length ? fromHere : path;
}

function readVersion(): string {
  const facts: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const isVersioned = typeof facts === "object" && facts !== null && "version" in facts;
  return isVersioned ? String(facts.version) : "unknown";
}

await main();
