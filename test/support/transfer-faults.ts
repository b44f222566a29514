// Faults that a kill in the right moment must bring to light: what each is, the state of transfer-cases.ts that shows
// it, and what is found then.

import type { Mutation } from "./mutant.js";

export interface TransferFault {
  readonly state: string;
  readonly finding: RegExp;
  readonly fault: Mutation;
}

const upload = "server/engines/embedded/folder-upload.js";
const mark = 'await this.#home.records.ask({ do: "mark", id: this.record, offset: syncedBytes });';
const complete = 'await this.#home.records.ask({ do: "complete", id: this.record, size, blob: digest });';
const publish = "await this.#home.publish(this.record, digest);";

export const transferFaults: readonly (readonly [string, TransferFault])[] = [
  [
    "what is acknowledged is not recorded",
    {
      state: "upload, server killed: all, as the last of progress from the server",
      finding: /uploading at 0, but \d+ were acknowledged/,
      fault: { file: upload, replace: [[mark, ""]] },
    },
  ],
  [
    "a blob has its name before it has its record",
    {
      state: "pipe, server killed: after the rename",
      finding: /blob [0-9a-f]{64}/,
      fault: {
        file: upload,
        replace: [
          [complete, ""],
          [publish, `${publish} ${complete}`],
        ],
      },
    },
  ],
  [
    "a client asks for what it has",
    {
      state: "download, client killed: all, as the last of ack from the client",
      finding: /chunk at 0, but \d+ were acknowledged/,
      fault: {
        file: "client/transfer/target.js",
        replace: [["return { offset: this.#offset, sha256:", "return { offset: 0, sha256:"]],
      },
    },
  ],
];
