// `chunk`: the next bytes of an upload. Answered by `progress` now and then, not one by one.

import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";

export function chunk(connection: Connection, request: RequestOf<"chunk">): Promise<void> | undefined {
  return connection.uploads.take(request);
}
