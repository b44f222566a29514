// The crash harness: writers under load, readers that come and go, `kill -9` at a random moment, inside an open
// commit or between a blob and its entry, a restart on the same data, again and again; then the whole history is
// compared with what anybody had been shown and told. Parts: crash-cast (who), crash-ledger (what is compared),
// crash-build (how a kill is aimed), crash-audit (the end).

import { setTimeout as sleep } from "node:timers/promises";
import { auditFiles, auditFolder, auditRoom } from "./crash-audit.js";
import { marks } from "./crash-build.js";
import { Cast, fileRoom, talkRooms } from "./crash-cast.js";
import { Ledger, type Wrongs } from "./crash-ledger.js";
import { startProgram, type Program } from "./program.js";

export interface CrashOptions {
  readonly dataFolder: string;
  /** Of a build with marks. */
  readonly folder: string;
  /** Rounds in which something was acknowledged. */
  readonly rounds: number;
  readonly writers: number;
  readonly readers: number;
  /** 0 to 1. */
  readonly random: () => number;
}

export interface CrashReport {
  rounds: number;
  readonly shown: number;
  readonly acknowledged: number;
  readonly resent: number;
  /** Answers to what was sent again and had been recorded. */
  readonly recorded: number;
  readonly killedInsideCommit: number;
  readonly killedBeforeEntryOfBlob: number;
  readonly files: number;
  readonly wrongs: Wrongs;
}

const minLoadMs = 120;
const spreadMs = 280;
/** How long to wait for the moment that a kill is aimed at. */
const aimMs = 1500;
/** How long into a commit. */
const insideMs = 0.4;
const finishMs = 20_000;

export async function crashRepeatedly(options: CrashOptions): Promise<CrashReport> {
  const { rounds, random } = options;
  const ledger = new Ledger();
  const cast = new Cast({ ...options, ledger });
  const counts = { rounds: 0, killedInsideCommit: 0, killedBeforeEntryOfBlob: 0 };
  for (let round = 0; counts.rounds < rounds && round < 2 * rounds; round++) {
    const acknowledged = ledger.acknowledged;
    const server = await startAimed(options);
    const hasFiles = round % 4 === 3;
    cast.come(server.program.port, hasFiles);
    await sleep(minLoadMs + random() * spreadMs);
    const at = hasFiles ? marks.renamed : marks.begin;
    const last =
      round % 2 === 0 ? await server.killNow() : await server.killAt(at, hasFiles ? 0 : random() * insideMs);
    cast.leave();
    if (last === marks.begin) counts.killedInsideCommit++;
    if (last === marks.renamed) counts.killedBeforeEntryOfBlob++;
    if (ledger.acknowledged > acknowledged) counts.rounds++;
  }
  const files = await auditAll(options, cast, ledger);
  const everybody = [...cast.writers, cast.uploader];
  const sum = (what: "resent" | "recorded") => everybody.reduce((total, writer) => total + writer[what], 0);
  const { shown, acknowledged, wrongs } = ledger;
  const resent = { resent: sum("resent"), recorded: sum("recorded") };
  return { ...counts, shown, acknowledged, ...resent, files, wrongs };
}

async function auditAll({ dataFolder, folder }: CrashOptions, cast: Cast, ledger: Ledger): Promise<number> {
  const program = await startProgram(dataFolder, { folder, onMarks: () => undefined });
  await cast.finish(program.port, finishMs);
  for (const room of talkRooms) await auditRoom(program.port, room, ledger);
  const files = await auditRoom(program.port, fileRoom, ledger);
  await auditFiles(program.port, fileRoom, { files, ledger });
  const code = await program.stop();
  if (code !== 0) ledger.note("others", `the last server ended with ${String(code)}`);
  await auditFolder(dataFolder, { files, ledger });
  return files.length;
}

interface Aimed {
  readonly program: Program;
  /** Both resolve with the last mark before the end. */
  killNow(): Promise<string>;
  /** Kills so long after a mark that nothing has followed yet. */
  killAt(mark: string, afterMs: number): Promise<string>;
}

async function startAimed({ dataFolder, folder }: CrashOptions): Promise<Aimed> {
  let last = "";
  let aim: { mark: string; hit: () => void } | undefined;
  const onMarks = (bytes: Buffer) => {
    last = bytes.toString("latin1").at(-1) ?? last;
    if (last === aim?.mark) aim.hit();
  };
  const program = await startProgram(dataFolder, { folder, onMarks });
  const killNow = async () => {
    await program.kill();
    return last;
  };
  return {
    program,
    killNow,
    async killAt(mark, afterMs) {
      const isHit = new Promise<void>((resolve) => {
        const hit = () => {
          aim = undefined;
          // Shorter than any timer.
          for (const end = performance.now() + afterMs; performance.now() < end;);
          program.child.kill("SIGKILL");
          resolve();
        };
        aim = { mark, hit };
      });
      await Promise.race([isHit, sleep(aimMs, undefined, { ref: false })]);
      return killNow();
    },
  };
}
