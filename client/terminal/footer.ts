// The rows between the room and the input: what waits to be said, and the status. Made anew at most
// some times a second, however much happens.

import type { Chat } from "../chat/chat.js";
import type { Styles } from "../chat/styles.js";
import { visibleLine } from "../chat/visible.js";
import { isMessage } from "../commands/typed.js";
import type { Screen } from "./screen.js";
import { statusRow } from "./status-row.js";

const refreshEveryMs = 50;
const tickMs = 1_000;
const maxWaiting = 3;

export class Footer {
  readonly #screen: Screen;
  readonly #chat: Chat;
  readonly #styles: Styles;
  readonly #ticking: NodeJS.Timeout;
  #timer: NodeJS.Timeout | undefined;

  constructor(screen: Screen, chat: Chat, styles: Styles) {
    this.#screen = screen;
    this.#chat = chat;
    this.#styles = styles;
    screen.onResize(() => {
      this.#draw();
    });
    // Whoever stops typing does not say so.
    this.#ticking = setInterval(() => {
      this.refresh();
    }, tickMs);
    this.refresh();
  }

  refresh(): void {
    this.#timer ??= setTimeout(() => {
      this.#draw();
    }, refreshEveryMs);
  }

  close(): void {
    clearInterval(this.#ticking);
    clearTimeout(this.#timer);
    // What comes later changes nothing.
    this.#timer = this.#ticking;
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { session, here, places, voice, typing } = this.#chat;
    const isRoom = here !== undefined && "room" in here;
    const status = statusRow(
      {
        isConnected: session.isConnected,
        here,
        topic: isRoom ? places.topicOf(here.room) : "",
        memberCount: isRoom ? places.memberCountOf(here.room) : 0,
        unread: voice.unread,
        typing: here === undefined ? [] : typing.of(here),
      },
      this.#styles,
    );
    this.#screen.setRows([...this.#waiting(), status]);
  }

  /** What was said and is not recorded, while there is no connection. */
  #waiting(): string[] {
    if (this.#chat.session.isConnected) return [];
    const lines = [...this.#chat.underWay.values()].filter(isMessage);
    const rows = lines.slice(0, maxWaiting).map((line) => this.#styles.dim(`… ${visibleLine(line)}`));
    const more = lines.length - rows.length;
    return more > 0 ? [...rows, this.#styles.dim(`… and ${more} more`)] : rows;
  }
}
