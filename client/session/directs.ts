// How far each conversation of two has been seen, so that a lost connection neither loses what was said in it nor shows
// it twice. Such a log has no replay as rooms have: what is missing is fetched as pages of history. What comes live and
// is not the next entry is dropped, because those pages bring it in its place. inbox.ts asks whether an entry is news.
//
//   [ level ] --an entry that is not the next; the connection is back--> [ fetching ] --nothing is missing--> [ level ]

import type { AnswerOf, DirectItem } from "../../shared/answers.js";
import { RoomError } from "../../shared/errors.js";
import { nameKey } from "../../shared/names.js";
import type { Request } from "../../shared/requests.js";
import type { Accept, Entry } from "./exchanges.js";
import { isForeseen, lost } from "../failures.js";
import type { Gap } from "./gap.js";
import { isRefusal } from "./greeting.js";
import { otherOf } from "./pages.js";
import { tryUntil, type Waits } from "./waits.js";

export interface DirectsOptions {
  readonly me: () => string;
  readonly waits: Waits;
  /** Asks without waiting for a turn, on the connection of the moment and on no other. */
  readonly ask: <T>(request: Request, accept: Accept<T>) => Promise<T>;
  /** Called with every entry that was fetched and is news, in order. */
  readonly tell: (entry: Entry) => void;
  readonly onGap: (gap: Gap) => void;
}

/** One conversation, as far as it was seen. */
interface Seen {
  readonly name: string;
  /** Up to here everything was told, or is older than this session. */
  seq: number;
  /** The latest time of what was told; empty when nothing was. */
  time: string;
  /** The highest number that is known to exist. */
  wanted: number;
  /** Whether something was said in it while we listened. */
  isActive: boolean;
  /** The connection on which what is missing is being fetched. */
  fetching: AbortSignal | undefined;
}

export class Directs {
  readonly #options: DirectsOptions;
  readonly #byPerson = new Map<string, Seen>();
  // Whether the conversations of before are known: any other has begun since.
  #isListed = false;
  #stay = new AbortController();

  constructor(options: DirectsOptions) {
    this.#options = options;
  }

  /** There is a connection. What was said while there was none is fetched, if it was said to who we are now. */
  connect(isSameSender: boolean): void {
    this.#stay = new AbortController();
    if (!isSameSender) {
      this.#byPerson.clear();
      this.#isListed = true;
      return;
    }
    // Asking makes the server tell us again what happens in them.
    for (const seen of this.#byPerson.values()) if (seen.isActive) void this.#fetch(seen);
    void this.#list();
  }

  disconnect(): void {
    this.#stay.abort(lost());
  }

  /** Whether a live entry of a conversation is the next one; if not, it was told or will be fetched. */
  isNews(entry: Entry): boolean {
    const { name, start } = this.#placeOf(entry);
    const seen = this.#seen(name, start);
    seen.isActive = true;
    if (entry.seq <= seen.seq && entry.time > seen.time) startAgain(seen, entry);
    if (entry.seq <= seen.seq) return false;
    if (entry.seq === seen.seq + 1) {
      moveOn(seen, entry);
      return true;
    }
    this.#want(seen, entry.seq);
    return false;
  }

  // Whoever is not in the list has said nothing before; until there is one, what comes live is all that is known.
  #placeOf(entry: Entry): { name: string; start: number } {
    return { name: otherOf(entry, this.#options.me()), start: this.#isListed ? 0 : entry.seq - 1 };
  }

  #seen(name: string, start: number): Seen {
    const key = nameKey(name);
    const known = this.#byPerson.get(key);
    if (known !== undefined) return known;
    const seen = { name, seq: start, time: "", wanted: 0, isActive: false, fetching: undefined };
    this.#byPerson.set(key, seen);
    return seen;
  }

  #want(seen: Seen, seq: number): void {
    seen.wanted = Math.max(seen.wanted, seq);
    if (seen.wanted > seen.seq) void this.#fetch(seen);
  }

  async #fetch(seen: Seen): Promise<void> {
    const { signal } = this.#stay;
    if (seen.fetching === signal) return;
    seen.fetching = signal;
    try {
      await this.#try(() => this.#fetchAll(seen), signal);
    } catch (error) {
      if (!isForeseen(error)) throw error;
      // Without an answer, or a connection, it is fetched when more is said, or on the next one.
      if (error instanceof RoomError) this.#giveUp(seen);
    } finally {
      if (seen.fetching === signal) seen.fetching = undefined;
    }
  }

  async #fetchAll(seen: Seen): Promise<void> {
    let goesOn = true;
    while (goesOn) {
      const asked = { after: seen.seq, wanted: seen.wanted };
      const request = { type: "history", with: seen.name, after: asked.after } as const;
      const page = await this.#options.ask(request, (answer, entries) => {
        if (answer.type !== "history") return undefined;
        // It began again meanwhile, and the page is of further on.
        if (seen.seq >= asked.after) this.#take(seen, answer, entries);
        return answer;
      });
      if (page.count === 0 && seen.seq >= asked.after) this.#miss(seen, asked.wanted);
      goesOn = (page.more && seen.seq > asked.after) || seen.wanted > seen.seq;
    }
    // Here and not later, or what is wanted in that moment would not be fetched.
    seen.fetching = undefined;
  }

  #take(seen: Seen, { to, count, lost: gone }: AnswerOf<"history">, entries: readonly Entry[]): void {
    if (gone !== undefined) this.#miss(seen, gone.to);
    for (const entry of entries) {
      if (entry.seq <= seen.seq) continue;
      moveOn(seen, entry);
      this.#options.tell(entry);
    }
    // Entries of types that this client does not know are left out.
    if (count > 0) seen.seq = Math.max(seen.seq, to);
  }

  /** Nothing up to this number will come. */
  #miss(seen: Seen, to: number): void {
    if (to <= seen.seq) return;
    this.#options.onGap({ kind: "lost", with: seen.name, from: seen.seq + 1, to });
    seen.seq = to;
  }

  #giveUp(seen: Seen): void {
    this.#miss(seen, seen.wanted);
  }

  async #list(): Promise<void> {
    const { signal } = this.#stay;
    const before = new Map([...this.#byPerson].map(([key, { seq }]) => [key, seq]));
    try {
      await this.#try(() => this.#listAll(before), signal);
    } catch (error) {
      if (!isForeseen(error)) throw error;
    }
  }

  async #listAll(before: ReadonlyMap<string, number>): Promise<void> {
    let after: string | undefined;
    for (;;) {
      const request = { type: "directs", ...(after !== undefined && { after }) } as const;
      const { more, directs } = await this.#options.ask(request, (answer) => {
        if (answer.type !== "directs") return undefined;
        for (const item of answer.directs) this.#compare(item, before.get(nameKey(item.with)) ?? 0);
        if (!answer.more) this.#isListed = true;
        return answer;
      });
      after = directs.at(-1)?.with;
      if (!more || after === undefined) return;
    }
  }

  /** @param before how far it was seen when the list was asked for */
  #compare({ with: name, head }: DirectItem, before: number): void {
    const seen = this.#seen(name, this.#isListed ? 0 : head);
    // The name is another person's now.
    if (head < before) Object.assign(seen, { seq: 0, time: "", wanted: 0 });
    this.#want(seen, head);
  }

  #try<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const { waits } = this.#options;
    return tryUntil(attempt, { forMs: Infinity, waits, signal, isHopeless });
  }
}

// Of what was told only a repeat has such a number, and that is not later than it. Else the name is another person's
// now; or nothing was told yet, and what was there before was counted wrongly.
function startAgain(seen: Seen, { seq }: Entry): void {
  seen.seq = seen.time === "" ? seq - 1 : 0;
  seen.time = "";
  seen.wanted = 0;
}

function moveOn(seen: Seen, { seq, time }: Entry): void {
  seen.seq = seq;
  if (time > seen.time) seen.time = time;
}

function isHopeless(error: unknown): boolean {
  if (!(error instanceof RoomError)) return true;
  return error.code === "no-such-user" || isRefusal(error);
}
