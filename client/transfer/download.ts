// Fetches a file of a room, to a folder or to a stream. How it is asked for and survives breaks is in fetching.ts;
// how it gets on disk in target.ts.

import { createHash } from "node:crypto";
import { once } from "node:events";
import type { Writable } from "node:stream";
import type { AnswerOf } from "../../shared/answers.js";
import { Arriving } from "./arriving.js";
import { ClientError } from "../failures.js";
import { Fetching, type Landing, type Wanted } from "./fetching.js";
import type { Session } from "../session/session.js";
import { Target, type TargetOptions } from "./target.js";
import type { TransferOptions } from "./transfer.js";

export type { Wanted } from "./fetching.js";

export interface Saved {
  /** Where it is; its name may differ from the file's. */
  readonly path: string;
  readonly file: AnswerOf<"downloading">;
}

/**
 * Saves a file in a folder. What an earlier attempt has left there of the same content is gone on with.
 * @throws RoomError what the server refused; ClientError bad-file, damaged, or that of the session
 */
export async function download(
  session: Session,
  wanted: Wanted,
  options: TransferOptions & TargetOptions,
): Promise<Saved> {
  const target = new Target(options);
  try {
    const { landed: path, file } = await new Fetching(session, { wanted, landing: target, ...options }).run();
    return { path, file };
  } catch (error) {
    const isUnwanted = options.signal?.aborted === true && options.suspend?.aborted !== true;
    const isDamaged = error instanceof ClientError && error.code === "damaged";
    await (isUnwanted || isDamaged ? target.discard() : target.keep());
    throw error;
  }
}

/**
 * Writes a file to a stream as it comes: only when this resolves was it the file that was promised.
 * @throws RoomError what the server refused; ClientError damaged, or that of the session; what the stream fails with
 */
export async function downloadTo(
  session: Session,
  wanted: Wanted,
  options: TransferOptions & { readonly output: Writable },
): Promise<AnswerOf<"downloading">> {
  const landing = streamLanding(options.output);
  return (await new Fetching(session, { wanted, landing, ...options }).run()).file;
}

function streamLanding(output: Writable): Landing<void> {
  let arriving: Arriving | undefined;
  // The memory of the bytes is used again when this resolves.
  const write = (bytes: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      output.write(bytes, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  return {
    begin(facts) {
      arriving = new Arriving({ facts, hash: createHash("sha256"), offset: 0, write });
      return Promise.resolve(arriving);
    },
    async finish() {
      await arriving?.finish();
      if (output.writableNeedDrain) await once(output, "drain");
    },
  };
}
