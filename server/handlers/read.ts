// `read`: how far the sender has read a room or a conversation. It never goes back. Answered when it is on disk.

import { RoomError } from "../../shared/errors.js";
import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";

export function read(connection: Connection, request: RequestOf<"read">): Promise<void> | undefined {
  const { id, seq } = request;
  return connection.inPlace(request, ({ room, member }) => {
    const { sender } = connection;
    const marked = async () => {
      await connection.unanswered.recorded();
      if (seq > room.head) throw new RoomError("no-such-entry");
      await room.markRead(sender, seq);
      const mark = await room.readMark(sender);
      connection.answer(id, { type: "read", ...member.place, ...(mark ?? { seq: 0, unread: 0 }) });
    };
    connection.unanswered.add(id, marked());
  });
}
