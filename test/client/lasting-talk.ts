// A session in the lab of a server that says exactly what a test wants, and what the tests of coming back do with it.

import { openSession, type SessionOptions } from "../../client/session/connect.js";
import type { ConnectionState } from "../../client/session/conversation.js";
import type { Session } from "../../client/session/session.js";
import { cleanUp } from "../support/cleanup.js";
import { startFakeServer, type FakePeer, type FakeServer } from "./fake-server.js";

export const waits = { firstMs: 1, longestMs: 5 };

export interface Talk {
  readonly server: FakeServer;
  readonly session: Session;
  readonly peer: FakePeer;
  readonly seen: number[];
}

/** A session in the lab whose waits are short, and what it shows. */
export async function talk(options: SessionOptions = {}): Promise<Talk> {
  const server = await startFakeServer();
  const opening = openSession({ port: server.port, name: "alice", room: "lab", waits, ...options });
  const peer = await server.accept();
  await peer.greet("alice", { head: 40 });
  const session = await opening;
  cleanUp(async () => {
    // A server that is still there would be waited for.
    await server.close();
    await session.close();
  });
  const seen: number[] = [];
  session.on("message", ({ seq }) => seen.push(seq));
  return { server, session, peer, seen };
}

/** The next connection, on which the server says whether it knows who comes. */
export async function back(server: FakeServer, resumed = true): Promise<FakePeer> {
  const peer = await server.accept();
  await peer.greet("alice", { resumed });
  return peer;
}

export async function stateOf(session: Session, wanted: ConnectionState["state"]): Promise<ConnectionState> {
  return new Promise((resolve) => {
    const stop = session.onState((change) => {
      if (change.state !== wanted) return;
      stop();
      resolve(change);
    });
  });
}
