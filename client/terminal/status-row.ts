// The row above the input: whether there is a connection, where one is, who is there, what is new elsewhere, and who is
// typing. What matters most comes first, since a narrow terminal cuts the rest. Pure.

import { placeName, type Place } from "../chat/place.js";
import { count } from "../chat/render.js";
import type { Styles } from "../chat/styles.js";
import type { UnreadOf } from "../chat/unread.js";
import { visibleLine } from "../chat/visible.js";
import { cutToWidth } from "./width.js";

export interface Status {
  readonly isConnected: boolean;
  readonly here: Place | undefined;
  readonly topic: string;
  readonly memberCount: number;
  readonly unread: readonly UnreadOf[];
  readonly typing: readonly string[];
}

const maxNameColumns = 20;
const maxTopicColumns = 30;

export function statusRow(status: Status, styles: Styles): string {
  const { isConnected, here, memberCount, topic } = status;
  const state = isConnected ? styles.good("●") : styles.fault("○");
  const where = here === undefined ? "in no room" : short(placeName(here));
  const isRoom = here !== undefined && "room" in here;
  const parts = [
    styles.bold(where),
    isConnected ? "" : styles.fault("no connection, trying again"),
    ...status.unread.map((each) => newsOf(each, styles)),
    typingOf(status.typing),
    isRoom && isConnected ? count(memberCount, "person", "people") : "",
    isRoom && topic !== "" ? cutToWidth(visibleLine(topic), maxTopicColumns) : "",
  ].filter((part) => part !== "");
  return `${state} ${parts.join(styles.dim(" · "))}`;
}

/** den 3, or den 3! when somebody speaks of us there. */
function newsOf({ place, count: news, mentionCount }: UnreadOf, styles: Styles): string {
  const name = short(placeName(place));
  const shown = mentionCount > 0 ? `${name} ${news}!` : `${name} ${news}`;
  return mentionCount > 0 ? styles.mention(shown) : styles.warning(shown);
}

function typingOf(names: readonly string[]): string {
  const shown = names.map((name) => short(visibleLine(name)));
  const [first = "", second] = shown;
  if (shown.length === 0) return "";
  if (shown.length > 2) return `${shown.length} are typing…`;
  return second === undefined ? `${first} is typing…` : `${first} and ${second} are typing…`;
}

function short(name: string): string {
  return cutToWidth(name, maxNameColumns);
}
