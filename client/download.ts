// Saves a file of a room: asks for it, checks every chunk, and lets target.ts write it. Memory does not grow
// with the file, because nothing is read from the server while a chunk is being written.

import type { AnswerOf } from "../shared/answers.js";
import { decodeBase64 } from "../shared/base64.js";
import { RoomError } from "../shared/errors.js";
import { ClientError, isLoss } from "./failures.js";
import { only } from "./exchanges.js";
import type { Session } from "./session.js";
import { openTarget, type Target } from "./target.js";
import { cancelTimeoutMs, reusingCodec, type TransferOptions } from "./transfer.js";

/** A file by its name, the newest version unless one is given, or by its id. */
export type Wanted = { readonly name: string; readonly version?: number } | { readonly file: string };

export interface Saved {
  /** Where it is; its name may differ from the file's. */
  readonly path: string;
  readonly file: AnswerOf<"downloading">;
}

/**
 * @param options.folder where to save it; made when missing
 * @throws RoomError what the server refused; ClientError bad-file, damaged, or that of the session
 */
export async function download(
  session: Session,
  wanted: Wanted,
  options: TransferOptions & { folder: string },
): Promise<Saved> {
  const { room, signal } = options;
  const id = session.newId();
  const saving = new Saving(options);
  try {
    return await session.request(
      { type: "download", id, ...wanted, ...(room !== undefined && { room }) },
      (answer) => {
        if (answer.type === "downloading") return saving.begin(answer);
        return answer.type === "chunk" ? saving.take(answer) : undefined;
      },
      { ...(signal && { signal }), afterLoss: () => (saving.hasBegun ? "fail" : "send-again") },
    );
  } catch (error) {
    await saving.discard();
    // The server has stopped by itself when it was the one to refuse, or is not there.
    if (!(error instanceof RoomError) && !isLoss(error)) await stop(session, id);
    throw isLoss(error) ? brokenOff(saving.name, error) : error;
  }
}

class Saving {
  readonly #options: TransferOptions & { folder: string };
  readonly #codec = reusingCodec();
  #begun: { target: Target; file: AnswerOf<"downloading"> } | undefined;
  #hasBegun = false;
  #isDiscarded = false;

  constructor(options: TransferOptions & { folder: string }) {
    this.#options = options;
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Of the file, as far as it is known. */
  get name(): string {
    return this.#begun?.file.name ?? "the file";
  }

  async begin(file: AnswerOf<"downloading">): Promise<undefined> {
    if (this.#hasBegun) throw damaged(file.name, "it began twice");
    this.#hasBegun = true;
    this.#begun = { target: await openTarget(this.#options.folder, file), file };
    if (this.#isDiscarded) await this.discard();
  }

  async take({ offset, data, last }: AnswerOf<"chunk">): Promise<Saved | undefined> {
    if (this.#begun === undefined) throw new ClientError("damaged", "The server sent bytes of no file.");
    const { target, file } = this.#begun;
    if (data === "" && last !== true) throw damaged(file.name, "a part has no bytes");
    await target.write(offset, this.#decode(data, file.name));
    const bytes = target.takenBytes;
    this.#options.onProgress?.({ direction: "download", name: file.name, bytes, size: file.size });
    return last === true ? { path: await target.finish(), file } : undefined;
  }

  #decode(data: string, name: string): Uint8Array {
    try {
      return decodeBase64(data, this.#codec);
    } catch (error) {
      if (!(error instanceof RoomError)) throw error;
      throw damaged(name, "not Base64");
    }
  }

  async discard(): Promise<void> {
    this.#isDiscarded = true;
    await this.#begun?.target.discard();
  }
}

function brokenOff(name: string, cause: unknown): ClientError {
  const sentence = `The connection was lost before ${name} was here; it was not saved.`;
  return new ClientError("connection-lost", sentence, { cause });
}

function damaged(name: string, why: string): ClientError {
  return new ClientError("damaged", `${name} arrived damaged: ${why}. It was not saved.`);
}

async function stop(session: Session, id: string): Promise<void> {
  try {
    await session.request({ type: "cancel", id }, only("cancelled"), { timeoutMs: cancelTimeoutMs });
  } catch (error) {
    // It may have ended meanwhile, or the connection has.
    if (!(error instanceof RoomError) && !(error instanceof ClientError)) throw error;
  }
}
