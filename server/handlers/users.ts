// `users`: the names of a room's members, a page at a time.

import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";
import { pageLimit } from "./page.js";

export function users(connection: Connection, request: RequestOf<"users">): undefined {
  const { room } = connection.membership(request.room);
  const page = room.users(request.after, pageLimit(request.limit));
  connection.answer(request.id, { type: "users", room: room.name.shown, ...page });
}
