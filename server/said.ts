// What people say, checked before it is recorded: how long a text may be, and what the body of an entry begins with.

import { RoomError } from "../shared/errors.js";
import { utf8Bytes } from "../shared/text.js";
import type { Connection, Membership } from "./connection.js";
import type { Draft } from "./engine.js";
import type { LaterDraft } from "./unanswered.js";

/** @throws RoomError bad-message */
export function checkText(text: string, maxBytes: number, { what = "text", minBytes = 1 } = {}): void {
  const bytes = utf8Bytes(text);
  if (bytes >= minBytes && bytes <= maxBytes) return;
  throw new RoomError("bad-message", {
    message: `Bad message: ${what} must be ${minBytes} to ${maxBytes} bytes long.`,
  });
}

/** The members that every entry's body begins with: who says it, in a conversation of two to whom, and under which id. */
export function saidBy({ name }: Connection, { member }: Membership, id: string | undefined) {
  const { place } = member;
  return { from: name, ...("with" in place && { to: place.with }), id };
}

/**
 * The draft of a reply, when what it replies to is there: it may be on its way, said on the same connection before.
 * @throws RoomError no-such-entry
 */
export function replying(
  { unanswered }: Connection,
  { room }: Membership,
  { draft, replyTo }: { draft: Draft; replyTo: number | undefined },
): Draft | LaterDraft {
  if (replyTo === undefined || replyTo <= room.head) return draft;
  const later = unanswered.recorded().then(() => {
    if (replyTo > room.head) throw new RoomError("no-such-entry");
    return draft;
  });
  return { later, bytes: draft.body.length };
}
