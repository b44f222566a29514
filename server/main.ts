// The composition root: options, engine, server, signals. The only file that touches `process`, and the only
// one that names an engine.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { defaultLimits } from "../shared/limits.js";
import { openEmbeddedEngine } from "./engines/embedded/index.js";
import { parseServerOptions, type ServerOptions } from "./options.js";
import { RoomServer } from "./server.js";

const goodbyeMs = 3000;

async function main(): Promise<void> {
  const version = readVersion();
  const dataFolder = fileURLToPath(new URL("../../uploads", import.meta.url));
  const command = await parseServerOptions(process.argv.slice(2), { dataFolder, version });
  if ("print" in command) {
    (command.exitCode === 0 ? process.stdout : process.stderr).write(`${command.print}\n`);
    process.exitCode = command.exitCode;
    return;
  }
  try {
    await serve(command.serve, version);
  } catch (error) {
    process.stderr.write(`roomline: ${explain(error, command.serve)}\n`);
    process.exit(1);
  }
}

async function serve(options: ServerOptions, version: string): Promise<void> {
  const log = pino({ level: options.logLevel }, pino.destination({ dest: 2, sync: true }));
  const threadFolder = fileURLToPath(new URL("./engines/embedded", import.meta.url));
  const engine = await openEmbeddedEngine({ dataFolder: options.data, threadFolder });
  const server = new RoomServer(engine, {
    host: options.host,
    port: options.port,
    limits: defaultLimits,
    serverName: `roomline/${version}`,
    log,
  });
  const { address, port, family } = await server.listen();
  const host = family === "IPv6" ? `[${address}]` : address;
  process.stdout.write(
    `Roomline ${version} is listening on ${host}:${port}; it keeps everything in ${options.data}\n`,
  );
  stopOnSignals(server);
  const failure = await engine.failed;
  log.error({ err: failure }, "the engine failed");
  process.stderr.write(`roomline: the engine failed: ${failure.message}\n`);
  process.exit(1);
}

function stopOnSignals(server: RoomServer): void {
  let isStopping = false;
  const stop = () => {
    if (isStopping) process.exit(1);
    isStopping = true;
    void server.close(goodbyeMs).then(() => process.exit(0));
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
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
    case "ENOSPC":
      return `There is no space left for the data folder ${data}.`;
    default:
      return error.message;
  }
}

function readVersion(): string {
  const facts: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const isVersioned = typeof facts === "object" && facts !== null && "version" in facts;
  return isVersioned ? String(facts.version) : "unknown";
}

await main();
