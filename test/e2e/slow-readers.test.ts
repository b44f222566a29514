// Law 3 from outside: who stops reading costs the others nothing, and is given everything when it reads again.

import { isSoak, memoryMiB, needDescriptors, startLoad } from "../support/load.js";
import { joinRoom } from "../support/peer.js";
import { startProgram } from "../support/program.js";
import { temporaryFolder } from "../support/server.js";

const members = isSoak ? 1000 : 200;
const stopped = members / 10;
const messages = isSoak ? 20_000 : 4000;
/** Large enough that what is said is more than sockets hold by themselves. */
const textBytes = isSoak ? 200 : 2000;
const talk = { messages, textBytes, inFlight: 32 };
const room = "lab";
const deadlineMs = isSoak ? 600_000 : 120_000;

async function start() {
  needDescriptors(members + 100);
  const program = await startProgram(await temporaryFolder());
  const load = startLoad(program.port);
  await load.tell("join", { group: "reader", room, count: members - stopped });
  return { program, load };
}

describe(`A room of ${members} of which ${stopped} stop reading`, () => {
  it(
    "gives the others everything in order, holds little, and gives the rest when they read again",
    async () => {
      const { program, load } = await start();
      await load.tell("join", { group: "slow", room, count: stopped });
      await load.tell("stop", { group: "slow" });
      const before = memoryMiB(program);
      let most = before;
      const watch = setInterval(() => (most = Math.max(most, memoryMiB(program))), 20);
      await load.tell("talk", { group: "reader", ...talk });
      await load.tell("reach", { group: "reader", seq: messages, deadlineMs });
      expect(await load.facts("reader")).toMatchObject({ haveAll: members - stopped, faults: [] });
      await load.tell("resume", { group: "slow" });
      await load.tell("reach", { group: "slow", seq: messages, deadlineMs });
      clearInterval(watch);
      const slow = await load.facts("slow");
      console.log(`slow readers: ${slow.lines.behind?.count ?? 0} of ${stopped} were behind`);
      console.log(`slow readers: the server grew by ${Math.round(most - before)} MiB at most`);
      expect(slow).toMatchObject({ haveAll: stopped, open: stopped, faults: [] });
      expect(slow.lines.behind?.count).toBeGreaterThanOrEqual(stopped);
      expect(most - before).toBeLessThan(128);
    },
    2 * deadlineMs,
  );

  it(
    "gives the others everything while some take a byte a second",
    async () => {
      const { load } = await start();
      await load.tell("join", { group: "crawler", room, count: stopped, isCrawler: true });
      await load.tell("crawl", { group: "crawler" });
      await load.tell("talk", { group: "reader", ...talk });
      await load.tell("reach", { group: "reader", seq: messages, deadlineMs });
      expect(await load.facts("reader")).toMatchObject({ haveAll: members - stopped, faults: [] });
      expect(await load.facts("crawler")).toMatchObject({ open: stopped, faults: [] });
    },
    2 * deadlineMs,
  );
});

describe("A peer that asks and does not read", () => {
  const questions = 10_000;

  it("holds little with its ten thousand requests for history, and gets every page in the end", async () => {
    const program = await startProgram(await temporaryFolder());
    const load = startLoad(program.port);
    await load.tell("join", { group: "talker", room, count: 1 });
    await load.tell("talk", { group: "talker", messages: 100, textBytes: 200, inFlight: 32 });
    await load.tell("reach", { group: "talker", seq: 100 });
    const greedy = await joinRoom(program.port, "greedy", room);
    const polite = await joinRoom(program.port, "polite", room);
    const before = memoryMiB(program);
    const ask = `{"type":"history","limit":10}\n`.repeat(questions) + `{"type":"ping","id":"last"}\n`;
    greedy.socket.pause();
    greedy.send(ask);
    polite.send(ask);
    // When one who asked the same has all answers, the greedy one was given what it could be.
    await polite.next(({ id }) => id === "last");
    while (polite.all("history").length < questions) await polite.next("history");
    expect(memoryMiB(program) - before).toBeLessThan(64);
    greedy.socket.resume();
    while (greedy.all("history").length < questions) await greedy.next("history");
    expect(greedy.all("error")).toEqual([]);
  }, 120_000);

  it("holds little with its downloads", async () => {
    const program = await startProgram(await temporaryFolder());
    const owner = await joinRoom(program.port, "owner", room);
    const data = Buffer.alloc(48 * 1024).toString("base64");
    const size = 200 * 48 * 1024;
    const { upload } = await owner.ask({ type: "upload", id: "u", name: "big", size });
    for (let offset = 0; offset < size; offset += 48 * 1024)
      owner.send({ type: "chunk", upload, offset, data });
    await owner.next("file");
    const greedy = await joinRoom(program.port, "greedy", room);
    const before = memoryMiB(program);
    greedy.socket.pause();
    for (let n = 0; n < 100; n++) greedy.send({ type: "download", id: `d${n}`, name: "big" });
    // Others download and talk meanwhile.
    owner.send({ type: "download", id: "own", name: "big" });
    await owner.next(({ type, last }) => type === "chunk" && last === true);
    await owner.ask({ type: "message", id: "m", text: "still here" });
    expect(memoryMiB(program) - before).toBeLessThan(64);
  }, 60_000);
});
