// One transfer, one kill, and what must hold then and when it was gone on with: nothing is shown that is not whole,
// nothing lies on disk that no row names, one upload makes one version, and no byte that was acknowledged is sent again.

import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { uploadFile } from "../server/handlers/transfers.js";
import { describeCase, type TransferCase } from "./transfer-cases.js";
import { moverOf, type Mover } from "./transfer-movers.js";
import type { Stage } from "./transfer-stage.js";
import { WireJudge } from "./wire-judge.js";
import type { Passage, WireLine } from "./wire-tap.js";

export interface Round {
  readonly transfer: TransferCase;
  /** Of the file, different in every round. */
  readonly name: string;
  readonly content: Buffer;
  /** Of the passes of the point, or of the moments, the one that kills. */
  readonly nth: number;
}

const deadlineMs = 20_000;

/** Resolves with whether anybody was killed: it may be over before the nth time of something. */
export async function runRound(stage: Stage, round: Round): Promise<boolean> {
  const { transfer, name, content } = round;
  const { way } = transfer;
  if (way === "download") await share(stage, round);
  else await writeFile(join(stage.folder, name), content);
  const judge = new WireJudge();
  const mover = moverOf(stage, round);
  try {
    const isKilled = await moveAndKill(stage, { round, mover, judge });
    expect(judge.wrongs).toEqual([]);
    expect(await stage.versionsOf(name, content)).toHaveLength(1);
    await stage.expectNothingUnfinished();
    if (way === "download") expect(await savedWhole(stage, round)).toBe(1);
    await rm(join(stage.folder, name), { force: true });
    return isKilled;
  } finally {
    mover.kill();
  }
}

async function moveAndKill(stage: Stage, players: Players): Promise<boolean> {
  const { round, mover, judge } = players;
  const { victim } = round.transfer;
  await takeAim(stage, players);
  const moving = mover.move();
  const serverGone = once(stage.server.child, "exit").then(() => true);
  const isKilled = await Promise.race([serverGone, moving.then((isMoved) => !isMoved)]);
  await stage.build.aim();
  stage.tap.onLine = (seen) => watch(judge, seen);
  if (isKilled && victim === "server") await goOnWithServer(stage, { round, moving });
  if (isKilled && victim === "client") await goOnWithClient(stage, players);
  return isKilled;
}

async function share(stage: Stage, { name, content }: Round): Promise<void> {
  const peer = await stage.look();
  await uploadFile(peer, name, content);
  peer.socket.destroy();
}

function watch(judge: WireJudge, seen: WireLine): Passage {
  judge.see(seen);
  return "all";
}

interface Players {
  readonly round: Round;
  readonly mover: Mover;
  readonly judge: WireJudge;
}

async function takeAim(stage: Stage, { round, mover, judge }: Players): Promise<void> {
  const { at, victim } = round.transfer;
  const { tap, server, build } = stage;
  if (typeof at === "string") await build.aim(at, round.nth);
  let moments = 0;
  tap.onLine = (seen) => {
    const { from, line } = seen;
    const isIt =
      typeof at !== "string" &&
      line.type === at.type &&
      from === at.from &&
      isNews(line) &&
      ++moments === round.nth;
    if (!isIt) return watch(judge, seen);
    // What has passed is on its way before anybody is gone.
    setImmediate(() => {
      if (victim === "server") server.child.kill("SIGKILL");
      else mover.kill();
    });
    if (at.passes === "all, as the last") judge.see(seen);
    return at.passes;
  };
}

/** Progress that acknowledges nothing is no moment. */
function isNews({ type, offset }: { type: string; offset?: unknown }): boolean {
  return type !== "progress" || Number(offset) > 0;
}

/** Whoever moves the file is still there, and waits. */
async function goOnWithServer(
  stage: Stage,
  { round, moving }: { round: Round; moving: Promise<boolean> },
): Promise<void> {
  stage.tap.serve(undefined);
  await stage.restart();
  await expectNothingPartial(stage, round);
  stage.tap.serve(stage.server.port);
  expect(await moving).toBe(true);
}

/** Somebody starts the client again, unless the file is where it should be without that. */
async function goOnWithClient(stage: Stage, { round, mover, judge }: Players): Promise<void> {
  const { way } = round.transfer;
  await expectNothingPartial(stage, round);
  if (way === "upload" && judge.hasAll(round.content.length)) await comesByItself(stage, round);
  else if (way !== "download" || (await savedWhole(stage, round)) === 0)
    expect(await mover.move()).toBe(true);
}

async function comesByItself(stage: Stage, { name, content, transfer }: Round): Promise<void> {
  const end = Date.now() + deadlineMs;
  while ((await stage.versionsOf(name, content)).length === 0) {
    if (Date.now() < end) await sleep(10);
    else throw new Error(`It never came, though all of it was there: ${describeCase(transfer)}`);
  }
}

async function expectNothingPartial(stage: Stage, round: Round): Promise<void> {
  expect((await stage.versionsOf(round.name, round.content)).length).toBeLessThanOrEqual(1);
  await stage.expectNoOrphans();
  await savedWhole(stage, round);
}

/** How many copies were saved, each of which must be whole. */
async function savedWhole(stage: Stage, { name, content }: Round): Promise<number> {
  const paths = await stage.saved(name);
  for (const path of paths)
    expect((await readFile(join(stage.folder, "downloads", path))).equals(content)).toBe(true);
  return paths.length;
}
