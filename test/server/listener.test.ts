// One port: what the first bytes decide (HOSTILE L4), and peers that say nothing, or half of something (L5).

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { recognise } from "../../server/listener.js";
import { cleanUp } from "../support/cleanup.js";
import { joinRoom, openPeer, type Peer } from "../support/peer.js";
import { startServer } from "../support/server.js";

const evilLines =
  '{"type":"connect","name":"evil","room":"lab"}\n{"type":"message","room":"lab","text":"executed"}\n';

const httpPost =
  "POST / HTTP/1.1\r\nHost: localhost:4040\r\nContent-Type: text/plain\r\n" +
  `Content-Length: ${evilLines.length}\r\n\r\n${evilLines}`;

async function openSocket(port: number): Promise<Socket> {
  const socket = connectTcp({ port, host: "127.0.0.1", noDelay: true });
  cleanUp(async () => Promise.resolve(void socket.destroy()));
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

/** Some turns of the event loop, in which the server, in the same process, reads what has arrived. */
async function letServerRead(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
}

/** Sends pieces as packets of their own and returns all that comes until the server ends. */
async function sayInPieces(port: number, pieces: readonly (string | Buffer)[]): Promise<Buffer> {
  const socket = await openSocket(port);
  const heard: Buffer[] = [];
  socket.on("data", (bytes: Buffer) => heard.push(bytes));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  for (const piece of pieces) {
    socket.write(piece);
    await letServerRead();
  }
  await closed;
  return Buffer.concat(heard);
}

/** Fails when anything was executed since the witness came. */
async function expectNothingHappened(witness: Peer): Promise<void> {
  expect(await witness.ask({ type: "history", id: "h" })).toMatchObject({ count: 0 });
  expect(await witness.ask({ type: "users", id: "u" })).toMatchObject({ users: ["witness"] });
  expect(witness.all("presence")).toEqual([]);
}

describe("Listener, spoken to in another language", () => {
  const splits: [string, string[]][] = [
    ["in one packet", [httpPost]],
    ["with a method of its own", [httpPost.replace("POST", "QUERY")]],
    ["with a method in lower case", [httpPost.replace("POST", "foo")]],
    ["with a method of its own, byte by byte", [...Array.from(httpPost.replace("POST", "PROPFIND"))]],
    ["head and body apart", httpPost.split(/(?<=\r\n\r\n)/)],
    ["line by line", httpPost.split(/(?<=\n)/)],
    ["byte by byte", [...Array.from(httpPost.slice(0, 40)), httpPost.slice(40)]],
    ...[1, 2, 3, 4, 5, 6, 7].map((at): [string, string[]] => [
      `split after ${at}`,
      [httpPost.slice(0, at), httpPost.slice(at)],
    ]),
    ["split at GE", ["GE", `T / HTTP/1.1\r\n\r\n${evilLines}`]],
    ["with a preflight", [`OPTIONS / HTTP/1.1\r\nOrigin: http://evil\r\n\r\n${evilLines}`]],
    ["as HTTP/0.9", [`GET /\n${evilLines}`]],
    ["as a proxy", [`CONNECT localhost:4040 HTTP/1.1\r\n\r\n${evilLines}`]],
    ["as HTTP/2", [`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${evilLines}`]],
    [
      "for a WebSocket",
      [`GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nOrigin: http://evil\r\n\r\n${evilLines}`],
    ],
  ];

  it.each(splits)("answers HTTP %s once, closes, and never reads its body as lines", async (_how, pieces) => {
    const { port } = await startServer();
    const witness = await joinRoom(port, "witness");
    const heard = (await sayInPieces(port, pieces)).toString();
    expect(heard).toMatch(/^HTTP\/1\.1 501 [^]*\r\nConnection: close\r\n\r\n.*Roomline[^\n]*\n$/);
    await expectNothingHappened(witness);
  });

  it("answers a TLS hello with an alert that a TLS client understands", async () => {
    const { port } = await startServer();
    const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
    cleanUp(async () => Promise.resolve(void socket.destroy()));
    const [error] = (await once(socket, "error").catch((caught: unknown) => [caught])) as [{ code: string }];
    expect(error.code).toBe("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
  });

  it("never reads lines behind a TLS hello", async () => {
    const { port } = await startServer();
    const witness = await joinRoom(port, "witness");
    for (const pieces of [
      [Buffer.concat([Buffer.from([0x16, 3, 1, 0, 60]), randomBytes(60), Buffer.from(`\n${evilLines}`)])],
      [Buffer.from([0x16]), `\n${evilLines}`],
    ]) {
      expect([...(await sayInPieces(port, pieces))]).toEqual([0x15, 3, 1, 0, 2, 2, 70]);
    }
    await expectNothingHappened(witness);
  });

  it("takes what only begins like HTTP as lines", async () => {
    const { port } = await startServer();
    for (const first of ["GET", "GET ", "GET  ", "P", "POSTER /x", "get / HTTP", " GET / HTTP/1.1"]) {
      const peer = await openPeer(port);
      const answers = await peer.answersTo(`${first}\n{"type":"ping","id":"p"}\n`);
      expect([first, ...answers.slice(0, 2).map(({ code, id }) => code ?? id)]).toEqual([
        first,
        "bad-line",
        "p",
      ]);
    }
  });

  it("waits with its decision until it is sure", () => {
    expect(recognise(Buffer.from(""))).toBeUndefined();
    expect(recognise(Buffer.from("GET "))).toBeUndefined();
    expect(recognise(Buffer.from("GET /"))).toBe("http");
    expect(recognise(Buffer.from("GET\t/"))).toBe("lines");
    expect(recognise(Buffer.from("G{"))).toBe("lines");
    expect(recognise(Buffer.from([0x16]))).toBe("tls");
    expect(recognise(Buffer.from('{"type":'))).toBe("lines");
    expect(recognise(Buffer.from("hello world"))).toBeUndefined();
    expect(recognise(Buffer.from("hello world\n"))).toBe("lines");
    expect(recognise(Buffer.from("PROPFIND / HTTP/1.1\r\n"))).toBe("http");
    expect(recognise(Buffer.from("foo /x?y HTTP/2\n"))).toBe("http");
    expect(recognise(Buffer.from("x".repeat(8192)))).toBe("http");
  });

  it("sends one away that began like HTTP and stopped, and reads no line of what comes later", async () => {
    const { port } = await startServer({ silenceMs: 150 });
    const witness = await joinRoom(port, "witness");
    const slow = await openPeer(port);
    slow.send("GE");
    // Its own time is over not before that of the one who came first.
    const later = await openPeer(port);
    expect(await later.next("bye")).toMatchObject({ code: "stalled", retry: true });
    slow.send(`T / HTTP/1.1\r\n\r\n${evilLines}`);
    await slow.ended;
    expect(slow.received.map(({ type }) => type)).toEqual(["bye"]);
    await expectNothingHappened(witness);
  });
});

describe("Listener, with two hundred peers that say no good word", () => {
  const half = '{"type":"connect","name":"ha';

  it("sends the silent away, lets the rest go, and keeps serving others", async () => {
    const { port } = await startServer({ silenceMs: 300 });
    const alice = await joinRoom(port, "alice");
    const bob = await joinRoom(port, "bob");
    await alice.next("presence");

    const silent = await openPeers(port, 40);
    const halfLine = await openPeers(port, 40);
    for (const peer of halfLine) peer.send(half);
    const halfClosed = await openPeers(port, 40);
    for (const peer of halfClosed) peer.socket.end();
    const halfLineClosed = await openPeers(port, 40);
    for (const peer of halfLineClosed) peer.socket.end(half);
    const reset = await openPeers(port, 40);
    for (const peer of reset) peer.send(half).socket.resetAndDestroy();

    for (let n = 0; n < 20; n++) await bob.ask({ type: "message", id: `m${n}`, text: "hi" });
    for (const peer of [...silent, ...halfLine]) {
      await peer.ended;
      expect(peer.received).toMatchObject([{ type: "bye", code: "stalled", retry: true }]);
    }
    for (const peer of halfClosed) {
      await peer.ended;
      expect(peer.received).toEqual([{ type: "bye", retry: false }]);
    }
    for (const peer of halfLineClosed) {
      await peer.ended;
      expect(peer.received.map(({ type, code }) => code ?? type)).toEqual(["bad-line", "bye"]);
    }
    await alice.next(({ id }) => id === "m19");
    expect(alice.all("message").map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    const users = await alice.ask({ type: "users", id: "u" });
    expect(users.users).toEqual(["alice", "bob"]);
  });

  it("gives the names of two hundred peers that reset back, and tells who is left", async () => {
    const { port } = await startServer();
    const witness = await joinRoom(port, "witness");
    const peers = await openPeers(port, 200);
    peers.forEach((peer, n) => peer.send({ type: "connect", name: `p${n}`, room: "lab" }));
    for (const peer of peers) await peer.next("joined");
    await witness.next((line) => line.type === "presence" && line.memberCount === 201);
    for (const peer of peers) peer.socket.resetAndDestroy();
    await witness.next((line) => line.type === "presence" && line.memberCount === 1);
    expect(await joinRoom(port, "p0")).toBeDefined();
  });

  it("does not send one away who has connected and says nothing more", async () => {
    const { port } = await startServer({ silenceMs: 100 });
    const quiet = await joinRoom(port, "quiet");
    quiet.send('{"type":"mess');
    const silent = await openPeer(port);
    await silent.next("bye");
    quiet.send('age","text":"hi"}\n');
    expect(await quiet.next("message")).toMatchObject({ text: "hi" });
  });

  async function openPeers(port: number, count: number): Promise<Peer[]> {
    return Promise.all(Array.from({ length: count }, () => openPeer(port)));
  }
});
