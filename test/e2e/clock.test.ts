// A clock that jumps (HOSTILE X6): order is by number, and nothing is lost, refused or forgotten for it.

import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { joinRoom, openPeer, type Answer, type Peer } from "../support/peer.js";
import { projectFolder, startProgram } from "../support/program.js";
import { temporaryFolder } from "../support/server.js";

const hourMs = 3_600_000;
const preload = pathToFileURL(join(projectFolder, "test/support/clock-preload.js")).href;

/** A clock that a server and its threads go by, and that can be set. */
async function openClock() {
  const path = join(await temporaryFolder(), "offset");
  const set = async (offsetMs: number) => {
    // In one step, because it may be read at any moment.
    await writeFile(`${path}.next`, String(offsetMs));
    await rename(`${path}.next`, path);
  };
  await set(0);
  return { set, env: { NODE_OPTIONS: `--import=${preload}`, ROOMLINE_TEST_CLOCK: path } };
}

const say = (peer: Peer, id: string) => peer.ask({ type: "message", id, text: `text of ${id}` });
const msOf = ({ time }: Answer) => Date.parse(String(time));

describe("A server whose clock jumps", () => {
  it.each([
    ["backwards and forwards", [-hourMs, hourMs]],
    ["forwards and backwards", [hourMs, -hourMs]],
  ])("%s by an hour, goes on as if nothing had been", async (_what, jumps) => {
    const clock = await openClock();
    const dataFolder = await temporaryFolder();
    const first = await startProgram(dataFolder, { env: clock.env });
    const alice = await joinRoom(first.port, "alice");
    const bob = await joinRoom(first.port, "bob");
    const said = [await say(alice, "m0")];
    alice.send({ type: "upload", id: "u", name: "slow.txt", size: 4 });
    const { upload } = await alice.next("uploading");

    for (const [n, offsetMs] of jumps.entries()) {
      const wasMs = Date.now();
      await clock.set(offsetMs);
      const entry = await say(alice, `m${n + 1}`);
      expect(Math.abs(msOf(entry) - wasMs - offsetMs)).toBeLessThan(hourMs / 4);
      expect(entry.seq).toBe(n + 2);
      said.push(entry);
      await expectRepeatsKnown(alice, said);
      expect(await bob.ask({ type: "ping", id: "p" })).toMatchObject({ type: "pong" });
      const carol = await comeBack(first.port, "carol", undefined);
      expect(carol.all("message")).toEqual(said);
      carol.socket.destroy();
    }

    alice.send({ type: "chunk", upload, offset: 0, data: "dGV4dA==" });
    said.push(await alice.next("file"));
    const session = alice.all("connected")[0]?.session;
    const again = await comeBack(first.port, "alice", session);
    expect(again.all("connected")).toMatchObject([{ resumed: true }]);
    await bob.next(({ type }) => type === "file");
    expect(bob.received.filter(({ seq }) => seq !== undefined)).toEqual(said);
    expect(await first.stop()).toBe(0);

    // The newest entries are an hour ahead of the clock, or behind it.
    await clock.set(0);
    const second = await startProgram(dataFolder, { env: clock.env });
    const last = await comeBack(second.port, "alice", session);
    expect(last.all("connected")).toMatchObject([{ resumed: true }]);
    expect(last.received.filter(({ seq }) => seq !== undefined)).toEqual(said);
    await expectRepeatsKnown(last, said.slice(0, -1));
    expect(await say(last, "m9")).toMatchObject({ seq: said.length + 1 });
    expect(await second.stop()).toBe(0);
  });
});

async function expectRepeatsKnown(peer: Peer, said: readonly Answer[]): Promise<void> {
  for (const { id, seq } of said)
    expect(await say(peer, String(id))).toEqual({ type: "recorded", id, room: "lab", seq });
}

/** With a session or without, and everything from the beginning. */
async function comeBack(port: number, name: string, session: unknown): Promise<Peer> {
  const peer = await openPeer(port);
  peer.send({ type: "connect", name, session, room: "lab", since: 0 });
  await peer.next("live");
  return peer;
}
