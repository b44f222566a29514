// `download`: a file of a room, or the rest of one, in chunks.

import { RoomError } from "../../shared/errors.js";
import { parseFileName } from "../../shared/names.js";
import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";
import type { FileQuery } from "../engine.js";

export function download(connection: Connection, request: RequestOf<"download">): undefined {
  const { room } = connection.membership(request.room);
  connection.downloads.start(request, { room, query: queryOf(request) });
}

function queryOf({ file, name, version }: RequestOf<"download">): FileQuery {
  if (file !== undefined && name === undefined && version === undefined) return { file };
  if (file === undefined && name !== undefined) return { name: parseFileName(name), version };
  throw new RoomError("bad-message", { message: "Bad message: give name, or name and version, or file." });
}
