// Who is here, by name: where a direct message finds the other one. Which names are taken is the directory's business;
// this knows the connections of this server.

import type { Name } from "../shared/names.js";
import type { Connection } from "./connection.js";

export class People {
  readonly #connections = new Map<string, Connection>();

  /** A newer connection of the same person takes the place of an older. */
  add(name: Name, connection: Connection): void {
    this.#connections.set(name.key, connection);
  }

  remove(name: Name, connection: Connection): void {
    if (this.#connections.get(name.key) === connection) this.#connections.delete(name.key);
  }

  find(name: Name): Connection | undefined {
    return this.#connections.get(name.key);
  }
}
