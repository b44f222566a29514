// Server and client killed at every state of a transfer, which is gone on with until it is done (HOSTILE X1, X2); and
// the proof that what is looked for would be found: a build with a fault must fail it.

import { randomBytes } from "node:crypto";
import { chunkBytes } from "../server/handlers/transfers.js";
import { buildKillable } from "../support/kill-build.js";
import { isSoak } from "../support/load.js";
import type { Mutation } from "../support/mutant.js";
import { runSeed, seededRandom } from "../support/random.js";
import { temporaryFolder } from "../support/server.js";
import { describeCase, transferCases, type TransferCase } from "../support/transfer-cases.js";
import { transferFaults } from "../support/transfer-faults.js";
import { runRound, type Round } from "../support/transfer-rounds.js";
import { Stage } from "../support/transfer-stage.js";

/** ROOMLINE_ROUNDS is another number. */
const rounds = Number(process.env.ROOMLINE_ROUNDS ?? (isSoak ? 200 : 10));
const roundMs = 20_000;
const seed = runSeed();
const random = seededRandom(seed);
const smallSizes = [0, 1, chunkBytes, chunkBytes + 1];
const [someBytes, manyBytes, lineBytes] = [2.5e6, 5e6, 20_000];

describe("A transfer", () => {
  it(
    `killed at any of its ${transferCases.length} states is gone on with, and comes whole and once`,
    async () => {
      const stage = await openStage();
      const told = [`transfer kills, seed ${seed}`];
      let kills = 0;
      for (const [n, transfer] of inRandomOrder().entries()) {
        const start = performance.now();
        const round = roundOf(transfer, n);
        const isKilled = await naming(round, () => runRound(stage, round));
        if (isKilled) kills++;
        const ms = Math.round(performance.now() - start);
        told.push(`${sentenceOf(round)}: ${isKilled ? "killed" : "over before"}, ${ms} ms`);
      }
      console.log(told.join("\n"));
      expect(kills).toBeGreaterThanOrEqual(rounds * 0.8);
    },
    rounds * roundMs,
  );

  it.each(transferFaults)(
    "would be found out if %s",
    async (_what, { state, finding, fault }) => {
      const stage = await openStage(fault);
      const transfer = transferCases.find((each) => describeCase(each) === state);
      if (transfer === undefined) throw new Error(`There is no state ${state}.`);
      const round = { transfer, name: "file.bin", content: randomBytes(manyBytes), nth: 1 };
      await expect(runRound(stage, round)).rejects.toThrow(finding);
    },
    60_000,
  );
});

async function openStage(...faults: readonly Mutation[]): Promise<Stage> {
  return Stage.open(await buildKillable(await temporaryFolder(), ...faults), await temporaryFolder());
}

function roundOf(transfer: TransferCase, n: number): Round {
  const size = sizeFor(transfer);
  const nth = transfer.isRepeated === true && size >= someBytes ? 1 + Math.floor(random() * 2) : 1;
  return { transfer, name: `file ${n}.bin`, content: randomBytes(size), nth };
}

/** As many as there are rounds; none comes again before all have come. */
function inRandomOrder(): TransferCase[] {
  const drawn: TransferCase[] = [];
  while (drawn.length < rounds) {
    const left = [...transferCases];
    while (left.length > 0) drawn.push(...left.splice(Math.floor(random() * left.length), 1));
  }
  return drawn.slice(0, rounds);
}

function sizeFor({ minBytes, way }: TransferCase): number {
  const isInOneLine = way === "one line";
  const large = isInOneLine ? random() * lineBytes : someBytes + random() * (manyBytes - someBytes);
  const small = smallSizes.filter((size) => size >= minBytes && (!isInOneLine || size < lineBytes));
  const sizes = [...small, Math.floor(large)];
  return sizes[Math.floor(random() * sizes.length)] ?? 0;
}

function sentenceOf({ transfer, nth, content }: Round): string {
  return `${describeCase(transfer)}, time ${nth}, ${content.length} bytes`;
}

async function naming<T>(round: Round, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    console.error(`transfer kills, seed ${seed}: ${sentenceOf(round)}`);
    throw error;
  }
}
