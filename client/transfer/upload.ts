// Sends a file into a room. Opening and naming what is sent is here; how it gets there through any break is in
// sending.ts.

import type { AnswerOf } from "../../shared/answers.js";
import { pipedSource } from "./piped.js";
import { Sending } from "./sending.js";
import type { Session } from "../session/session.js";
import { openSource, type Source } from "./source.js";
import type { TransferOptions } from "./transfer.js";

export interface UploadOptions extends TransferOptions {
  /** What it is called in the room; the last segment of its path when left out. */
  readonly name?: string | undefined;
}

/**
 * Resolves with the entry that everybody in the room sees. What an earlier attempt of the same sender has brought to
 * the server is not sent again.
 * @throws RoomError what the server refused; ClientError bad-file, damaged, or that of the session
 */
export async function upload(
  session: Session,
  path: string,
  options: UploadOptions = {},
): Promise<AnswerOf<"file">> {
  return send(session, await openSource(path), options);
}

/** Sends what comes from a pipe until it ends, under a name. @throws as `upload` does */
export async function uploadFrom(
  session: Session,
  input: AsyncIterable<unknown>,
  options: TransferOptions & { readonly name: string },
): Promise<AnswerOf<"file">> {
  return send(session, pipedSource(input, options.name), options);
}

async function send(session: Session, source: Source, options: UploadOptions): Promise<AnswerOf<"file">> {
  try {
    return await new Sending(session, source, options).run();
  } finally {
    await source.close();
  }
}
