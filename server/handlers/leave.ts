// `leave`: ends a membership, after the answers to all earlier requests. Transfers of that room end with it.

import type { RequestOf } from "../../shared/requests.js";
import type { Connection, Membership } from "../connection.js";

export async function leave(connection: Connection, request: RequestOf<"leave">): Promise<void> {
  const membership = connection.membership(request.room);
  connection.uploads.pauseAll(membership.room);
  connection.downloads.stopAll(membership.room);
  await connection.unanswered.settled();
  await membership.member.caughtUp();
  // Gone already when the connection ended meanwhile.
  if (!connection.memberships.delete(membership.room.name.key)) return;
  leaveRoom(connection, membership);
  connection.answer(request.id, { type: "left", room: membership.room.name.shown });
}

export function leaveRoom(connection: Connection, { room, member }: Membership): void {
  room.leave(member, true);
  connection.premises.rooms.exit(room);
}
