// Somebody who sends a file in one line, or in chunks without saying how large it is, and goes on through any break: of
// the server's, and of its own, after which it has no more than its name, its session, the file and the id of its request.

import { setTimeout as sleep } from "node:timers/promises";
import { sha256 } from "../server/handlers/transfers.js";
import type { Answer } from "./peer.js";
import { RawPeer } from "./raw-peer.js";

export interface RawTask {
  readonly id: string;
  readonly room: string;
  readonly name: string;
  readonly content: Buffer;
  readonly isInOneLine: boolean;
}

const chunkBytes = 48 * 1024;
const windowBytes = 1024 * 1024;
const againMs = 30;

export class RawSender {
  readonly #port: number;
  readonly #name: string;
  #session: unknown;
  #peer: RawPeer | undefined;
  #wasKilled = false;
  /** Of the file that it sends. */
  #hasSentAll = false;

  constructor(port: number, name: string) {
    this.#port = port;
    this.#name = name;
  }

  /** Resolves when the server has said that it is recorded; with false when it was killed. */
  async send(task: RawTask): Promise<boolean> {
    this.#wasKilled = false;
    for (;;) {
      if (await this.#attempt(task)) return true;
      if (this.#isDead()) return false;
      await sleep(againMs);
    }
  }

  kill(): void {
    this.#wasKilled = true;
    this.#peer?.cut();
  }

  // Not read in the loop itself, where it would be taken for what it was set to.
  #isDead(): boolean {
    return this.#wasKilled;
  }

  async #attempt(task: RawTask): Promise<boolean> {
    const { id, room } = task;
    const transfer = new RawTransfer(task, this.#hasSentAll, (request) => {
      peer.send(request);
    });
    let isRecorded = false;
    let isSpoiled = false;
    const onLine = (answer: Answer) => {
      if (answer.type === "connected") this.#session = answer.session;
      transfer.take(answer);
      isRecorded ||= answer.id === id && (answer.type === "file" || answer.type === "recorded");
      isSpoiled ||= answer.type === "error";
      if (isRecorded || isSpoiled) peer.cut();
    };
    const words = { type: "connect", name: this.#name, room, session: this.#session };
    const peer = new RawPeer({ port: this.#port, firstWords: [words], onLine });
    this.#peer = peer;
    await peer.closed;
    this.#hasSentAll ||= transfer.hasSentAll;
    return isRecorded;
  }
}

class RawTransfer {
  readonly #task: RawTask;
  readonly #send: (request: object) => void;
  readonly #isRepeated: boolean;
  #upload: unknown;
  #sentBytes = 0;
  /** Whether it may be recorded without any more of it. */
  hasSentAll = false;

  constructor(task: RawTask, isRepeated: boolean, send: (request: object) => void) {
    this.#task = task;
    this.#isRepeated = isRepeated;
    this.#send = send;
  }

  take(answer: Answer): void {
    if (answer.type === "joined") this.#send(this.#request());
    if (answer.type === "uploading") {
      this.#upload = answer.upload;
      this.#sentBytes = Number(answer.offset);
      this.#sendTo(this.#sentBytes + windowBytes);
    }
    if (answer.type === "progress") this.#sendTo(Number(answer.received) + windowBytes);
  }

  // With its hash it is known again if it was recorded: then no byte is asked for.
  #request(): object {
    const { id, room, name, content, isInOneLine } = this.#task;
    const request = { type: "upload", id, room, name };
    if (isInOneLine) return { ...request, data: content.toString("base64") };
    return this.#isRepeated ? { ...request, sha256: sha256(content) } : request;
  }

  #sendTo(end: number): void {
    const { content } = this.#task;
    const upload = this.#upload;
    while (this.#upload !== undefined && this.#sentBytes < Math.min(end, content.length)) {
      const offset = this.#sentBytes;
      this.#sentBytes = Math.min(offset + chunkBytes, content.length);
      this.#send({
        type: "chunk",
        upload,
        offset,
        data: content.toString("base64", offset, this.#sentBytes),
      });
    }
    if (this.#sentBytes < content.length || this.#upload === undefined) return;
    this.hasSentAll = true;
    this.#send({ type: "finish", upload });
    this.#upload = undefined;
  }
}
