// A page of history or of a search is a header line and then so many entries of one log, with other lines between
// them; behind those of history come the entries that change them, when they were asked for. This puts it together
// again. inbox.ts shows it every line of an open page.

import { entryTypes, type Answer, type AnswerOf } from "../../shared/answers.js";
import { RoomError } from "../../shared/errors.js";
import { nameKey } from "../../shared/names.js";
import type { Entry, RoomEntry } from "./exchanges.js";

export type Header = AnswerOf<"history"> | AnswerOf<"results">;

export interface Page {
  readonly header: Header;
  readonly entries: Entry[];
  readonly changes: Entry[];
  /** Lines that are still to come. */
  missing: number;
}

/** Entries of one page that are held together; more than any server sends. */
const maxPageEntries = 10_000;

export class Pages {
  // By the log's place.
  readonly #open = new Map<string, Page>();
  readonly #me: () => string;

  /** @param me the name that our entries are from */
  constructor(me: () => string) {
    this.#me = me;
  }

  /**
   * The next numbered lines of that log belong to the page, as many as the header counts, which is not 0.
   * @throws RoomError bad-message
   */
  open(header: Header): void {
    const missing = linesOf(header);
    if (missing > maxPageEntries) {
      throw new RoomError("bad-message", { message: `The server announced a page of ${missing} entries.` });
    }
    this.#open.set(placeOf(header), { header, entries: [], changes: [], missing });
  }

  /** The open page that a line of the server belongs to. */
  find(line: unknown): Page | undefined {
    if (this.#open.size === 0 || typeof line !== "object" || line === null) return undefined;
    // `recorded` and `read` have a number, too, but tell of an entry and are none.
    if (!("seq" in line) || !("time" in line)) return undefined;
    if ("room" in line && typeof line.room === "string") return this.#open.get(line.room);
    if (!("from" in line) || !("to" in line)) return undefined;
    const { from, to } = line;
    if (typeof from !== "string" || typeof to !== "string") return undefined;
    return this.#open.get(placeOf({ with: otherOf({ from, to }, this.#me()) }));
  }

  /**
   * Adds a line to its page and says whether the page is full. An entry of a type that this client does not
   * know is undefined here; it counts, and is left out.
   */
  add(page: Page, answer: Answer | undefined): boolean {
    const isChange = page.missing <= changesOf(page.header);
    if (answer !== undefined && isEntry(answer)) (isChange ? page.changes : page.entries).push(answer);
    page.missing -= 1;
    if (page.missing > 0) return false;
    this.#open.delete(placeOf(page.header));
    return true;
  }
}

/** How many numbered lines follow a header. */
export function linesOf(header: Header): number {
  return header.count + changesOf(header);
}

const types = new Set<string>(entryTypes);

export function isEntry(answer: Answer): answer is Entry {
  return types.has(answer.type);
}

export function isOfRoom(entry: Entry): entry is RoomEntry {
  return "room" in entry;
}

/** Whom we have the conversation with that an entry is of. */
export function otherOf({ from, to = from }: { from: string; to?: string | undefined }, me: string): string {
  return nameKey(from) === nameKey(me) ? to : from;
}

function changesOf(header: Header): number {
  return header.type === "history" ? (header.changes ?? 0) : 0;
}

// No room's name has a slash.
function placeOf({ room = "", with: person }: { room?: string; with?: string }): string {
  return person === undefined ? room : `/${nameKey(person)}`;
}
