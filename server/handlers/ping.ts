// `ping`: answered at once, also before `connect`.

import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";

export function ping(connection: Connection, request: RequestOf<"ping">): undefined {
  connection.answer(request.id, { type: "pong", time: new Date().toISOString() });
}
