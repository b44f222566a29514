// Very many in one room: all get in and get what is said meanwhile, and what they are told of each other is bounded.

import { presenceIntervalMs } from "../../server/presence.js";
import { isSoak, needDescriptors, startLoad } from "../support/load.js";
import { meanwhile } from "../support/meanwhile.js";
import { joinRoom, type Peer } from "../support/peer.js";
import { startProgram } from "../support/program.js";
import { temporaryFolder } from "../support/server.js";
import { until } from "../support/until.js";

const members = isSoak ? 10_000 : 1000;
const room = "hall";
const deadlineMs = 300_000;
/** A name, its quotes and a comma, and what a line of presence has beside names. */
const [mostNameBytes, mostLineBytes] = [16, 200];
const namesTold = 100;

describe(`${members} who come into one room`, () => {
  it(
    "are all in, get what is said meanwhile, and are told of each other in few lines",
    async () => {
      needDescriptors(members + 100);
      const { port } = await startProgram(await temporaryFolder());
      const watcher = await joinRoom(port, "watcher", room);
      const load = startLoad(port);
      // The load's own record begins with one who has seen everything.
      await load.tell("join", { group: "first", room, count: 1 });
      const start = performance.now();
      const joining = load.tell("join", { group: "crowd", room, count: members, deadlineMs });
      let said = await meanwhile(joining, (before) => say(watcher, before + 1));
      await say(watcher, ++said);
      await load.tell("reach", { group: "crowd", seq: said, deadlineMs });
      await until(() => countOf(watcher) === members + 2);
      const rounds = Math.ceil((performance.now() - start) / presenceIntervalMs) + 2;

      const crowd = await load.facts("crowd");
      const { count = 0, bytes = 0 } = crowd.lines.presence ?? {};
      console.log(
        `crowd: ${members} joined, ${said} messages meanwhile, ${count} presence lines, ${bytes} bytes`,
      );
      expect(crowd).toMatchObject({ open: members, haveAll: members, faults: [] });
      expect(count).toBeLessThanOrEqual(rounds * members);
      expect(bytes).toBeLessThanOrEqual(count * (namesTold * mostNameBytes + mostLineBytes));

      await load.tell("close", { group: "crowd", how: "destroy" });
      await until(() => countOf(watcher) === 2);
      await say(watcher, ++said);
      await load.tell("reach", { group: "first", seq: said });
      const lines = watcher.all("presence").length;
      expect(lines).toBeLessThanOrEqual((performance.now() - start) / presenceIntervalMs + 2);
    },
    2 * deadlineMs,
  );
});

async function say(peer: Peer, number: number): Promise<void> {
  const id = `m${number}`;
  expect(await peer.ask({ type: "message", id, text: "welcome" })).toMatchObject({
    type: "message",
    seq: number,
  });
}

/** As the newest presence said; it may have come before what was waited for. */
const countOf = (peer: Peer) => peer.all("presence").at(-1)?.memberCount;
