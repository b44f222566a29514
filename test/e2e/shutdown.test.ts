// The program told to stop in the middle of everything (HOSTILE X7). How each connection is retired is in
// test/server/server.test.ts; here are the process, its exit code and what it leaves.

import { once } from "node:events";
import { openPeer, joinRoom, type Answer, type Peer } from "../support/peer.js";
import { startProgram, type Program } from "../support/program.js";
import { temporaryFolder } from "../support/server.js";
import { until } from "../support/until.js";
import {
  beginUpload,
  chunkBytes,
  chunksOf,
  downloadFile,
  keptFiles,
  someBytes,
  uploadFile,
} from "../server/handlers/transfers.js";

const MiB = 1024 * 1024;
const goodbye = { type: "bye", code: "shutting-down", retry: true };

/** A peer that stopped reading when megabytes were waiting for it. */
async function deafPeer(port: number): Promise<Peer> {
  const deaf = await joinRoom(port, "deaf", "loud");
  deaf.socket.pause();
  const speaker = await joinRoom(port, "speaker", "loud");
  const line = `{"type":"message","text":"${"x".repeat(16_000)}"}\n`;
  for (let sent = 0; sent < 24 * MiB; sent += 20 * line.length) await speaker.answersTo(line.repeat(20));
  speaker.socket.destroy();
  return deaf;
}

/** Peers that have asked for so much that the threads are at work long after the signal. */
async function keepBusy(port: number): Promise<void> {
  for (let n = 0; n < 6; n++) {
    const peer = await joinRoom(port, `busy-${n}`, "busy");
    // What they get is of no interest, and to parse it would only slow them down.
    peer.socket.unpipe();
    peer.socket.resume();
    const message = `{"type":"message","text":"${"x".repeat(2000)}"}\n`;
    peer.send(`${message}{"type":"history","limit":500}\n`.repeat(400));
  }
}

/** Says one thing after the other until its connection ends; returns what it was told is recorded. */
async function talkOn(peer: Peer, prefix = "m"): Promise<unknown[]> {
  for (let sent = 0; !peer.socket.closed;) {
    for (; sent < peer.received.length + 20; sent++)
      peer.send({ type: "message", id: `${prefix}-${sent}`, text: "on and on" });
    await new Promise((resolve) => setImmediate(resolve));
  }
  return peer.all("message").map(({ id }) => id);
}

const isEntry = ({ seq }: Answer) => seq !== undefined;

/** Told twice, and gone as told: with a code, not by a signal that tells of an abort. */
async function stopTwice(program: Program, between: Promise<unknown>): Promise<unknown> {
  const exited = once(program.child, "exit");
  program.child.kill("SIGTERM");
  await between;
  program.child.kill("SIGTERM");
  const [code, signal] = (await exited) as [number | null, string | null];
  return { code, signal, stderr: program.stderr };
}

describe("A server that is told to stop", () => {
  it("says bye to all who read, waits for what it has begun, and ends with 0", async () => {
    const dataFolder = await temporaryFolder();
    const program = await startProgram(dataFolder);
    await deafPeer(program.port);
    const idle = await joinRoom(program.port, "idle");
    const talking = await joinRoom(program.port, "talking");
    const uploading = await joinRoom(program.port, "uploading");
    const whole = someBytes(8 * MiB);
    await uploadFile(uploading, "whole", whole);
    const upload = await beginUpload(uploading, { name: "half", size: 3 * chunkBytes });
    await uploading.answersTo(...chunksOf(upload, someBytes(3 * chunkBytes, 2)).slice(0, 2));
    const downloading = await joinRoom(program.port, "downloading");
    const download = downloadFile(downloading, { id: "d", name: "whole" });
    await until(() => downloading.all("downloading").length > 0);
    const acknowledged = talkOn(talking);
    await idle.next("message");

    const stopped = program.stop();
    await talking.ended;
    // The one that does not read still holds the process, not the door.
    expect(program.child.exitCode).toBeNull();
    await expect(openPeer(program.port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect(await stopped).toBe(0);

    await Promise.all([idle, uploading, downloading].map((peer) => peer.ended));
    for (const peer of [idle, talking, uploading, downloading])
      expect(peer.received.at(-1)).toMatchObject(goodbye);
    expect((await download).bytes.equals(whole)).toBe(true);
    // The half that came is kept, too.
    expect((await keptFiles(dataFolder)).map((path) => path.split("/")[0]).sort()).toEqual([
      "blobs",
      "unfinished",
    ]);
    await expectRecorded(dataFolder, await acknowledged);
  });

  it("gives the rest to one who reads again in time, and then says bye", async () => {
    const program = await startProgram(await temporaryFolder());
    const deaf = await deafPeer(program.port);
    const watching = await joinRoom(program.port, "watching");
    const head = Number((await watching.ask({ type: "join", id: "j", room: "loud" })).head);
    const stopped = program.stop();
    await watching.ended;
    deaf.socket.resume();
    await deaf.ended;
    expect(await stopped).toBe(0);
    expect(deaf.received.at(-1)).toMatchObject(goodbye);
    const seqs = deaf.received.filter(isEntry).map(({ seq }) => seq);
    expect(seqs).toEqual(Array.from({ length: head }, (_, n) => n + 1));
  });

  it("ends at once with 1 when it is told again, and keeps what it acknowledged", async () => {
    const dataFolder = await temporaryFolder();
    // Several times, because what goes wrong here depends on what each thread is doing at the moment.
    for (let round = 0; round < 4; round++) {
      const program = await startProgram(dataFolder, { keepsStderr: true });
      const talking = await joinRoom(program.port, "talking");
      const idle = await joinRoom(program.port, "idle", "silent");
      await keepBusy(program.port);
      const acknowledged = talkOn(talking, `${round}`);
      await until(() => talking.received.length > 100);
      expect(await stopTwice(program, idle.next("bye"))).toEqual({ code: 1, signal: null, stderr: "" });
      await expectRecorded(dataFolder, await acknowledged);
    }
  });
});

/** All that the talking one was told is recorded, in order and once. */
async function expectRecorded(dataFolder: string, acknowledged: readonly unknown[]): Promise<void> {
  const program = await startProgram(dataFolder);
  const reader = await openPeer(program.port);
  reader.send({ type: "connect", name: "reader", room: "lab", since: 0 });
  await reader.next("live");
  const recorded = reader.received.filter(({ from }) => from === "talking").map(({ id }) => id);
  expect(acknowledged.length).toBeGreaterThan(0);
  const begin = recorded.indexOf(acknowledged[0]);
  expect(recorded.slice(begin, begin + acknowledged.length)).toEqual(acknowledged);
  expect(new Set(recorded).size).toBe(recorded.length);
  expect(await program.stop()).toBe(0);
}
