// `directs`: the conversations that the sender has, by the other's name, with what is unread in them.

import { parsePersonName } from "../../shared/names.js";
import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";
import { pageLimit } from "../page-limit.js";

export function directs(connection: Connection, request: RequestOf<"directs">): undefined {
  const after = request.after === undefined ? undefined : parsePersonName(request.after);
  const limit = pageLimit(request.limit);
  const { catalog } = connection.premises.engine;
  connection.unanswered.addInTurn(request.id, async () => {
    const found = await catalog.conversations(connection.sender, { after, limit: limit + 1 });
    const more = found.length > limit;
    connection.answer(request.id, { type: "directs", directs: found.slice(0, limit), more });
  });
}
