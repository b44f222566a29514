// `direct`: an entry for one person, in the conversation of the two. Its answer is the entry itself, to both.

import { bodyOf } from "../../shared/entry.js";
import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";
import type { Draft } from "../engine.js";
import { checkText, replying, saidBy } from "../said.js";

export async function direct(connection: Connection, request: RequestOf<"direct">): Promise<void> {
  const { id, to, text, replyTo } = request;
  checkText(text, connection.premises.limits.textBytes);
  const { membership, between } = await connection.conversations.between(to, id);
  const body = bodyOf({ ...saidBy(connection, membership, id), text, replyTo });
  const draft: Draft = { type: "direct", sender: connection.sender, id, body, between };
  connection.unanswered.record(id, membership, replying(connection, membership, { draft, replyTo }));
}
