// Framing on a real socket: HOSTILE L2. Lines that are too long or never end cost neither memory nor time.

import { once } from "node:events";
import type { Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { joinRoom, openPeer, type Peer } from "../../support/peer.js";
import { startServer } from "../../support/server.js";

const MiB = 1024 * 1024;
const lineBytes = 128 * 1024;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** What this process keeps, server and peers together, once garbage is gone. */
function keptBytes(): number {
  // What the first finds is counted as gone when the second begins.
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function write(socket: Socket, bytes: Uint8Array | string): Promise<void> {
  if (!socket.write(bytes)) await once(socket, "drain");
}

/** Sends a piece many times and returns how far memory ever grew meanwhile, in bytes. */
async function floodWith(peer: Peer, piece: Buffer, totalBytes: number): Promise<number> {
  const before = keptBytes();
  let most = 0;
  const sampleBytes = totalBytes / 16;
  let sampledAt = 0;
  for (let sent = 0; sent < totalBytes; sent += piece.length) {
    await write(peer.socket, piece);
    if (sent - sampledAt < sampleBytes) continue;
    sampledAt = sent;
    most = Math.max(most, keptBytes() - before);
  }
  return Math.max(most, keptBytes() - before);
}

describe("TcpWire", () => {
  it("skips a complete line of 100 MB, answers it once and takes the next", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    const other = await joinRoom(port, "other");
    const grown = await floodWith(peer, Buffer.alloc(MiB, "x"), 100 * MiB);
    expect(grown).toBeLessThan(16 * MiB);
    peer.send("\n");
    peer.send({ type: "message", id: "good", text: "hi" });
    expect(await other.next("message")).toMatchObject({ id: "good", seq: 1 });
    expect(peer.all("error").map(({ code }) => code)).toEqual(["line-too-long"]);
  });

  it("answers a line that never ends as soon as it is too long, and says bye at the end of input", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    const other = await joinRoom(port, "other");
    const grown = await floodWith(peer, Buffer.alloc(MiB, "x"), 100 * MiB);
    expect(grown).toBeLessThan(16 * MiB);
    await peer.next("error");
    expect(await other.ask({ type: "message", id: "m", text: "hi" })).toMatchObject({ seq: 1 });
    peer.socket.end();
    await peer.ended;
    expect(peer.all("error").map(({ code }) => code)).toEqual(["line-too-long"]);
    expect(peer.received.at(-1)).toEqual({ type: "bye", retry: false });
  });

  it("holds no more of a line that is dribbled in 64-byte pieces", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    const grown = await floodWith(peer, Buffer.alloc(64, "x"), 8 * MiB);
    expect(grown).toBeLessThan(4 * MiB);
    const answers = await peer.answersTo("\n");
    expect(answers).toEqual([]);
    expect(peer.all("error").map(({ code }) => code)).toEqual(["line-too-long"]);
  });

  it("holds little of lines that two hundred peers never finish", async () => {
    const { port } = await startServer();
    const peers = [];
    for (let n = 0; n < 200; n++) peers.push(await openPeer(port));
    const tooMuch = Buffer.alloc(2 * lineBytes, "{x");
    const before = keptBytes();
    for (const peer of peers) await write(peer.socket, tooMuch);
    for (const peer of peers) await peer.next("error");
    // What the lines have by now is 50 MiB; sockets keep a read's buffer each.
    expect(keptBytes() - before).toBeLessThan(36 * MiB);
  });

  it("takes a line of exactly lineBytes and refuses one of a byte more", async () => {
    const { port } = await startServer();
    const peer = await openPeer(port);
    const ping = (bytes: number) => '{"type":"ping","id":"p"}'.padEnd(bytes, " ");
    const answers = await peer.answersTo(
      `${ping(lineBytes)}\n${ping(lineBytes)}\r\n${ping(lineBytes + 1)}\n${ping(lineBytes + 1)}\r\n${ping(24)}\n`,
    );
    const kinds = answers
      .filter(({ code }) => code !== "not-connected")
      .map(({ type, code }) => code ?? type);
    expect(kinds).toEqual(["pong", "pong", "line-too-long", "line-too-long", "pong"]);
  });

  it("passes over a million empty lines", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    const before = keptBytes();
    expect(await peer.answersTo("\n".repeat(1_000_000), "\r\n".repeat(100_000))).toEqual([]);
    expect(keptBytes() - before).toBeLessThan(16 * MiB);
  });

  it("answers each of ten thousand bad lines in one burst once", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    const answers = await peer.answersTo("x\n".repeat(10_000));
    expect(answers.map(({ code }) => code)).toEqual(Array<string>(10_000).fill("bad-line"));
  });

  it("reads and throws away what comes behind quit, so that no reset takes the goodbye away", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    let error: unknown;
    peer.socket.on("error", (caught) => (error = caught));
    peer.send('{"type":"quit"}\n').send('{"type":"ping"}\n'.repeat(1_000_000));
    await peer.ended;
    expect(peer.received.at(-1)).toEqual({ type: "bye", retry: false });
    expect(peer.all("pong")).toEqual([]);
    expect(error).toBeUndefined();
  });

  it("drops a carriage return before the line feed and keeps none in the text", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    peer.send('\r\n{"type":"message","id":"m","text":"a\\r\\n"}\r\n\r\n');
    expect(await peer.next("message")).toMatchObject({ text: "a\r\n" });
    expect(peer.all("error")).toEqual([]);
  });

  it("puts a character together that packets split anywhere", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    const line = Buffer.from('{"type":"message","id":"m","text":"héé €uro 😀 ‮"}\n');
    for (const byte of line) {
      await write(peer.socket, Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    expect(await peer.next("message")).toMatchObject({ text: "héé €uro 😀 ‮" });
  });
});
