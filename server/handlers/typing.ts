// `typing`: tells the others that somebody is about to say something. It is not kept, and has no answer.

import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";

export function typing(connection: Connection, request: RequestOf<"typing">): Promise<void> | undefined {
  return connection.inPlace(request, ({ room, member }) => {
    room.typing(member);
  });
}
