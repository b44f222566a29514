// The connection of a client: every line in order, whichever way it is read, and none before the last was dealt with.

import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { Link, type Taker } from "../../../client/session/link.js";
import { cleanUp } from "../../support/cleanup.js";

const bytesOf = (at: number) => Buffer.alloc(3000, at);
const chunkLine = (at: number) =>
  `{"type":"chunk","id":"d1","offset":${at},"data":"${bytesOf(at).toString("base64")}"}`;

describe("Link", () => {
  it.each([1, 100, 4001, 65_536])(
    "gives lines and chunks in the order they came, cut into pieces of %i bytes",
    async (pieceBytes) => {
      const { peer, link, taken } = await openLink();
      const lines = [0, 1, 2, 3, 4].flatMap((at) => [chunkLine(at), `{"type":"typing","at":${at}}`, ""]);
      const bytes = Buffer.from(lines.join("\r\n") + "\n");

      for (let at = 0; at < bytes.length; at += pieceBytes) peer.write(bytes.subarray(at, at + pieceBytes));
      peer.end();
      await link.closed;

      expect(taken).toEqual(
        [0, 1, 2, 3, 4].flatMap((at) => [
          { id: "d1", offset: at, data: bytesOf(at).toString("hex") },
          { type: "typing", at },
        ]),
      );
    },
  );

  it("leaves the bytes of a chunk alone, and takes nothing more, until it is dealt with", async () => {
    const order: string[] = [];
    let deal: () => void = () => undefined;
    const dealt = new Promise<void>((resolve) => (deal = resolve));
    let first: Uint8Array = Buffer.alloc(0);
    const { peer, link } = await openLink({
      take: () => void order.push("line"),
      takeChunk: ({ data }) => {
        order.push("chunk");
        if (typeof data !== "string" && first.length === 0) first = data;
        return order.length === 1 ? dealt.then(() => void order.push(`dealt with ${first[0]}`)) : undefined;
      },
    });

    peer.end(`${chunkLine(7)}\n${chunkLine(8)}\n{}\n`);
    await once(peer, "finish");
    while (order.length === 0) await new Promise(setImmediate);
    expect(link.isPaused).toBe(true);
    deal();
    await link.closed;

    expect(order).toEqual(["chunk", "dealt with 7", "chunk", "line"]);
  });

  it.each([
    ["no JSON", "nope\n"],
    ["null", "null\n"],
    ["no object", "42\n"],
    ["a line that is too long", "x".repeat(1024 * 1024 + 2)],
  ])("is broken by %s", async (_what, text) => {
    const { peer, link } = await openLink();
    peer.write(text);
    expect(await link.closed).toMatchObject({ isBroken: true });
  });

  it("is not broken by half a line at the end", async () => {
    const { peer, link, taken } = await openLink();
    peer.end('{"at":1}\n{"at');
    expect(await link.closed).toMatchObject({ isBroken: false });
    expect(taken).toEqual([{ at: 1 }]);
  });

  it("sends chunks as they were when they were sent, however much waits", async () => {
    const { peer, link } = await openLink();
    const bytes = Buffer.alloc(48 * 1024);
    const count = 100;
    for (let at = 0; at < count; at++)
      link.send({ type: "chunk", upload: "9tz", offset: at, data: bytes.fill(at) });
    link.end();

    let text = "";
    for await (const piece of peer.setEncoding("latin1") as AsyncIterable<string>) text += piece;
    const expected = Array.from({ length: count }, (_none, at) => {
      const data = Buffer.alloc(bytes.length, at).toString("base64");
      return `{"type":"chunk","upload":"9tz","offset":${at},"data":"${data}"}\n`;
    });
    expect(text === expected.join("")).toBe(true);
  });
});

interface Open {
  readonly peer: Socket;
  readonly link: Link;
  /** What came, the data of chunks in hexadecimal. */
  readonly taken: unknown[];
}

async function openLink(taker?: Taker): Promise<Open> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: "127.0.0.1" });
  const [peer] = (await once(server, "connection")) as [Socket];
  peer.on("error", () => undefined);
  const taken: unknown[] = [];
  const link = new Link(socket, taker ?? recordingIn(taken));
  cleanUp(async () => {
    link.destroy();
    peer.destroy();
    server.close();
    await once(server, "close");
  });
  return { peer, link, taken };
}

function recordingIn(taken: unknown[]): Taker {
  return {
    take(line) {
      if (typeof line !== "object" || line === null) throw new Error("no object");
      taken.push(line);
      return undefined;
    },
    takeChunk({ type: _type, data, ...rest }) {
      taken.push({ ...rest, data: Buffer.from(data).toString("hex") });
      return Promise.resolve();
    },
  };
}
