// `users`: the names of a room's members, a page at a time.

import { parsePersonName } from "../../shared/names.js";
import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";
import { pageLimit } from "../page-limit.js";

export function users(connection: Connection, request: RequestOf<"users">): undefined {
  const { room } = connection.membership(request.room);
  const after = request.after === undefined ? undefined : parsePersonName(request.after);
  const page = room.users(after, pageLimit(request.limit));
  connection.answer(request.id, { type: "users", room: room.name.shown, ...page });
}
