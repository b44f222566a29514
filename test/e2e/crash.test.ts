import { crashRepeatedly } from "../support/crash.js";
import { buildMutant } from "../support/mutant.js";
import { runSeed, seededRandom } from "../support/random.js";
import { temporaryFolder } from "../support/server.js";

// 200 with `npm run test:soak`.
const rounds = process.env.ROOMLINE_SOAK === undefined ? 10 : 200;
const writers = 8;

describe("A server killed under load", () => {
  const seed = runSeed();

  it(
    "has in its history whatever anyone had been shown, without holes",
    async () => {
      const dataFolder = await temporaryFolder();
      const report = await crashRepeatedly({ dataFolder, rounds, writers, random: seededRandom(seed) });
      console.log(`crash: seed ${seed}, ${rounds} rounds, ${report.shown} entries shown`);
      expect(report).toMatchObject({ lost: [], holes: [], killedUnderLoad: rounds });
    },
    rounds * 18_000,
  );

  it("would lose entries if they were delivered before the commit", async () => {
    const folder = await temporaryFolder();
    await buildMutant(folder, {
      file: "server/engines/embedded/recorder.js",
      replace: [
        [
          'this.#database.exec("BEGIN IMMEDIATE");',
          `if (!this.#database.isTransaction) {
            this.#database.exec("BEGIN IMMEDIATE");
            setTimeout(() => this.#database.exec("COMMIT"), 50);
          }`,
        ],
        ['            this.#database.exec("COMMIT");', ""],
      ],
    });
    const dataFolder = await temporaryFolder();
    const report = await crashRepeatedly({
      dataFolder,
      folder,
      rounds: 5,
      writers,
      random: seededRandom(seed),
    });
    console.log(
      `crash, delivered before the commit: seed ${seed}, ${report.lost.length} of ${report.shown} lost`,
    );
    expect(report.lost.length).toBeGreaterThan(0);
  }, 180_000);
});
