// The dispatch: one handler a verb, exhaustive. A handler that returns a promise makes the next request wait
// until it settles; one that only tracks its work lets the next begin. Errors thrown are answered by the
// connection.

import type { Request } from "../../shared/requests.js";
import type { Connection } from "../connection.js";
import { cancel } from "./cancel.js";
import { chunk } from "./chunk.js";
import { connect } from "./connect.js";
import { download } from "./download.js";
import { files } from "./files.js";
import { finish } from "./finish.js";
import { history } from "./history.js";
import { join } from "./join.js";
import { leave } from "./leave.js";
import { message } from "./message.js";
import { ping } from "./ping.js";
import { quit } from "./quit.js";
import { rooms } from "./rooms.js";
import { upload } from "./upload.js";
import { users } from "./users.js";

export function handle(connection: Connection, request: Request): Promise<void> | undefined {
  switch (request.type) {
    case "connect":
      return connect(connection, request);
    case "join":
      return join(connection, request);
    case "leave":
      return leave(connection, request);
    case "message": {
      message(connection, request);
      return;
    }
    case "history": {
      history(connection, request);
      return;
    }
    case "users": {
      users(connection, request);
      return;
    }
    case "rooms": {
      rooms(connection, request);
      return;
    }
    case "files": {
      files(connection, request);
      return;
    }
    case "upload":
      return upload(connection, request);
    case "chunk":
      return chunk(connection, request);
    case "finish": {
      finish(connection, request);
      return;
    }
    case "cancel": {
      cancel(connection, request);
      return;
    }
    case "download": {
      download(connection, request);
      return;
    }
    case "ping": {
      ping(connection, request);
      return;
    }
    case "quit": {
      quit(connection, request);
      return;
    }
    default:
      return unhandled(request);
  }
}

function unhandled(request: never): never {
  throw new Error(`No handler for ${JSON.stringify(request)}`);
}
