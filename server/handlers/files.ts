// `files`: the files of a room, or the versions of one, newest first, a page at a time.

import { parseFileName } from "../../shared/names.js";
import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";
import { pageLimit } from "../page-limit.js";

export function files(connection: Connection, request: RequestOf<"files">): undefined {
  const { room } = connection.membership(request.room);
  const limit = pageLimit(request.limit);
  const name = request.name === undefined ? undefined : parseFileName(request.name);
  connection.unanswered.addInTurn(request.id, async () => {
    const found = await connection.premises.engine.catalog.files(room.name, {
      name,
      after: request.after,
      limit: limit + 1,
    });
    const items = found.slice(0, limit);
    connection.answer(request.id, {
      type: "files",
      room: room.name.shown,
      files: items,
      more: found.length > limit,
    });
  });
}
