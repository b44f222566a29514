// `message`: one entry of text. Its answer is the entry itself, to every member and the sender too.

import { bodyOf } from "../../shared/entry.js";
import { RoomError } from "../../shared/errors.js";
import type { RequestOf } from "../../shared/requests.js";
import { utf8Bytes } from "../../shared/text.js";
import type { Connection } from "../connection.js";

export function message(connection: Connection, request: RequestOf<"message">): undefined {
  const { room } = connection.membership(request.room);
  const { id, text, replyTo } = request;
  const { textBytes } = connection.premises.limits;
  if (text === "" || utf8Bytes(text) > textBytes) {
    throw new RoomError("bad-message", {
      message: `Bad message: text must be 1 to ${textBytes} bytes long.`,
    });
  }
  if (replyTo !== undefined && replyTo > room.head) throw new RoomError("no-such-entry");
  const body = bodyOf({ from: connection.name, id, text, replyTo });
  connection.unanswered.record(id, room, { type: "message", sender: connection.sender, id, body });
}
