// `rooms`: every room that has members or entries, a page at a time.

import { parseRoomName } from "../../shared/names.js";
import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";
import { pageLimit } from "../page-limit.js";

export function rooms(connection: Connection, request: RequestOf<"rooms">): undefined {
  const after = request.after === undefined ? undefined : parseRoomName(request.after);
  const limit = pageLimit(request.limit);
  connection.unanswered.addInTurn(request.id, async () => {
    const page = await connection.premises.rooms.list(after, limit);
    connection.answer(request.id, { type: "rooms", ...page });
  });
}
