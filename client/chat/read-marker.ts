// Tells the server how far somebody has read, so that the next run knows where reading stopped: not with every entry,
// but a moment after the last one. What cannot be told is told with the next.

import { isForeseen } from "../failures.js";
import type { Session } from "../session/session.js";
import { placeKey, type Place } from "./place.js";

const afterMs = 1_000;
const timeoutMs = 2_000;

export class ReadMarker {
  readonly #session: Session;
  readonly #unsaid = new Map<string, { place: Place; seq: number }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  note(place: Place, seq: number): void {
    const key = placeKey(place);
    if (seq <= (this.#unsaid.get(key)?.seq ?? 0)) return;
    this.#unsaid.set(key, { place, seq });
    this.#timer ??= setTimeout(() => void this.flush(), afterMs);
  }

  /** Says what is not said yet, if there is a connection. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#session.isConnected) return;
    const marks = [...this.#unsaid.values()];
    this.#unsaid.clear();
    await Promise.all(marks.map(({ place, seq }) => this.#mark(place, seq)));
  }

  async #mark(place: Place, seq: number): Promise<void> {
    try {
      await this.#session.markRead(seq, place, { timeoutMs, afterLoss: () => "fail" });
    } catch (error) {
      if (!isForeseen(error)) throw error;
    }
  }
}
