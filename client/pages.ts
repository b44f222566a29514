// A page of history is a header line and then so many entries of that room, with other lines between them.
// This puts it together again. inbox.ts shows it every line of an open page.

import type { Answer, AnswerOf } from "../shared/answers.js";
import { RoomError } from "../shared/errors.js";
import type { Entry } from "./exchanges.js";

export interface Page {
  readonly header: AnswerOf<"history">;
  readonly entries: Entry[];
  missing: number;
}

/** Entries of one page that are held together; more than any server sends. */
const maxPageEntries = 10_000;

export class Pages {
  readonly #open = new Map<string, Page>();

  /**
   * The next `count` numbered lines of that room belong to the page. `count` is not 0.
   * @throws RoomError bad-message
   */
  open(header: AnswerOf<"history">): void {
    if (header.count > maxPageEntries) {
      throw new RoomError("bad-message", {
        message: `The server announced a page of ${header.count} entries.`,
      });
    }
    this.#open.set(header.room, { header, entries: [], missing: header.count });
  }

  /** The open page that a line of the server belongs to. `recorded` tells of an entry and is none. */
  find(line: unknown): Page | undefined {
    if (this.#open.size === 0 || typeof line !== "object" || line === null) return undefined;
    if (!("seq" in line) || !("room" in line) || typeof line.room !== "string") return undefined;
    if ("type" in line && line.type === "recorded") return undefined;
    return this.#open.get(line.room);
  }

  /**
   * Adds a line to its page and says whether the page is full. An entry of a type that this client does not
   * know is undefined here; it counts, and is left out.
   */
  add(page: Page, answer: Answer | undefined): boolean {
    if (answer !== undefined && isEntry(answer)) page.entries.push(answer);
    page.missing -= 1;
    if (page.missing > 0) return false;
    this.#open.delete(page.header.room);
    return true;
  }
}

export function isEntry(answer: Answer): answer is Entry {
  return answer.type === "message" || answer.type === "file";
}
