// `upload`: a small file in one line, or the beginning of one that comes in chunks.

import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";

export function upload(connection: Connection, request: RequestOf<"upload">): Promise<void> | undefined {
  const { room } = connection.roomOf(request);
  if (request.data === undefined) return connection.uploads.begin(request, room);
  connection.uploads.takeWhole(request, request.data, room);
  return undefined;
}
