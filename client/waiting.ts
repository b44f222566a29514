// How much may wait for a connection to come back: so many requests, and so many bytes of them. Past that a request
// fails at once, because what is typed into a void must not fill the memory.

import { ClientError } from "./failures.js";

export const maxWaitingRequests = 1_000;
export const maxWaitingBytes = 4 * 1024 * 1024;

export class Waiting {
  readonly #bytesById = new Map<string, number>();
  readonly #isPending: (id: string) => boolean;

  /** @param isPending whether somebody still waits for the request of this id */
  constructor(isPending: (id: string) => boolean) {
    this.#isPending = isPending;
  }

  /** @throws ClientError not-sent */
  admit(id: string, bytes: number): void {
    let waitingBytes = 0;
    for (const [other, otherBytes] of this.#bytesById) {
      if (this.#isPending(other)) waitingBytes += otherBytes;
      else this.#bytesById.delete(other);
    }
    if (this.#bytesById.size >= maxWaitingRequests || waitingBytes + bytes > maxWaitingBytes) {
      throw new ClientError("not-sent", "This was not sent: too much waits for the connection already.");
    }
    this.#bytesById.set(id, bytes);
  }

  clear(): void {
    this.#bytesById.clear();
  }
}
