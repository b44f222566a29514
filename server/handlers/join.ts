// `join`: makes the connection a member of one more room, from its head on.

import { parseRoomName, type Name } from "../../shared/names.js";
import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";
import { leaveRoom } from "./leave.js";

export async function join(connection: Connection, request: RequestOf<"join">): Promise<void> {
  await enter(connection, parseRoomName(request.room), request.id);
}

/** Enters a room and tells so. Joining again moves the position to the head. */
export async function enter(connection: Connection, name: Name, id: string | undefined): Promise<void> {
  const { rooms, limits } = connection.premises;
  const room = await rooms.enter(name);
  if (!connection.isHere) {
    rooms.exit(room);
    return;
  }
  const before = connection.memberships.get(name.key);
  // `joined` goes out before the member can be given anything.
  const member = room.join(connection);
  connection.memberships.set(name.key, { room, member });
  if (before !== undefined) leaveRoom(connection, before);
  const names =
    room.memberCount <= limits.memberNames ? room.users(undefined, limits.memberNames).users : undefined;
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
