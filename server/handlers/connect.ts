// `connect`: claims the name, then enters the first room. A refused one claims nothing.

import type { AnswerOf } from "../../shared/answers.js";
import { RoomError } from "../../shared/errors.js";
import { parsePersonName, parseRoomName, type Name } from "../../shared/names.js";
import { protocolVersion } from "../../shared/protocol.js";
import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";
import type { Claim } from "../engine.js";
import { checkStart, enter } from "./join.js";

const defaultRoom = "lobby";
const features = ["files", "search"];

export async function connect(connection: Connection, request: RequestOf<"connect">): Promise<void> {
  const { rooms } = connection.premises;
  if (connection.claim !== undefined) throw new RoomError("already-connected");
  if (request.protocol !== undefined && request.protocol !== protocolVersion) {
    const message = `This server speaks protocol ${protocolVersion}.`;
    throw new RoomError("unsupported-protocol", { message });
  }
  if (request.room === null && (request.since ?? request.last) !== undefined) {
    throw new RoomError("bad-message", { message: "Bad message: since and last need a room." });
  }
  const name = request.name ? parsePersonName(request.name) : undefined;
  const roomName = request.room === null ? undefined : parseRoomName(request.room ?? defaultRoom);
  checkStart(request);
  // The room first: whatever fails in it, no name is taken.
  const room = roomName && (await rooms.enter(roomName));
  const claim = await claimName(connection, name, request).catch((error: unknown) => {
    if (room !== undefined) rooms.exit(room);
    throw error;
  });
  if (claim !== undefined) {
    connection.answer(request.id, greeting(connection, claim));
    if (room !== undefined) await enter(connection, room, request);
  } else if (room !== undefined) {
    rooms.exit(room);
  }
}

/** Gives the connection its claim; none when its peer is gone meanwhile. @throws RoomError name-taken */
async function claimName(
  connection: Connection,
  name: Name | undefined,
  { session, token }: RequestOf<"connect">,
): Promise<Claim | undefined> {
  const claim = await connection.premises.engine.directory.claim({
    name,
    session,
    token,
    onTakeover: () => {
      const message = "Your session goes on on a newer connection.";
      connection.expel({ code: "name-taken", message, retry: false });
    },
  });
  if (connection.isHere) {
    connection.welcome(claim);
    return claim;
  }
  claim.release();
  return undefined;
}

function greeting({ premises }: Connection, { name, session, resumed }: Claim): AnswerOf<"connected"> {
  return {
    type: "connected",
    name: name.shown,
    session,
    resumed,
    server: premises.serverName,
    protocol: protocolVersion,
    features,
    time: new Date().toISOString(),
    limits: premises.limits,
  };
}
