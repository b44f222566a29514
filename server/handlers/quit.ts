// `quit`: everything received is answered, then `bye`, then the end.

import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";

export function quit(connection: Connection, request: RequestOf<"quit">): undefined {
  connection.quit(request.id);
}
