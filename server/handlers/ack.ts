// `ack`: how much of a download has arrived, so that the server may send a window more. Not answered.

import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";

export function ack(connection: Connection, { id, offset }: RequestOf<"ack">): undefined {
  connection.downloads.ack(id, offset);
}
