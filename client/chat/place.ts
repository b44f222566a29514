// Where one is: in a room, or in the conversation with one person. Its key tells places apart as the server does.

import { nameKey } from "../../shared/names.js";
import type { Entry } from "../session/exchanges.js";
import { isOfRoom } from "../session/pages.js";
import type { Whereabouts } from "../session/gap.js";
import { visibleLine } from "./visible.js";

export type Place = Whereabouts;

export function placeKey(place: Place): string {
  return "room" in place ? `#${nameKey(place.room)}` : `@${nameKey(place.with)}`;
}

/** As it is shown: lab, or @bob. */
export function placeName(place: Place): string {
  return "room" in place ? visibleLine(place.room) : `@${visibleLine(place.with)}`;
}

/** Where an entry was said, for the one who is called `me`. */
export function placeOfEntry(entry: Entry, me: string): Place {
  if (isOfRoom(entry)) return { room: entry.room };
  const to = "to" in entry ? (entry.to ?? "") : "";
  return { with: nameKey(entry.from) === nameKey(me) ? to : entry.from };
}

export function isSamePlace(a: Place | undefined, b: Place | undefined): boolean {
  return a !== undefined && b !== undefined && placeKey(a) === placeKey(b);
}
