// What a person sees of their rooms: where they are is shown as it comes, what is said elsewhere is counted, and shown
// when they go there. Entries come in, lines go to the screen; it reads no keys.

import type { AnswerOf } from "../../shared/answers.js";
import { isMentioned } from "../chat/mentions.js";
import type { Chat, Voice } from "../chat/chat.js";
import { isSamePlace, placeName, placeOfEntry, type Place } from "../chat/place.js";
import type { ReadMarker } from "../chat/read-marker.js";
import { entryLines, excerpt, joinedLine, presenceLines, type Look } from "../chat/render.js";
import { Unread, type Adding, type UnreadOf } from "../chat/unread.js";
import { visibleLine } from "../chat/visible.js";
import type { Styles } from "../chat/styles.js";
import type { Entry } from "../session/exchanges.js";
import { isOfRoom } from "../session/pages.js";
import { columnsOf } from "./columns.js";
import type { Screen } from "./screen.js";
import { cutToWidth } from "./width.js";

export interface RoomViewOptions {
  readonly screen: Screen;
  readonly styles: Styles;
  readonly marker: ReadMarker;
  /** Something that the status row shows has changed. */
  readonly onChange: () => void;
}

/** The least that a quoted line has. */
const minExcerptColumns = 20;
/** Below this a time of day is short. */
const narrowColumns = 60;
const maxPromptColumns = 20;
const ringEveryMs = 1_000;

export class RoomView implements Voice {
  readonly #options: RoomViewOptions;
  readonly #unread = new Unread();
  #day = new Date().toDateString();
  /** Whether the mark that divides what is new is drawn since somebody looked away, or went to the place. */
  #isMarked = true;
  #isAway = false;
  #rungAt = -Infinity;

  constructor(options: RoomViewOptions) {
    this.#options = options;
  }

  get look(): Pick<Look, "styles" | "clock"> {
    const { screen, styles } = this.#options;
    return { styles, clock: screen.columns < narrowColumns ? "minutes" : "seconds" };
  }

  get unread(): readonly UnreadOf[] {
    return this.#unread.all;
  }

  show(line: string): void {
    this.#options.screen.print(line);
  }

  list(items: readonly string[]): void {
    this.show(columnsOf(items, this.#options.screen.columns));
  }

  tell(line: string): void {
    const { dim, fault } = this.#options.styles;
    this.show(line.startsWith("!") ? fault(line) : line.startsWith("*") ? dim(line) : line);
  }

  /** Whether somebody looks on. */
  setAway(isAway: boolean): void {
    if (isAway && !this.#isAway) this.#isMarked = false;
    this.#isAway = isAway;
  }

  entry(entry: Entry, chat: Chat): void {
    const { name: me } = chat.session;
    const place = placeOfEntry(entry, me);
    const isNews = entry.from !== me && (!isOfRoom(entry) || chat.places.isUnread(entry));
    const isForUs = isNews && isAddressed(entry, me);
    if ("with" in place || isSamePlace(place, chat.here)) this.#show(entry, chat, isNews);
    else this.#keep(entry, place, { isNews, isMention: isForUs });
    if (isForUs) this.#ring(chat);
    const { drained } = this.#options.screen;
    if (drained !== undefined) chat.session.hold(drained);
  }

  presence(presence: AnswerOf<"presence">, chat: Chat): void {
    if (isSamePlace({ room: presence.room }, chat.here))
      for (const line of presenceLines(presence, chat.look())) this.tell(line);
    this.#options.onChange();
  }

  entered(): void {
    this.#options.onChange();
  }

  wentTo(place: Place | undefined, chat: Chat): void {
    const { screen, styles, onChange } = this.#options;
    screen.setPrompt(styles.bold(promptOf(place)));
    onChange();
    if (place === undefined) return;
    if ("with" in place) {
      this.tell(`* you are talking with ${visibleLine(place.with)} alone; /leave goes back to the room`);
      return;
    }
    this.tell(joinedLine(chat.places.about(place.room), chat.session.name));
    chat.places.look(place.room);
    const { entries, dropped } = this.#unread.take(place);
    if (dropped > 0) this.tell(`* ${dropped} more before these; /history shows them`);
    this.#isMarked = false;
    for (const entry of entries)
      this.#show(entry, chat, entry.from !== chat.session.name && isUnread(entry, chat));
    // Nothing is new any more: all that comes now is seen as it comes.
    if (entries.length > 0) this.#isMarked = true;
  }

  #keep(entry: Entry, place: Place, adding: Adding): void {
    this.#unread.add(place, entry, adding);
    if (adding.isMention) {
      const where = placeName(place);
      const what = excerpt(entry, Math.max(minExcerptColumns, this.#options.screen.columns - 4)) ?? "";
      this.tell(
        `* ${visibleLine(entry.from)} speaks of you in ${where}; /room ${where} goes there\n  > ${what}`,
      );
    }
    this.#options.onChange();
  }

  #show(entry: Entry, chat: Chat, isNews: boolean): void {
    const { screen, styles, marker } = this.#options;
    const place = placeOfEntry(entry, chat.session.name);
    const day = new Date(entry.time);
    if (!Number.isNaN(day.getTime()) && day.toDateString() !== this.#day) {
      this.#day = day.toDateString();
      screen.print(styles.dim(`── ${dayName(day)} ──`));
    }
    const isMarkDue = !this.#isMarked && isNews && (this.#isAway || isOld(entry, chat));
    if (isMarkDue) screen.print(styles.warning("── new ──"));
    if (isMarkDue) this.#isMarked = true;
    // The day is said above; an hour is enough.
    const look = { ...chat.look(), now: Number.isNaN(day.getTime()) ? new Date() : day };
    screen.print(
      entryLines(entry, look, {
        isNumbered: isNumbered(entry, place, chat),
        about: this.#aboutOf(entry, chat),
      }),
    );
    if (!this.#isAway) marker.note(place, entry.seq);
  }

  /** What the entry answers or changes, as it was before. */
  #aboutOf(entry: Entry, chat: Chat): string | undefined {
    const seq =
      "replyTo" in entry
        ? entry.replyTo
        : entry.type === "edit" || entry.type === "react"
          ? entry.target
          : undefined;
    if (seq === undefined) return undefined;
    const target = chat.timeline.get(placeOfEntry(entry, chat.session.name), seq);
    const columns = Math.max(minExcerptColumns, this.#options.screen.columns - 10);
    return target && excerpt(target, columns);
  }

  #ring(chat: Chat): void {
    if (!chat.rings || performance.now() - this.#rungAt < ringEveryMs) return;
    this.#rungAt = performance.now();
    this.#options.screen.ring();
  }
}

/** What stands in front of what is typed there. */
export function promptOf(place: Place | undefined): string {
  return `${cutToWidth(place === undefined ? "" : placeName(place), maxPromptColumns)}> `;
}

function isAddressed(entry: Entry, me: string): boolean {
  if (entry.type === "direct") return true;
  return entry.type === "message" && entry.text !== undefined && isMentioned(entry.text, me);
}

/** What can be answered, corrected or taken away by its number, where one is. */
function isNumbered(entry: Entry, place: Place, chat: Chat): boolean {
  const canBeNamed = entry.type === "message" || entry.type === "file" || entry.type === "direct";
  return canBeNamed && isSamePlace(place, chat.here);
}

function isOld(entry: Entry, chat: Chat): boolean {
  return isOfRoom(entry) && chat.places.isOld(entry);
}

function isUnread(entry: Entry, chat: Chat): boolean {
  return isOfRoom(entry) && chat.places.isUnread(entry);
}

function dayName(date: Date): string {
  return date.toLocaleDateString("en-GB", {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
  });
}
