// What a room's history is, said as simply as can be: an array of entries. A test does the same to it and to a server,
// and compares.

export interface Entry {
  readonly type: string;
  readonly seq: number;
  readonly from: string;
  readonly id: string;
  readonly target?: number | undefined;
  /** What the line says beside. */
  said: Record<string, unknown>;
  isDeleted: boolean;
}

export interface Request {
  readonly type: string;
  readonly id: string;
  readonly target?: number | undefined;
  readonly [field: string]: unknown;
}

const fitting: Record<string, readonly string[]> = {
  edit: ["message"],
  react: ["message"],
  delete: ["message", "topic", "react"],
};

export class HistoryModel {
  entries: Entry[] = [];
  head = 0;
  topic = { text: "", seq: 0 };

  /** What a request makes: an entry, or the code of its refusal. */
  apply(from: string, { type, id, target, ...said }: Request): number | string {
    const changed = this.entries.find(({ seq }) => seq === target) ?? this.#leftOf(type, target);
    const kinds = fitting[type];
    if (kinds !== undefined && (changed === undefined || changed.isDeleted || !kinds.includes(changed.type)))
      return "no-such-entry";
    if ((type === "edit" || type === "delete") && changed?.from !== from) return "forbidden";
    this.entries.push({ type, seq: ++this.head, from, id, target, said, isDeleted: false });
    if (type === "topic") this.topic = { text: String(said.text), seq: this.head };
    if (type === "delete") this.#erase(target);
    return this.head;
  }

  /** Only the newest are kept. */
  prune(count: number): void {
    this.entries = this.entries.filter(({ seq }) => seq > this.head - count);
  }

  /** Numbers of the entries that a word finds, the newest first. */
  found(word: string): number[] {
    const isReplaced = ({ type, seq, target = seq }: Entry) =>
      this.entries.some(
        (edit) => edit.type === "edit" && edit.target === (type === "edit" ? target : seq) && edit.seq > seq,
      );
    const has = (entry: Entry) => !isReplaced(entry) && String(entry.said.text).split(" ").includes(word);
    return this.entries
      .filter(has)
      .map(({ seq }) => seq)
      .reverse();
  }

  /** What an entry that is pruned leaves to be deleted: its edits, which stay that of their sender. */
  #leftOf(type: string, target: number | undefined): Entry | undefined {
    if (type !== "delete") return undefined;
    const edit = this.entries.find(
      (entry) => entry.type === "edit" && entry.target === target && !entry.isDeleted,
    );
    return edit && { ...edit, type: "message" };
  }

  #erase(target: number | undefined): void {
    for (const entry of this.entries) {
      if (entry.seq !== target && !(entry.type === "edit" && entry.target === target)) continue;
      [entry.said, entry.isDeleted] = [{}, true];
    }
    if (this.topic.seq === target) this.topic = { text: "", seq: 0 };
  }
}

/** An entry as its line says it, but for its time. */
export function lineOf({ type, seq, from, id, target, said, isDeleted }: Entry): Record<string, unknown> {
  const facts = { type, room: "lab", seq, from, id, ...(target !== undefined && { target }) };
  return isDeleted ? { ...facts, deleted: true } : { ...facts, ...said };
}
