// `ping`: says that somebody is there, and what time it is. Who is connected for long gets the session anew, so that
// it is known after a restart of the server, which forgets until when somebody was connected.

import type { RequestOf } from "../../shared/requests.js";
import type { Connection } from "../connection.js";

/** A session that was given so lately need not be renewed. */
const freshMs = 3600 * 1000;

export function ping(connection: Connection, request: RequestOf<"ping">): undefined {
  const now = Date.now();
  const { claim } = connection;
  const isOld = claim !== undefined && now - connection.sessionGivenMs > freshMs;
  if (isOld) connection.sessionGivenMs = now;
  connection.answer(request.id, {
    type: "pong",
    time: new Date(now).toISOString(),
    ...(isOld && { session: claim.renewed() }),
  });
}
