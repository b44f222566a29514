// `download`: a file of a room, or the rest of one, in chunks.

import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";
import { fileQueryOf } from "../file-query.js";

export function download(connection: Connection, request: RequestOf<"download">): undefined {
  const { room } = connection.membership(request.room);
  connection.downloads.start(request, { room, query: fileQueryOf(request) });
}
