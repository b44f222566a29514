// `delete`: takes away what an entry said, and its edits; a file with its bytes, if nothing else has them. One's own,
// or as an operator anybody's.

import { bodyOf } from "../../shared/entry.js";
import { RoomError } from "../../shared/errors.js";
import type { RequestOf } from "../../shared/requests.js";
import type { Connection, Membership } from "../connection.js";
import type { Draft, FileQuery } from "../engine.js";
import { fileQueryOf } from "../file-query.js";
import { saidBy } from "../said.js";

export function deleteEntry(connection: Connection, request: RequestOf<"delete">): Promise<void> | undefined {
  const { id, target } = request;
  if (target !== undefined && namesFile(request)) {
    throw new RoomError("bad-message", { message: "Bad message: give target, or else the file." });
  }
  const query = target === undefined ? fileQueryOf(request) : undefined;
  return connection.inPlace(request, (membership) => {
    const draft = (number: number): Draft => ({
      type: "delete",
      sender: connection.sender,
      id,
      body: bodyOf({ ...saidBy(connection, membership, id), target: number }),
      target: number,
      isOperator: connection.isOperator,
    });
    const drafted =
      query === undefined
        ? draft(target ?? 0)
        : { later: targetOfFile(connection, membership, query).then(draft), bytes: 0 };
    connection.unanswered.record(id, membership, drafted);
  });
}

function namesFile({ file, name, version }: RequestOf<"delete">): boolean {
  return (file ?? name ?? version) !== undefined;
}

/** The number of a file's entry. @throws RoomError file-not-found */
async function targetOfFile(connection: Connection, { room }: Membership, query: FileQuery): Promise<number> {
  await connection.unanswered.recorded();
  const item = await connection.premises.engine.catalog.findFile(room.name, query);
  if (item === undefined) throw new RoomError("file-not-found");
  return item.seq;
}
