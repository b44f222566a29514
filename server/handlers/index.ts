// The dispatch: one handler a verb, exhaustive. A handler that returns a promise makes the next request wait
// until it settles; one that only tracks its work lets the next begin. Errors thrown are answered by the
// connection.

import type { RequestOf, RequestType } from "../../shared/requests.js";
import type { Connection } from "../connection.js";
import { ack } from "./ack.js";
import { cancel } from "./cancel.js";
import { chunk } from "./chunk.js";
import { connect } from "./connect.js";
import { deleteEntry } from "./delete.js";
import { direct } from "./direct.js";
import { directs } from "./directs.js";
import { download } from "./download.js";
import { edit } from "./edit.js";
import { files } from "./files.js";
import { finish } from "./finish.js";
import { history } from "./history.js";
import { join } from "./join.js";
import { leave } from "./leave.js";
import { message } from "./message.js";
import { ping } from "./ping.js";
import { quit } from "./quit.js";
import { react } from "./react.js";
import { read } from "./read.js";
import { rooms } from "./rooms.js";
import { search } from "./search.js";
import { topic } from "./topic.js";
import { typing } from "./typing.js";
import { upload } from "./upload.js";
import { users } from "./users.js";

type RequestsByType = { readonly [T in RequestType]: RequestOf<T> };

/** A new type of request breaks the build here until it has its handler. */
const handlers: {
  readonly [T in RequestType]: (
    connection: Connection,
    request: RequestsByType[T],
  ) => Promise<void> | undefined;
} = {
  connect,
  join,
  leave,
  message,
  direct,
  edit,
  delete: deleteEntry,
  react,
  topic,
  typing,
  read,
  history,
  search,
  users,
  directs,
  rooms,
  files,
  upload,
  chunk,
  finish,
  cancel,
  download,
  ack,
  ping,
  quit,
};

export function handle<T extends RequestType>(
  connection: Connection,
  request: RequestsByType[T] & { readonly type: T },
): Promise<void> | undefined {
  return handlers[request.type](connection, request);
}
