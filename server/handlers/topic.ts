// `topic`: an entry that says what the room is about from now on; an empty text says nothing.

import { bodyOf } from "../../shared/entry.js";
import { maxTopicBytes } from "../../shared/limits.js";
import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";
import { checkText } from "../said.js";

export function topic(connection: Connection, request: RequestOf<"topic">): undefined {
  const membership = connection.membership(request.room);
  const { id, text } = request;
  checkText(text, maxTopicBytes, { minBytes: 0 });
  const body = bodyOf({ from: connection.name, id, text });
  const { sender } = connection;
  connection.unanswered.record(id, membership, { type: "topic", sender, id, body, topic: text });
}
