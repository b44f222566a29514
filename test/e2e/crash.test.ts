// The server killed again and again under load (HOSTILE X1), and the proof that the harness would notice what it
// looks for: each mutation of the build must fail it. What the page cache hides from `kill -9` is in
// sync-trace.test.ts.

import { buildMarked } from "../support/crash-build.js";
import { crashRepeatedly, type CrashReport } from "../support/crash.js";
import type { Mutation } from "../support/mutant.js";
import { runSeed, seededRandom } from "../support/random.js";
import { temporaryFolder } from "../support/server.js";

// 200 with `npm run test:soak`.
const rounds = process.env.ROOMLINE_SOAK === undefined ? 20 : 200;
const roundMs = 15_000;
const seed = runSeed();

async function crash(rounds: number, ...faults: readonly Mutation[]): Promise<CrashReport> {
  const folder = await temporaryFolder();
  await buildMarked(folder, ...faults);
  const dataFolder = await temporaryFolder();
  return crashRepeatedly({
    folder,
    dataFolder,
    rounds,
    writers: 8,
    readers: 4,
    random: seededRandom(seed),
  });
}

function print(what: string, { wrongs, ...counts }: CrashReport): void {
  const { acknowledgedLost, shownLost, doubled, holes, others } = wrongs;
  const found = [
    `${acknowledgedLost.length} acknowledged lost, ${shownLost.length} shown and lost`,
    `${doubled.length} doubled, ${holes.length} holes, ${others.length} other wrongs`,
  ].join(", ");
  console.log(`crash: ${what}, seed ${seed}\n${JSON.stringify(counts)}\n${found}`);
}

describe("A server killed under load", () => {
  it(
    "keeps what it acknowledged and what anybody was shown, once, without holes",
    async () => {
      const report = await crash(rounds);
      print("the server as it is", report);
      expect(report.wrongs).toEqual({
        acknowledgedLost: [],
        shownLost: [],
        doubled: [],
        holes: [],
        others: [],
      });
      expect(report.rounds).toBe(rounds);
      expect(report.killedInsideCommit).toBeGreaterThan(0);
      expect(report.killedBeforeEntryOfBlob).toBeGreaterThan(0);
      expect(report.recorded).toBeGreaterThan(0);
      expect(report.files).toBeGreaterThan(0);
    },
    rounds * roundMs,
  );

  const recorder = "server/engines/embedded/recorder.js";
  const join = "server/handlers/join.js";
  const mutations: [string, keyof CrashReport["wrongs"], Mutation][] = [
    ["entries were delivered before the commit", "shownLost", commitLater(recorder)],
    [
      "repeats were not known",
      "doubled",
      { file: recorder, replace: [["key && this.#keys.find(key, timeMs)", "undefined"]] },
    ],
    [
      "repeats were known only until the next start",
      "doubled",
      { file: "server/engines/embedded/keys.js", replace: [["keys.load(Date.now());", ""]] },
    ],
    [
      "a replay began one too low",
      "doubled",
      { file: join, replace: [["replay(since);", "replay(Math.max(0, since - 1));"]] },
    ],
    [
      "a replay began one too high",
      "holes",
      { file: join, replace: [["replay(since);", "replay(Math.min(head, since + 1));"]] },
    ],
  ];

  it.each(mutations)(
    "would be found out if %s",
    async (what, kind, fault) => {
      const report = await crash(4, fault);
      print(what, report);
      expect(report.wrongs[kind].length).toBeGreaterThan(0);
    },
    120_000,
  );
});

/** The transaction is left open for a while, and gathers what comes meanwhile. */
function commitLater(file: string): Mutation {
  const later = `
    function transactionLater(database, work) {
      if (!database.isTransaction) {
        database.exec("BEGIN IMMEDIATE");
        setTimeout(() => database.exec("COMMIT"), 50);
      }
      return work();
    }
  `;
  return {
    file,
    replace: [
      ["export class Recorder {", `${later} export class Recorder {`],
      ["inTransaction(this.#database,", "transactionLater(this.#database,"],
    ],
  };
}
