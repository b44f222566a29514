// `history`: a page of a room's entries: a header, then exactly as many lines as it counts.

import type { AnswerOf } from "../../shared/answers.js";
import type { RequestOf } from "../../shared/requests.js";
import { RoomError } from "../../shared/errors.js";
import type { Connection, Membership } from "../connection.js";
import type { Page, Range } from "../engine.js";

const defaultLimit = 100;

export function history(connection: Connection, request: RequestOf<"history">): Promise<void> | undefined {
  const { id, after, before, limit = defaultLimit, changes } = request;
  if (after !== undefined && before !== undefined) {
    throw new RoomError("bad-message", { message: "Bad message: after and before exclude each other." });
  }
  const range: Range = {
    limit,
    ...(after !== undefined && { after }),
    ...(before !== undefined && { before }),
    ...(changes !== undefined && { changes }),
  };
  return connection.inPlace(request, (membership) => {
    connection.unanswered.addInTurn(id, () => givePage(connection, membership, { id, range }));
  });
}

async function givePage(
  connection: Connection,
  { room, member }: Membership,
  { id, range }: { id: string | undefined; range: Range },
): Promise<void> {
  const { head } = room;
  await room.readInTurn(range, (page) => {
    const { from, to, more, bytes, changes } = page;
    const count = to - from + 1;
    const lost = lostBetween(range, page, head);
    connection.answer(id, {
      ...{ type: "history", ...member.place, from, to, count, more },
      ...(changes && { changes: changes.count }),
      ...(lost && { lost }),
    });
    if (count > 0) connection.send(bytes);
    if (changes !== undefined && changes.count > 0) connection.send(changes.bytes);
  });
}

// The head is that of before the page was read: what came since is missing in it, and not lost.
/** Numbers that were asked for, next to the page or instead of it, and whose entries are not kept any more. */
function lostBetween(range: Range, page: Page, head: number): AnswerOf<"history">["lost"] {
  const { after, before = head + 1 } = range;
  const top = Math.min(before - 1, head);
  const isEmpty = page.to < page.from;
  let [from, to] = [1, top];
  if (after !== undefined) [from, to] = [after + 1, isEmpty ? top : page.from - 1];
  else if (!isEmpty && page.to < top) [from, to] = [page.to + 1, top];
  else if (!isEmpty) [from, to] = page.more ? [1, 0] : [1, page.from - 1];
  return from <= to ? { from, to } : undefined;
}
