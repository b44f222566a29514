// Memory and descriptors stay what they are, however many come, talk and go (HOSTILE X10).

import { descriptors, isSoak, memoryMiB, startLoad, type Load } from "../support/load.js";
import { startProgram, type Program } from "../support/program.js";
import { temporaryFolder } from "../support/server.js";
import { until } from "../support/until.js";

/** The soak's million takes five to ten minutes on two cores; ROOMLINE_CHURN is another number. */
const connects = Number(process.env.ROOMLINE_CHURN ?? (isSoak ? 1_000_000 : 5000));
const messages = isSoak ? 1 : 4;
const rooms = 20;

/** What the heap takes before it collects what it could. */
const slackMiB = 64;

describe(`${connects} connections that come, say ${messages} messages each, and go`, () => {
  it(
    "leave no descriptor and no memory behind",
    async () => {
      const program = await startProgram(await temporaryFolder());
      const load = startLoad(program.port);
      const bare = descriptors(program);
      const first = connects / 5;
      await churn(load, 0, first);
      const before = await settled(program, bare);
      await churn(load, first, connects - first);
      const after = await settled(program, bare);
      console.log(`churn: ${Math.round(before)} MiB after ${first}, ${Math.round(after)} after ${connects}`);
      expect(after - before).toBeLessThan(slackMiB);
    },
    Math.max(120_000, connects * 5),
  );
});

async function churn(load: Load, first: number, count: number): Promise<void> {
  const outcome = await load.tell("churn", { first, count, messages, rooms, atOnce: 50 });
  expect(outcome).toMatchObject({ connects: count, entries: count * messages, errors: [] });
}

/** Memory when nobody is there any more, and nobody is waited for. */
async function settled(program: Program, bareDescriptors: number): Promise<number> {
  await until(() => descriptors(program) <= bareDescriptors);
  const graceMs = 6000;
  await new Promise((resolve) => setTimeout(resolve, graceMs));
  return memoryMiB(program);
}
