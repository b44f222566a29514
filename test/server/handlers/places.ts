// What the tests of the verbs that mean a room or a conversation say alike.

import type { Answer, Peer } from "../../support/peer.js";

/** A request as it goes over the wire, for several in one packet. */
export function lineOf(request: object): string {
  return `${JSON.stringify(request)}\n`;
}

/** What the server says to requests, without what others said before and this peer has not heard yet. */
export async function answersOf(peer: Peer, ...asked: object[]): Promise<Answer[]> {
  await peer.answersTo();
  return peer.answersTo(...asked);
}
