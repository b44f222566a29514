// Peers that connect and never become anybody, very many of them (HOSTILE L5): they get their goodbye or are gone,
// and those who talk meanwhile do not notice.

import { descriptors, isSoak, memoryMiB, needDescriptors, startLoad, type Load } from "../support/load.js";
import { meanwhile } from "../support/meanwhile.js";
import { joinRoom } from "../support/peer.js";
import { startProgram } from "../support/program.js";
import { temporaryFolder } from "../support/server.js";
import { until } from "../support/until.js";

const strangers = isSoak ? 10_000 : 500;
const ofEach = strangers / 4;

/** What each kind says, and how it ends by itself, if it does. */
const kinds = [
  { group: "silent" },
  { group: "half a line", says: '{"type":"connect","na' },
  { group: "half closed", how: "end" },
  { group: "reset", says: '{"type":', how: "reset" },
] as const;

describe(`${strangers} strangers`, () => {
  it("who say nothing, half a line, end or reset are all gone in the end, and others talk on", async () => {
    needDescriptors(strangers + 100);
    const program = await startProgram(await temporaryFolder());
    const [alice, bob] = [await joinRoom(program.port, "alice"), await joinRoom(program.port, "bob")];
    const before = { descriptors: descriptors(program), memory: memoryMiB(program) };
    const load = startLoad(program.port);
    for (const kind of kinds) await load.tell("connect", { ...kind, count: ofEach });
    const gone = Promise.all(kinds.map((kind) => load.tell("close", kind)));
    const said = await meanwhile(gone, async (before) => {
      alice.send({ type: "message", id: `m${before}`, text: "does anybody see them?" });
      await bob.next(({ id }) => id === `m${before}`);
    });

    expect(bob.all("message").map(({ seq }) => seq)).toEqual(Array.from({ length: said }, (_, n) => n + 1));
    expect(await goodbyes(load)).toEqual([ofEach, ofEach, ofEach, 0]);
    await until(() => descriptors(program) <= before.descriptors);
    console.log(`strangers: the server grew by ${Math.round(memoryMiB(program) - before.memory)} MiB`);
    expect(memoryMiB(program) - before.memory).toBeLessThan(isSoak ? 256 : 64);
    // The port is open for who has something to say.
    await joinRoom(program.port, "carol");
  }, 300_000);
});

async function goodbyes(load: Load): Promise<number[]> {
  const counts: number[] = [];
  for (const { group } of kinds) counts.push((await load.facts(group)).lines.bye?.count ?? 0);
  return counts;
}
