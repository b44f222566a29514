// `search`: entries of a room or a conversation by their words, the newest first: a header, then so many lines.

import { RoomError } from "../../shared/errors.js";
import { maxQueryBytes, maxQueryTerms } from "../../shared/limits.js";
import { parsePersonName } from "../../shared/names.js";
import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";
import type { SearchQuery } from "../engine.js";
import { checkText } from "../said.js";

const defaultLimit = 100;

export function search(connection: Connection, request: RequestOf<"search">): Promise<void> | undefined {
  const { id, query: text, from, after, before, limit = defaultLimit } = request;
  checkText(text, maxQueryBytes, { what: "query" });
  if (text.trim().split(/\s+/).length > maxQueryTerms) {
    throw new RoomError("bad-message", {
      message: `Bad message: query must have at most ${maxQueryTerms} words.`,
    });
  }
  const query: SearchQuery = {
    text,
    limit: Math.min(limit, connection.premises.limits.historyCount),
    ...(from !== undefined && { from: parsePersonName(from) }),
    ...(after !== undefined && { after }),
    ...(before !== undefined && { before }),
  };
  return connection.inPlace(request, ({ room, member }) => {
    connection.unanswered.addInTurn(id, async () => {
      const { count, more, bytes } = await room.search(query);
      connection.answer(id, { type: "results", ...member.place, count, more });
      if (count > 0) connection.send(bytes);
    });
  });
}
