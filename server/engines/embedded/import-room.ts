// What an import writes: one room, its entries and all that is made from them, in the transaction of import.ts. Nobody
// but an operator may change what comes in, because nobody is its sender.

import { randomBytes } from "node:crypto";
import type { Name } from "../../../shared/names.js";
import { Changes } from "./changes.js";
import type { Database, Statement } from "./database.js";
import type { ImportedEntry } from "./import-lines.js";

/** No session is nobody's, so that nothing which is sent later counts as a repeat of it. */
const nobody = "";

export class ImportRoom {
  readonly #database: Database;
  readonly #roomId: number;
  readonly #changes: Changes;
  readonly #insertEntry: Statement;
  readonly #insertFile: Statement;
  readonly #selectEntry: Statement;
  #head = 0;
  #pruned = 0;
  #topic: { readonly text: string; readonly seq: number };

  /** @throws Error with a sentence when the room is there */
  constructor(database: Database, name: Name, topic: string) {
    this.#database = database;
    if (database.prepare("SELECT 1 FROM rooms WHERE key = ?").get(name.key) !== undefined) {
      throw new Error(`There is a room ${name.shown} with entries already. Give another name with --room.`);
    }
    const insert = database.prepare("INSERT INTO rooms (key, name, epoch) VALUES (?, ?, ?)");
    const epoch = randomBytes(16).toString("hex");
    this.#roomId = Number(insert.run(name.key, name.shown, epoch).lastInsertRowid);
    this.#topic = { text: topic, seq: 0 };
    this.#changes = new Changes(database);
    this.#insertEntry = database.prepare(
      "INSERT INTO entries (room, seq, time, type, sender, id, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    this.#insertFile = database.prepare(
      `INSERT INTO files (room, seq, time, sender, file, key, version, name, author, size, mime, sha256)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#selectEntry = database.prepare("SELECT 1 FROM entries WHERE room = ? AND seq = ?");
  }

  /** Numbers up to this one are not kept. */
  lose(to: number): void {
    this.#head = to;
    this.#pruned = to;
  }

  /** @param hasFile whether the bytes of a file's entry are in the store */
  add(entry: ImportedEntry, hasFile: boolean): void {
    const { type, seq, timeMs, id, body, target, topic } = entry;
    this.#insertEntry.run(this.#roomId, seq, timeMs, type, nobody, id ?? null, body);
    this.#head = seq;
    if (hasFile) this.#addFile(entry);
    if (target !== undefined) this.#change(entry, target);
    if (type === "topic") this.#topic = { text: topic ?? "", seq: topic === undefined ? 0 : seq };
  }

  /** Once everything is there. */
  finish(): void {
    // What was taken away in the source while it was read.
    for (const table of ["files", "entries"]) this.#deleteUpTo(table, "seq");
    this.#deleteUpTo("changes", "target");
    const { text, seq } = this.#topic;
    // No keys: what comes in is nobody's. Where `keyed` is the head, the next start has nothing to read back.
    this.#database
      .prepare("UPDATE rooms SET pruned = ?, keyed = ?, topic = ?, topic_seq = ? WHERE id = ?")
      .run(this.#pruned, this.#head, text, seq, this.#roomId);
  }

  #addFile({ seq, timeMs, file }: ImportedEntry): void {
    if (file === undefined) return;
    const { name, version, author, size, mime, sha256 } = file;
    const facts = [file.file, name.key, version, name.shown, author, size, mime, sha256] as const;
    this.#insertFile.run(this.#roomId, seq, timeMs, nobody, ...facts);
  }

  #change({ type, seq }: ImportedEntry, target: number): void {
    if (this.#selectEntry.get(this.#roomId, target) === undefined) return;
    this.#changes.add({ roomId: this.#roomId, seq }, type, target);
    if (type !== "delete") return;
    this.#changes.erase(this.#roomId, target);
    if (this.#topic.seq === target) this.#topic = noTopic;
  }

  #deleteUpTo(table: string, column: string): void {
    if (this.#pruned === 0) return;
    this.#database
      .prepare(`DELETE FROM ${table} WHERE room = ? AND ${column} <= ?`)
      .run(this.#roomId, this.#pruned);
  }
}

const noTopic = { text: "", seq: 0 };
