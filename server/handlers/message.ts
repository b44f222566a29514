// `message`: one entry of text. Its answer is the entry itself, to every member and the sender too.

import { bodyOf } from "../../shared/entry.js";
import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";
import type { Draft } from "../engine.js";
import { checkText, replying } from "../said.js";

export function message(connection: Connection, request: RequestOf<"message">): undefined {
  const membership = connection.roomOf(request);
  const { id, text, replyTo } = request;
  checkText(text, connection.premises.limits.textBytes);
  const body = bodyOf({ from: connection.name, id, text, replyTo });
  const draft: Draft = { type: "message", sender: connection.sender, id, body };
  connection.unanswered.record(id, membership, replying(connection, membership, { draft, replyTo }));
}
