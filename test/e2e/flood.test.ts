// Floods (HOSTILE L7): who sends as fast as it can gets everything recorded in order, and the others get their turn.

import { presenceIntervalMs } from "../../server/presence.js";
import { isSoak, startLoad } from "../support/load.js";
import { meanwhile } from "../support/meanwhile.js";
import { joinRoom, type Peer } from "../support/peer.js";
import { startProgram } from "../support/program.js";
import { temporaryFolder } from "../support/server.js";

const messages = isSoak ? 500_000 : 50_000;
const comings = isSoak ? 10_000 : 1000;
const leastAnswers = 20;

describe("A connection that sends as fast as it can", () => {
  it("has everything recorded in order, and the others' pings and messages are answered meanwhile", async () => {
    const { port } = await startProgram(await temporaryFolder());
    const other = await joinRoom(port, "other", "quiet");
    const load = startLoad(port);
    await load.tell("join", { group: "flooder", room: "loud", count: 1 });
    await load.tell("talk", { group: "flooder", messages, textBytes: 100, inFlight: messages });
    const flooding = load.tell("reach", { group: "flooder", seq: messages });
    const answered = await meanwhile(flooding, async (before) => {
      expect(await other.ask({ type: "ping", id: `p${before}` })).toMatchObject({ type: "pong" });
      await say(other, before + 1);
    });
    console.log(`flood: ${messages} messages, ${answered} pings and messages of another meanwhile`);
    expect(answered).toBeGreaterThan(leastAnswers);
    expect(await load.facts("flooder")).toMatchObject({ open: 1, head: messages, haveAll: 1, faults: [] });
  }, 300_000);

  it("is not let ahead by fifty others who do the same", async () => {
    const { port } = await startProgram(await temporaryFolder());
    const other = await joinRoom(port, "other", "quiet");
    const load = startLoad(port);
    await load.tell("connect", { group: "flooders", count: 50 });
    const pings = `{"type":"ping"}\n`;
    const times = messages / 10;
    await load.tell("say", { group: "flooders", text: pings, times });
    const flooding = load.tell("lines", { group: "flooders", of: "pong", count: 50 * times });
    const answered = await meanwhile(flooding, (before) => say(other, before + 1));
    console.log(`floods: ${50 * times} pings of fifty, ${answered} messages of another meanwhile`);
    expect(answered).toBeGreaterThan(leastAnswers);
  }, 300_000);
});

describe(`${comings} comings and goings in one room`, () => {
  it("of one connection are all answered, and told to the room in few lines", async () => {
    const { port } = await startProgram(await temporaryFolder());
    const watcher = await joinRoom(port, "watcher", "hall");
    const restless = await joinRoom(port, "restless", "home");
    const start = performance.now();
    const asked = `{"type":"join","room":"hall"}\n{"type":"leave","room":"hall"}\n`.repeat(comings);
    await restless.answersTo(asked);
    expect(restless.all("joined")).toHaveLength(comings + 1);
    expect(restless.all("left")).toHaveLength(comings);
    restless.send({ type: "join", room: "hall" });
    await watcher.next(({ type, memberCount }) => type === "presence" && memberCount === 2);
    const lines = watcher.all("presence").length;
    expect(lines).toBeLessThanOrEqual((performance.now() - start) / presenceIntervalMs + 2);
  }, 300_000);

  it("of as many connections leave nobody behind, and those who stay talk on", async () => {
    const { port } = await startProgram(await temporaryFolder());
    const watcher = await joinRoom(port, "watcher", "churn-0");
    const load = startLoad(port);
    const start = performance.now();
    const churning = load.tell("churn", { first: 0, count: comings, messages: 0, rooms: 1, atOnce: 50 });
    await meanwhile(churning, (before) => say(watcher, before + 1));
    expect(await churning).toMatchObject({ connects: comings, errors: [] });
    await watcher.next(({ type, memberCount }) => type === "presence" && memberCount === 1);
    expect(await watcher.ask({ type: "users", id: "u" })).toMatchObject({ users: ["watcher"] });
    const lines = watcher.all("presence").length;
    expect(lines).toBeLessThanOrEqual((performance.now() - start) / presenceIntervalMs + 2);
  }, 300_000);
});

/** Says something, and has it back as the room's entry of that number. */
async function say(peer: Peer, seq: number): Promise<void> {
  expect(await peer.ask({ type: "message", id: `m${seq}`, text: "hi" })).toMatchObject({
    type: "message",
    seq,
  });
}
