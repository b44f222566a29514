// `join`: makes the connection a member of one more room, from its head on, or from where it left off.

import { RoomError } from "../../shared/errors.js";
import { parseRoomName } from "../../shared/names.js";
import type { RequestOf } from "../../shared/requests.js";
import type { Connection, Membership } from "../connection.js";
import type { ReadMark } from "../engine.js";
import type { Room } from "../room.js";
import { leaveRoom } from "./leave.js";

/** More than anybody reads; a bot that needs more opens a second connection. */
const maxRooms = 1000;

export async function join(connection: Connection, request: RequestOf<"join">): Promise<void> {
  const name = parseRoomName(request.room);
  if (connection.memberships.size >= maxRooms && !connection.memberships.has(name.key)) {
    throw new RoomError("too-many", { message: `At most ${maxRooms} rooms on one connection.` });
  }
  checkStart(request);
  // What it has said itself is part of what it is given.
  await connection.unanswered.recorded();
  await enter(connection, await connection.premises.rooms.enter(name), request);
}

/** Makes the connection a member of a room that was opened for it, if it is still there then. */
export async function enter(connection: Connection, room: Room, start: Start): Promise<void> {
  const mark = await readMarkOf(connection, room).catch((error: unknown) => {
    connection.premises.rooms.exit(room);
    throw error;
  });
  if (connection.isHere) admit(connection, room, { ...start, mark });
  else connection.premises.rooms.exit(room);
}

// Who is new has read nothing: thousands who come at once ask nothing of the disk.
async function readMarkOf({ claim, sender }: Connection, room: Room): Promise<ReadMark | undefined> {
  return claim?.resumed === true ? room.readMark(sender) : undefined;
}

/** Where a member begins: behind the last number that it knows of a log, or so many entries before the head. */
export type Start = Pick<RequestOf<"join">, "id" | "since" | "epoch" | "last">;

/** @throws RoomError bad-message */
export function checkStart({ since, last }: Start): void {
  if (since === undefined || last === undefined) return;
  throw new RoomError("bad-message", { message: "Bad message: since and last exclude each other." });
}

/**
 * Makes the connection a member of a room that it has entered, tells so, and replays what it asked for. Joining
 * again moves the position.
 */
function admit(connection: Connection, room: Room, start: Start & { mark: ReadMark | undefined }): void {
  const { memberNames } = connection.premises.limits;
  const { id, mark } = start;
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
    topic: room.topic,
    ...(mark && { readSeq: mark.seq, unread: mark.unread }),
  });
  begin(connection, { room, member }, start);
}

// Who knows another log, or more than this one has, is told so and given nothing: the numbers mean other entries.
function begin(connection: Connection, { room, member }: Membership, start: Start): void {
  const { id, since, epoch = room.epoch, last } = start;
  const { head } = room;
  // Counted among what is unanswered until it has begun: who asks again and again and does not read is not heard.
  const replay = (after: number) => {
    connection.unanswered.add(id, member.replay(after, id));
  };
  if (last !== undefined) replay(Math.max(0, head - last));
  if (since === undefined) return;
  // Who has seen nothing has seen nothing of any log.
  const isKnown = since === 0 || (epoch === room.epoch && since <= head);
  if (isKnown) {
    replay(since);
    return;
  }
  const nothing = { from: head + 1, to: head, count: 0, more: false };
  connection.answer(id, { type: "history", room: room.name.shown, ...nothing, reset: true });
  connection.answer(id, { type: "live", room: room.name.shown, head });
}
