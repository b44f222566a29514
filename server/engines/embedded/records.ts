// Uploads' records, asked of the writing thread: what is asked while some are being written goes together into the next
// transaction. What is to be dropped and cannot be, as on a full disk, is dropped with what is asked next. The thread's
// side is upload-records.ts.

import { RoomError } from "../../../shared/errors.js";
import type { RecordAnswer, RecordCall, UploadRecord } from "./upload-records.js";

/** One transaction. Answers in the order of the calls. */
export type TakeRecords = (calls: readonly RecordCall[]) => Promise<readonly RecordAnswer[]>;

interface Asked {
  readonly call: RecordCall;
  readonly resolve: (record: UploadRecord | undefined) => void;
  readonly reject: (error: unknown) => void;
}

export class Records {
  readonly #take: TakeRecords;
  readonly #onDropped: () => void;
  #asked: Asked[] = [];
  /** Uploads that are still to be dropped. */
  #owed = new Set<string>();
  #isTaking = false;

  /** @param onDropped called when blobs may have lost their last reference */
  constructor(take: TakeRecords, onDropped: () => void = () => undefined) {
    this.#take = take;
    this.#onDropped = onDropped;
  }

  /** Durable when it resolves. @throws RoomError quota-exceeded, too-many, upload-not-found, or that of the disk */
  ask(call: RecordCall): Promise<UploadRecord | undefined> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ call, resolve, reject });
      if (!this.#isTaking) void this.#takeAll();
    });
  }

  async begin(call: Extract<RecordCall, { do: "begin" }>): Promise<UploadRecord> {
    const record = await this.ask(call);
    if (record === undefined) throw new Error("An upload was begun without a record.");
    return record;
  }

  async #takeAll(): Promise<void> {
    this.#isTaking = true;
    // Not at once: what is asked in the same moment goes together.
    await Promise.resolve();
    while (this.#asked.length > 0) {
      const asked = this.#asked;
      this.#asked = [];
      await this.#takeSome(asked);
    }
    this.#isTaking = false;
  }

  async #takeSome(asked: readonly Asked[]): Promise<void> {
    const calls = asked.map(({ call }) => call);
    for (const call of calls) if (call.do === "drop") for (const id of call.ids) this.#owed.add(id);
    const dropped = [...this.#owed];
    try {
      const answers = await this.#take([{ do: "drop", ids: dropped }, ...calls]);
      for (const id of dropped) this.#owed.delete(id);
      asked.forEach((one, place) => {
        settle(one, answers[place + 1]);
      });
      if (dropped.length > 0) this.#onDropped();
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }
}

function settle({ resolve, reject }: Asked, answer: RecordAnswer): void {
  if (answer === undefined || !("code" in answer)) resolve(answer);
  else reject(new RoomError(answer.code, answer.message === undefined ? {} : { message: answer.message }));
}
