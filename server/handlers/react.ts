// `react`: an entry that puts something, mostly an emoji, under another, or takes it back.

import { bodyOf } from "../../shared/entry.js";
import { RoomError } from "../../shared/errors.js";
import { maxEmojiBytes } from "../../shared/limits.js";
import type { RequestOf } from "../../shared/requests.js";
import { replaceUnseen } from "../../shared/text.js";
import type { Connection } from "../connection.js";
import { checkText, saidBy } from "../said.js";

export function react(connection: Connection, request: RequestOf<"react">): Promise<void> | undefined {
  const { id, target, emoji, on = true } = request;
  checkText(emoji, maxEmojiBytes, { what: "emoji" });
  if (/\s/.test(emoji) || replaceUnseen(emoji, () => "") !== emoji) {
    throw new RoomError("bad-message", {
      message: "Bad message: emoji must have no blanks, and nothing that cannot be seen.",
    });
  }
  return connection.inPlace(request, (membership) => {
    const body = bodyOf({ ...saidBy(connection, membership, id), target, emoji, on });
    const { sender } = connection;
    connection.unanswered.record(id, membership, { type: "react", sender, id, body, target });
  });
}
