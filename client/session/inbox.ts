// What becomes of each line of the server: it answers a request, is shown to who listens, moves a room's position
// on, or all of these. It outlives connections, and knows none; conversation.ts gives it their lines.

import { setImmediate as immediate } from "node:timers/promises";
import type { Answer, AnswerOf } from "../../shared/answers.js";
import { parseAnswer } from "../../shared/protocol.js";
import { Directs } from "./directs.js";
import type { Entry } from "./exchanges.js";
import { unsure } from "../failures.js";
import type { Gap } from "./gap.js";
import { Listeners } from "./listeners.js";
import type { Outbox } from "./outbox.js";
import { isEntry, isOfRoom, linesOf, Pages, type Header, type Page } from "./pages.js";
import type { Positions } from "./positions.js";
import { encodeBase64 } from "../transfer/transfer.js";
import type { Waits } from "./waits.js";

export interface InboxOptions {
  readonly outbox: Outbox;
  readonly positions: Positions;
  /** The name that our entries are from. */
  readonly me: () => string;
  readonly waits: Waits;
  /** Called when the server gives us our secret anew. */
  readonly onSecret: (session: string) => void;
  readonly onListenerFailure: (error: unknown) => void;
}

export class Inbox {
  /** Every entry that was not seen before, and every answer that nobody waits for. */
  readonly answers: Listeners<Answer>;
  /** Every line as it came, parsed as JSON; of a conversation of two each entry once and in order. */
  readonly lines: Listeners<unknown>;
  readonly gaps: Listeners<Gap>;
  readonly directs: Directs;
  /** The goodbye of the connection of the moment. */
  bye: AnswerOf<"bye"> | undefined;
  readonly #options: InboxOptions;
  #pages: Pages;
  // Lines of pages that we ask for ourselves are shown when it is known whether they are news.
  readonly #unshown = new WeakMap<Entry, unknown>();

  constructor(options: InboxOptions) {
    this.#options = options;
    this.answers = new Listeners(options.onListenerFailure);
    this.lines = new Listeners(options.onListenerFailure);
    this.gaps = new Listeners(options.onListenerFailure);
    this.#pages = new Pages(options.me);
    this.directs = this.#openDirects();
  }

  /** Another connection begins: no page of the last one goes on. */
  renew(): void {
    this.#pages = new Pages(this.#options.me);
    this.bye = undefined;
  }

  /**
   * While the promise is unsettled the next line is to wait.
   * @throws RoomError bad-message when the line is none that a server may send
   */
  take(line: unknown): Promise<unknown> | undefined {
    const answer = parseAnswer(line);
    const page = this.#pages.find(line);
    if (page !== undefined) return this.#takeInPage(page, line, answer);
    const isDirect = answer !== undefined && isEntry(answer) && !isOfRoom(answer);
    if (isDirect && !this.directs.isNews(answer)) return undefined;
    if (!this.#isQuiet(answer)) this.lines.tell(line);
    switch (answer?.type) {
      case "history":
        return this.#takeHeader(answer);
      case "results":
        return this.#openPage(answer);
      case "recorded":
        this.#takeRecorded(answer);
        return undefined;
      case "live":
        this.#takeLive(answer);
        break;
      case "bye":
        this.bye = answer;
        break;
      case "pong":
        if (answer.session !== undefined) this.#options.onSecret(answer.session);
        break;
    }
    return answer && this.#deliver(answer);
  }

  /** As `take`, of a line of a download whose data is bytes. */
  takeChunk(chunk: AnswerOf<"chunk">): Promise<unknown> | undefined {
    const { data } = chunk;
    if (this.lines.hasAny) {
      this.lines.tell({ ...chunk, data: typeof data === "string" ? data : encodeBase64(data) });
    }
    return this.#deliver(chunk);
  }

  /** We are in the room no more: what only its replay could have answered is not known. */
  loseRoom(room: string): void {
    const { positions, outbox } = this.#options;
    positions.leave(room);
    for (const exchange of outbox.exchanges.about(room)) {
      if (exchange.isAwaited || exchange.recordedSeq !== undefined) exchange.fail(unsure());
    }
  }

  #openDirects(): Directs {
    const { outbox, me, waits } = this.#options;
    return new Directs({
      me,
      waits,
      ask: (request, accept) => outbox.askHere(request, accept, true),
      tell: (entry) => {
        this.lines.tell(this.#unshown.get(entry) ?? entry);
        void this.#tell(entry);
      },
      onGap: (gap) => {
        this.gaps.tell(gap);
      },
    });
  }

  #isQuiet(answer: Answer | undefined): boolean {
    return answer !== undefined && this.#options.outbox.exchanges.find(answer)?.isQuiet === true;
  }

  #takeInPage(page: Page, line: unknown, answer: Answer | undefined): Promise<unknown> | undefined {
    const { header, entries, changes } = page;
    if (!this.#isQuiet(header)) this.lines.tell(line);
    else if (answer !== undefined && isEntry(answer)) this.#unshown.set(answer, line);
    if (!this.#pages.add(page, answer)) return undefined;
    return this.#options.outbox.exchanges.find(header)?.take(header, entries, changes);
  }

  // The entries of a replay come bare, like live ones. A page that nobody waits for any more is put together all the
  // same, or its entries would look like news.
  #takeHeader(header: AnswerOf<"history">): Promise<unknown> | undefined {
    const { outbox, positions } = this.#options;
    const exchange = outbox.exchanges.find(header);
    if (exchange?.request.type !== "history" && positions.isReplay(header)) {
      const { room = "", lost, reset } = header;
      if (lost !== undefined) this.gaps.tell({ kind: "lost", room, from: lost.from, to: lost.to });
      if (lost !== undefined) positions.reach(room, lost.to);
      if (reset === true && !this.#goOn(room)) this.gaps.tell({ kind: "reset", room });
      return undefined;
    }
    return this.#openPage(header);
  }

  #openPage(header: Header): Promise<unknown> | undefined {
    if (linesOf(header) === 0) return this.#options.outbox.exchanges.find(header)?.take(header);
    this.#pages.open(header);
    return undefined;
  }

  // Our repeat of what was recorded before. Its entry is on its way when we have not come that far.
  #takeRecorded({ id, room, with: person = "", seq }: AnswerOf<"recorded">): void {
    const { positions, outbox } = this.#options;
    const exchange = outbox.exchanges.get(id);
    // The replayed entry may have answered it already.
    if (exchange === undefined) return;
    const position = room === undefined ? undefined : positions.get(room);
    if (position !== undefined && position.seq < seq) exchange.recordedSeq = seq;
    else void outbox.lookUp(exchange, room === undefined ? { with: person } : { room }, seq);
  }

  // Whoever waited for something in the replay has not found it there.
  #takeLive({ room, head }: AnswerOf<"live">): void {
    if (room === undefined) return;
    const { positions, outbox } = this.#options;
    this.#goOn(room);
    positions.reach(room, head);
    for (const exchange of outbox.exchanges.about(room)) {
      const { recordedSeq, isAwaited } = exchange;
      if (recordedSeq !== undefined && recordedSeq <= head) {
        exchange.recordedSeq = undefined;
        void outbox.lookUp(exchange, { room }, recordedSeq);
      } else if (isAwaited) {
        exchange.fail(unsure());
      }
    }
  }

  // What comes now is of the log that is there: if that is another one, it is said before.
  #goOn(room: string): boolean {
    const isReset = this.#options.positions.reset(room);
    if (isReset) this.gaps.tell({ kind: "reset", room });
    return isReset;
  }

  #deliver(answer: Answer): Promise<unknown> | undefined {
    if (isEntry(answer)) return this.#deliverEntry(answer);
    const { outbox, positions } = this.#options;
    const exchange = outbox.exchanges.find(answer);
    if (answer.type === "joined") positions.enter(answer, exchange?.request);
    if (answer.type === "left") this.loseRoom(answer.room);
    // What the server says to chunks that were under way when an upload had failed was said already.
    const isLate = answer.type === "error" && answer.upload !== undefined;
    if (exchange === undefined && !isLate) this.answers.tell(answer);
    const taken = exchange?.take(answer);
    // Whoever awaits `joined` gets its turn to listen before the room's next line.
    return answer.type === "joined" || answer.type === "connected" ? immediate() : taken;
  }

  // An entry of a conversation that comes here is news: directs.ts has said so.
  #deliverEntry(entry: Entry): Promise<unknown> | undefined {
    if (isOfRoom(entry)) this.#goOn(entry.room);
    const isNews = !isOfRoom(entry) || this.#options.positions.isNew(entry);
    return isNews ? this.#tell(entry) : this.#answer(entry);
  }

  #tell(entry: Entry): Promise<unknown> | undefined {
    this.answers.tell(entry);
    return this.#answer(entry);
  }

  // Others may use an `id` of mine, so an entry answers me only when it is from me.
  #answer(entry: Entry): Promise<unknown> | undefined {
    if (entry.from !== this.#options.me()) return undefined;
    return this.#options.outbox.exchanges.find(entry)?.take(entry);
  }
}
