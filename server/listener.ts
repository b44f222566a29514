// One port. The first bytes of a connection decide what it speaks: JSON lines go on to `onWire`; a TLS hello
// or an HTTP request gets a short answer in its own language and is never read as lines.

import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Addresses } from "./addresses.js";
import { encode } from "../shared/protocol.js";
import { TcpWire } from "./wires/tcp.js";
import type { Wire } from "./wires/wire.js";

export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly maxLineBytes: number;
  /** How long a peer may say nothing before it is sent away. */
  readonly silenceMs: number;
  readonly stallMs: number;
  /** Connections that one address may have; loopback is never counted. */
  readonly maxPerAddress: number;
  readonly onWire: (wire: Wire) => void;
}

export interface Listener {
  readonly address: AddressInfo;
  /** Stops accepting. Connections that were handed on live on; those still silent are ended. */
  close(): Promise<void>;
}

/** Bytes that wait in Node for a socket before `ready` has to be awaited: what outbox.ts lets wait at least. */
const socketBufferBytes = 16 * 1024;
const keepAliveMs = 60_000;

/** @throws Error of the system, with its `code`: EADDRINUSE, EACCES, EADDRNOTAVAIL, ENOTFOUND */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const silent = new Set<Socket>();
  const addresses = new Addresses(options.maxPerAddress);
  // Half-open, or the answers to `printf ... | nc -N` would be lost.
  const server = createServer(
    {
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMs,
      highWaterMark: socketBufferBytes,
    },
    (socket) => {
      const leave = addresses.enter(socket.remoteAddress ?? "");
      if (leave === undefined) {
        turnAway(socket);
        return;
      }
      socket.once("close", leave);
      silent.add(socket);
      hearFirst(socket, options.silenceMs, (first) => {
        silent.delete(socket);
        handOver(socket, first, options);
      });
    },
  );
  await listen(server, options);
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The listener has no address.");
  return {
    address,
    close() {
      for (const socket of silent) socket.destroy();
      // Not awaited to its callback, which waits for every connection.
      server.close();
      return Promise.resolve();
    },
  };
}

/** What a peer speaks; `nothing` when it said too little, `crowd` when nobody listened. */
type Speech = "lines" | "http" | "tls" | "nothing" | "crowd";

interface FirstBytes {
  readonly speech: Speech;
  readonly bytes: Buffer;
}

const httpMethods = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"];
const tlsHandshake = 0x16;

/** What a first line may be long before it is sent away, whatever it is. */
const maxFirstLineBytes = 8192;

/**
 * What first bytes are; undefined while they could still be the beginning of an HTTP request (RFC 9112 section
 * 3): a word, which nothing in JSON is, a blank, a target, and at the end of the line the version. A method that
 * is known decides at once; any other, because a browser sends any, when its line has ended.
 */
export function recognise(bytes: Buffer): Exclude<Speech, "nothing" | "crowd"> | undefined {
  if (bytes.length === 0) return undefined;
  if (bytes[0] === tlsHandshake) return "tls";
  const text = bytes.toString("latin1", 0, maxFirstLineBytes);
  const [, method = "", rest = ""] = /^([!#$%&'*+.^_`|~\w-]*)(.*)/s.exec(text) ?? [];
  if (method === "" || (rest !== "" && !/^[ \r\n]/.test(rest))) return "lines";
  if (httpMethods.includes(method) && /^ \S/.test(rest)) return "http";
  const end = text.indexOf("\n");
  if (end !== -1) return /^ \S+ HTTP\/\d/.test(rest) ? "http" : "lines";
  return text.length < maxFirstLineBytes ? undefined : "http";
}

async function listen(server: Server, { host, port }: ListenerOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, backlog: 4096 }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

// Reads until it is clear what the peer speaks, it ended, or its time is over. A callback and no promise: the
// socket must not be without its error listener for a moment.
function hearFirst(socket: Socket, silenceMs: number, heard: (first: FirstBytes) => void): void {
  let bytes: Buffer = Buffer.alloc(0);
  const decide = (speech: Speech) => {
    clearTimeout(timer);
    socket.pause();
    socket.off("data", onData).off("end", onEnd).off("error", onEnd).off("close", onEnd);
    heard({ speech, bytes });
  };
  const onData = (more: Buffer) => {
    bytes = bytes.length === 0 ? more : Buffer.concat([bytes, more]);
    const speech = recognise(bytes);
    if (speech !== undefined) decide(speech);
  };
  const onEnd = () => {
    decide("lines");
  };
  // What only began like HTTP counts as nothing too: were it lines by now, the rest of a request would be.
  const timer = setTimeout(() => {
    decide("nothing");
  }, silenceMs);
  socket.on("data", onData).on("end", onEnd).on("error", onEnd).on("close", onEnd);
}

// Of a crowd that is refused, nobody may stay for long either: what is said to it may be lost.
function turnAway(socket: Socket): void {
  socket.on("error", () => undefined);
  socket.end(answers.crowd, () => socket.destroy());
  setTimeout(() => socket.destroy(), 1000).unref();
}

function handOver(socket: Socket, { speech, bytes }: FirstBytes, options: ListenerOptions): void {
  if (socket.destroyed) return;
  const wire = new TcpWire(socket, {
    maxLineBytes: options.maxLineBytes,
    stallMs: options.stallMs,
    firstBytes: speech === "lines" ? bytes : Buffer.alloc(0),
  });
  if (speech === "lines") {
    options.onWire(wire);
    return;
  }
  const answer = answers[speech];
  wire.send(answer);
  wire.close();
}

const httpText = "This is a Roomline server. It speaks JSON lines on this port, not HTTP: try nc.\n";

const answers: Record<Exclude<Speech, "lines">, string | Buffer> = {
  nothing: encode({ type: "bye", code: "stalled", message: "You said nothing for too long.", retry: true }),
  crowd: encode({
    type: "bye",
    code: "too-many",
    message: "Your address has too many connections.",
    retry: true,
  }),
  http:
    "HTTP/1.1 501 Not Implemented\r\nContent-Type: text/plain; charset=utf-8\r\n" +
    `Content-Length: ${httpText.length}\r\nConnection: close\r\n\r\n${httpText}`,
  // A fatal alert (RFC 8446 section 6): 70, protocol_version.
  tls: Buffer.from([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 70]),
};
