// `history`: a page of a room's entries: a header, then exactly as many lines as it counts.

import type { RequestOf } from "../../shared/requests.js";
import { RoomError } from "../../shared/errors.js";
import type { Connection } from "../connection.js";
import type { Range } from "../engine.js";

const defaultLimit = 100;

export function history(connection: Connection, request: RequestOf<"history">): undefined {
  const { room } = connection.membership(request.room);
  const { id, after, before, limit = defaultLimit } = request;
  if (after !== undefined && before !== undefined) {
    throw new RoomError("bad-message", { message: "Bad message: after and before exclude each other." });
  }
  const range: Range = {
    limit,
    ...(after !== undefined && { after }),
    ...(before !== undefined && { before }),
  };
  connection.unanswered.addInTurn(id, async () => {
    const { from, to, more, bytes } = await room.read(range);
    const count = to - from + 1;
    connection.answer(id, { type: "history", room: room.name.shown, from, to, count, more });
    if (count > 0) connection.send(bytes);
  });
}
