// The composition root: options, engine, server, signals; or one of the operator's commands. The only file that touches
// `process`, and the only one that names an engine.

import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { pino, type Logger } from "pino";
import { defaultLimits } from "../shared/limits.js";
import type { Command } from "./commands.js";
import type { Engine } from "./engine.js";
import { openEmbeddedEngine } from "./engines/embedded/index.js";
import { backUp, checkFolder, exportRoom, importRoom } from "./engines/embedded/tools.js";
import { explainCommand, explainStart } from "./explain.js";
import { calmLog } from "./log.js";
import { parseOptions, type LogLevel, type ServerOptions } from "./options.js";
import { RoomServer } from "./server.js";

const goodbyeMs = 3000;
/** How long a thread may take to end what it is doing. */
const hurryMs = 2000;
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
  } else if ("command" in parsed) {
    await runCommand(parsed.command);
  } else {
    await run(parsed.options, version);
  }
}

async function runCommand(command: Command): Promise<void> {
  // Who reads may have read enough.
  process.stdout.on("error", () => undefined);
  try {
    const isWell = await work(command);
    process.exitCode = isWell ? exitCodes.stopped : exitCodes.failed;
  } catch (error) {
    tell(explainCommand(error));
    process.exitCode = exitCodes.failed;
  }
}

/** Resolves with whether everything was as it should be. @throws Error with a sentence */
async function work(command: Command): Promise<boolean> {
  const dataFolder = command.data;
  switch (command.name) {
    case "export": {
      const { room, out, files } = command;
      return exportRoom({ dataFolder, room, files, output: out ?? process.stdout, tell });
    }
    case "import": {
      const { room, file, files: folder } = command;
      const input = file === "-" ? process.stdin : file;
      const { summary, missingFiles } = await importRoom({ dataFolder, room, input, files: folder });
      print(summary);
      if (missingFiles > 0)
        tell(`Files that came without their bytes: ${missingFiles}; --files says where those are.`);
      return true;
    }
    case "backup": {
      const { summary, faults } = await backUp({ dataFolder, folder: command.folder, tell });
      print(summary);
      return faults === 0;
    }
    case "check": {
      const { faults, summary } = await checkFolder({ dataFolder, onFault: print, onNote: print });
      print(summary);
      return faults === 0;
    }
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function tell(sentence: string): void {
  process.stderr.write(`roomline: ${sentence}\n`);
}

async function run(options: ServerOptions, version: string): Promise<void> {
  try {
    await serve(options, version);
  } catch (error) {
    process.stderr.write(`roomline: ${explainStart(error, options)}\n`);
    process.exit(exitCodes.failed);
  }
}

async function serve(options: ServerOptions, version: string): Promise<void> {
  const log = openLog(options.logLevel);
  const threadFolder = fileURLToPath(new URL("./engines/embedded", import.meta.url));
  const { dedupeMs } = defaultLimits;
  const { data: dataFolder, retention, fileBounds } = options;
  const { fileBytes, minFreeBytes, ...quotas } = fileBounds;
  const calm = calmLog(log);
  const engine = await openEmbeddedEngine({
    ...{ dataFolder, threadFolder, dedupeMs, retention, minFreeBytes, quotas },
    onTrouble: (error) => {
      calm.error({ err: error }, "what need not be kept could not be taken away");
    },
  });
  const server = new RoomServer(engine, {
    host: options.host,
    port: options.port,
    limits: { ...defaultLimits, fileBytes },
    maxPerAddress: options.maxPerAddress,
    serverName: `roomline/${version}`,
    log: calm,
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
