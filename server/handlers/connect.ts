// `connect`: claims the name, then enters the first room. A refused one claims nothing.

import { RoomError } from "../../shared/errors.js";
import { parsePersonName, parseRoomName } from "../../shared/names.js";
import { protocolVersion } from "../../shared/protocol.js";
import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";
import { enter } from "./join.js";

const defaultRoom = "lobby";
const features = ["files"];

export async function connect(connection: Connection, request: RequestOf<"connect">): Promise<void> {
  const { engine, limits, serverName } = connection.premises;
  if (connection.claim !== undefined) throw new RoomError("already-connected");
  if (request.protocol !== undefined && request.protocol !== protocolVersion) {
    throw new RoomError("unsupported-protocol", {
      message: `This server speaks protocol ${protocolVersion}.`,
    });
  }
  const name = request.name ? parsePersonName(request.name) : undefined;
  const roomName = request.room === null ? undefined : parseRoomName(request.room ?? defaultRoom);
  const claim = await engine.directory.claim({
    name,
    session: request.session,
    onTakeover: () => {
      connection.expel({
        code: "name-taken",
        message: "Your session goes on on a newer connection.",
        retry: false,
      });
    },
  });
  if (!connection.isHere) {
    claim.release();
    return;
  }
  connection.welcome(claim);
  connection.answer(request.id, {
    type: "connected",
    name: claim.name.shown,
    session: claim.session,
    resumed: claim.resumed,
    server: serverName,
    protocol: protocolVersion,
    features,
    time: new Date().toISOString(),
    limits,
  });
  if (roomName !== undefined) await enter(connection, roomName, request.id);
}
