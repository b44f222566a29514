// `cancel`: drops an upload, by its `upload`, or stops a download, by its `id`.

import type { RequestOf } from "../../shared/requests.js";
import { RoomError } from "../../shared/errors.js";
import type { Connection } from "../connection.js";

export function cancel(connection: Connection, request: RequestOf<"cancel">): Promise<void> | undefined {
  if (request.upload !== undefined) return connection.uploads.cancel(request.upload, request.id);
  if (request.id === undefined)
    throw new RoomError("bad-message", { message: "Bad message: upload or id is missing." });
  connection.downloads.cancel(request.id);
  return undefined;
}
