// What each room is about, as far as it was told: in `joined`, and by every topic that is set or deleted since.
// chat.ts feeds it, /topic shows it.

import type { AnswerOf } from "../../shared/answers.js";

interface Topic {
  readonly text: string;
  /** The number of the entry that set it; undefined when that was before we came. */
  readonly seq: number | undefined;
}

export class Topics {
  readonly #byRoom = new Map<string, Topic>();

  /** Empty when there is none. */
  of(room: string): string {
    return this.#byRoom.get(room)?.text ?? "";
  }

  enter({ room, topic }: AnswerOf<"joined">): void {
    this.#byRoom.set(room, { text: topic, seq: undefined });
  }

  /** A replay tells older ones again, of which the last is what was told in `joined`. */
  set({ room, seq, text = "" }: AnswerOf<"topic">): void {
    this.#byRoom.set(room, { text, seq });
  }

  delete({ room, target }: AnswerOf<"delete">): void {
    if (room === undefined || this.#byRoom.get(room)?.seq !== target) return;
    this.#byRoom.set(room, { text: "", seq: undefined });
  }
}
