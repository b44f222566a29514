// `join`: makes the connection a member of one more room, from its head on.

import { RoomError } from "../../shared/errors.js";
import { parseRoomName } from "../../shared/names.js";
import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";
import type { Room } from "../room.js";
import { leaveRoom } from "./leave.js";

/** More than anybody reads; a bot that needs more opens a second connection. */
const maxRooms = 1000;

export async function join(connection: Connection, request: RequestOf<"join">): Promise<void> {
  const name = parseRoomName(request.room);
  if (connection.memberships.size >= maxRooms && !connection.memberships.has(name.key)) {
    throw new RoomError("too-many", { message: `At most ${maxRooms} rooms on one connection.` });
  }
  const room = await connection.premises.rooms.enter(name);
  if (connection.isHere) admit(connection, room, request.id);
  else connection.premises.rooms.exit(room);
}

/**
 * Makes the connection a member of a room that it has entered, and tells so. Joining again moves the position to
 * the head.
 */
export function admit(connection: Connection, room: Room, id: string | undefined): void {
  const { memberNames } = connection.premises.limits;
  const before = connection.memberships.get(room.name.key);
  // `joined` goes out before the member can be given anything.
  const member = room.join(connection);
  connection.memberships.set(room.name.key, { room, member });
  if (before !== undefined) leaveRoom(connection, before);
  const names = room.memberCount <= memberNames ? room.users(undefined, memberNames).users : undefined;
  connection.answer(id, {
    type: "joined",
    room: room.name.shown,
    epoch: room.epoch,
    head: room.head,
    memberCount: room.memberCount,
    ...(names && { members: names }),
    topic: "",
  });
}
