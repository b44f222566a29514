import { crashRepeatedly } from "../support/crash.js";
import { buildMutant } from "../support/mutant.js";
import { runSeed, seededRandom } from "../support/random.js";
import { temporaryFolder } from "../support/server.js";

const rounds = 10;
const writers = 8;

describe("A server killed under load", () => {
  const seed = runSeed();

  it("has in its history whatever anyone had been shown, without holes", async () => {
    const dataFolder = await temporaryFolder();
    const report = await crashRepeatedly({ dataFolder, rounds, writers, random: seededRandom(seed) });
    console.log(`crash: seed ${seed}, ${rounds} rounds, ${report.shown} entries shown`);
    expect(report).toMatchObject({ lost: [], holes: [], killedUnderLoad: rounds });
  }, 180_000);

  it("would lose entries if they were delivered before the commit", async () => {
    const folder = await temporaryFolder();
    await buildMutant(folder, {
      file: "server/engines/embedded/recorder.js",
      replace: [
        ['exec("BEGIN IMMEDIATE");', 'exec(this.#database.isTransaction ? "SELECT 1" : "BEGIN IMMEDIATE");'],
        [
          'this.#database.exec("COMMIT");',
          'setTimeout(() => this.#database.isTransaction && this.#database.exec("COMMIT"), 200);',
        ],
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
