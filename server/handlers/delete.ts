// `delete`: takes away what an entry said, and its edits; a file with its bytes, if nothing else has them. One's own,
// or as an operator anybody's.

import { bodyOf } from "../../shared/entry.js";
import { RoomError } from "../../shared/errors.js";
import type { RequestOf } from "../../shared/requests.js";
import type { Connection, Membership } from "../connection.js";
import type { Draft } from "../engine.js";
import { saidBy } from "../said.js";

export function deleteEntry(connection: Connection, request: RequestOf<"delete">): Promise<void> | undefined {
  const { id, target, file } = request;
  if ((target === undefined) === (file === undefined)) {
    throw new RoomError("bad-message", { message: "Bad message: give target or file." });
  }
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
      target === undefined
        ? { later: targetOfFile(connection, membership, file ?? "").then(draft), bytes: 0 }
        : draft(target);
    connection.unanswered.record(id, membership, drafted);
  });
}

/** The number of a file's entry. @throws RoomError file-not-found */
async function targetOfFile(connection: Connection, { room }: Membership, file: string): Promise<number> {
  await connection.unanswered.recorded();
  const item = await connection.premises.engine.catalog.findFile(room.name, { file });
  if (item === undefined) throw new RoomError("file-not-found");
  return item.seq;
}
