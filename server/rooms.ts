// The rooms that somebody is in, by name. A room is opened for the first who enters and let go after the last.

import type { RoomItem } from "../shared/answers.js";
import type { Name } from "../shared/names.js";
import type { Catalog } from "./engine.js";
import { Room, type RoomParts } from "./room.js";
import { compareKeys, SortedKeys } from "./sorted-keys.js";

interface OpenRoom {
  readonly room: Promise<Room>;
  readonly name: Name;
  /** Known once it is open. */
  opened: Room | undefined;
  /** How many are in it or on their way in. */
  visits: number;
}

export class Rooms {
  readonly #catalog: Catalog;
  readonly #parts: RoomParts;
  readonly #open = new Map<string, OpenRoom>();
  /** Of the rooms that are open. */
  readonly #keys = new SortedKeys();

  constructor(catalog: Catalog, parts: RoomParts) {
    this.#catalog = catalog;
    this.#parts = parts;
  }

  /** The room of that name. Every `enter` that succeeds is paid back with one `exit`. */
  async enter(name: Name): Promise<Room> {
    let open = this.#open.get(name.key);
    if (open === undefined) {
      open = { room: Room.open(name, this.#parts), name, opened: undefined, visits: 0 };
      this.#open.set(name.key, open);
    }
    open.visits++;
    try {
      open.opened = await open.room;
      // A conversation of two has no name, and is nobody else's to see.
      if (name.shown !== "") this.#keys.add(name.key);
      return open.opened;
    } catch (error) {
      this.#release(open);
      throw error;
    }
  }

  exit(room: Room): void {
    const open = this.#open.get(room.name.key);
    if (open?.opened === room) this.#release(open);
  }

  /** Rooms that have members or entries, by key, those after `after`, and whether there are more. */
  async list(after: Name | undefined, limit: number): Promise<{ rooms: RoomItem[]; more: boolean }> {
    const recorded = await this.#catalog.rooms({ after, limit: limit + 1 });
    const shown = new Map(recorded.map((name) => [name.key, name.shown]));
    for (const key of this.#keys.after(after?.key, limit + 1)) {
      shown.set(key, this.#open.get(key)?.opened?.name.shown ?? key);
    }
    const keys = Array.from(shown.keys()).sort(compareKeys);
    const rooms = keys.slice(0, limit).map((key) => ({
      room: shown.get(key) ?? key,
      memberCount: this.#open.get(key)?.opened?.memberCount ?? 0,
    }));
    return { rooms, more: keys.length > limit };
  }

  #release(open: OpenRoom): void {
    open.visits--;
    if (open.visits > 0 || this.#open.get(open.name.key) !== open) return;
    this.#open.delete(open.name.key);
    this.#keys.delete(open.name.key);
    open.opened?.close();
  }
}
