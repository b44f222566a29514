// `finish`: the end of an upload that declared no size. Answered by the file's entry.

import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";

export function finish(connection: Connection, request: RequestOf<"finish">): undefined {
  connection.uploads.finish(request);
}
