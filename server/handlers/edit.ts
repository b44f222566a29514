// `edit`: an entry that says what its target says from now on. What it said before stays in the log; to take that away
// there is `delete`.

import { bodyOf } from "../../shared/entry.js";
import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";
import { checkText, saidBy } from "../said.js";

export function edit(connection: Connection, request: RequestOf<"edit">): Promise<void> | undefined {
  const { id, target, text } = request;
  checkText(text, connection.premises.limits.textBytes);
  return connection.inPlace(request, (membership) => {
    const body = bodyOf({ ...saidBy(connection, membership, id), target, text });
    const { sender } = connection;
    connection.unanswered.record(id, membership, { type: "edit", sender, id, body, target });
  });
}
