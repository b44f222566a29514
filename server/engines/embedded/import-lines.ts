// The lines of an export, read and checked one by one: what is no such line, or not where it belongs, is refused by its
// number. What the lines become is import-room.ts's. Called by import.ts.
//
//   joined -> [ history with lost | entry ] * -> live

import { entryTypes, type Answer, type EntryType } from "../../../shared/answers.js";
import { bodyOf } from "../../../shared/entry.js";
import { RoomError } from "../../../shared/errors.js";
import { parseFileName, parsePersonName, parseRoomName, type Name } from "../../../shared/names.js";
import { parseAnswer } from "../../../shared/protocol.js";
import type { FileDraft } from "../../engine.js";
import { maxSeq } from "./rows.js";

/** What a line says. */
export type ImportedLine =
  | { readonly kind: "room"; readonly name: Name; readonly topic: string }
  | { readonly kind: "lost"; readonly to: number }
  | { readonly kind: "entry"; readonly entry: ImportedEntry }
  | { readonly kind: "end" };

export interface ImportedEntry {
  readonly type: EntryType;
  readonly seq: number;
  readonly timeMs: number;
  readonly id: string | undefined;
  readonly body: string;
  readonly isDeleted: boolean;
  /** Of an edit, deletion or reaction. */
  readonly target: number | undefined;
  /** Of a topic: what the topic is from here on. */
  readonly topic: string | undefined;
  /** Of a file that is not deleted, with its version. */
  readonly file: (FileDraft & { readonly version: number }) | undefined;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

export class ImportLines {
  /** Lines that were read. */
  #count = 0;
  /** As the lines say it. */
  #room: string | undefined;
  /** The last number that there was, or is lost. */
  #last = 0;
  #isEnded = false;

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** @throws Error with the line's number and what is wrong with it */
  read(line: Uint8Array): ImportedLine {
    this.#count++;
    try {
      const { value, answer } = parsed(line);
      return this.#lineOf(value, answer);
    } catch (error) {
      throw this.fault(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Something that is wrong with the line that was read last. */
  fault(cause: Error): Error {
    const why = cause.message.replace(/^Bad message: (in the server's )?/, "").replace(/\.$/, "");
    return new Error(`Line ${this.#count} is damaged: ${why}. Nothing was imported.`, { cause });
  }

  #lineOf(value: Record<string, unknown>, answer: Answer): ImportedLine {
    if (this.#isEnded) throw new Error("the room has ended before it");
    if (answer.type === "joined") return this.#begin(answer.room, answer.topic);
    if (this.#room === undefined) throw new Error("an export begins with joined");
    if (!("room" in answer) || answer.room !== this.#room) throw new Error("it is of another room");
    if (answer.type === "live") return this.#end(answer.head);
    if (answer.type === "history") {
      if (answer.lost === undefined) throw new Error("it is not of an export");
      this.#expect(answer.lost.from);
      if (answer.lost.to < answer.lost.from) throw new Error("what is lost ends before it begins");
      if (answer.lost.to > maxSeq) throw new Error(`its numbers are above ${maxSeq}`);
      this.#last = answer.lost.to;
      return { kind: "lost", to: answer.lost.to };
    }
    if (!isEntry(answer)) throw new Error(`a line of type ${answer.type} is not of an export`);
    this.#expect(answer.seq);
    this.#last = answer.seq;
    return { kind: "entry", entry: entryOf(value, answer) };
  }

  #begin(room: string, topic: string): ImportedLine {
    if (this.#room !== undefined) throw new Error("the room has begun before it");
    this.#room = room;
    return { kind: "room", name: parseRoomName(room), topic };
  }

  #end(head: number): ImportedLine {
    if (head !== this.#last) throw new Error(`it ends with ${head} where ${this.#last} was the last number`);
    this.#isEnded = true;
    return { kind: "end" };
  }

  #expect(seq: number): void {
    const wanted = this.#last + 1;
    if (seq !== wanted) throw new Error(`it has number ${seq} where ${wanted} should be`);
  }
}

type EntryAnswer = Extract<Answer, { type: EntryType }>;

const importedTypes: ReadonlySet<string> = new Set(entryTypes.filter((type) => type !== "direct"));

function isEntry(answer: Answer): answer is Exclude<EntryAnswer, { type: "direct" }> {
  return importedTypes.has(answer.type);
}

function parsed(line: Uint8Array): { value: Record<string, unknown>; answer: Answer } {
  const value = objectOf(line);
  const answer = value && parseAnswer(value);
  if (value === undefined || answer === undefined) throw new Error("it is no line of an export");
  return { value, answer };
}

function objectOf(line: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(utf8.decode(line));
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

// The rest of the line is its body, with whatever a newer server has put there.
function entryOf(
  value: Record<string, unknown>,
  answer: Exclude<EntryAnswer, { type: "direct" }>,
): ImportedEntry {
  const { type: _type, room: _room, seq: _seq, time: _time, ...rest } = value;
  const timeMs = Date.parse(answer.time);
  const isTime = /^\d{4}-/.test(answer.time) && !Number.isNaN(timeMs);
  if (!isTime || new Date(timeMs).toISOString() !== answer.time) {
    throw new Error("time must be as in 2026-11-21T10:00:00.000Z");
  }
  parsePersonName(answer.from);
  const isDeleted = value.deleted === true;
  const { type, seq, id } = answer;
  const said = isDeleted ? { ...nothingSaid, target: targetLeft(answer) } : saidBy(answer);
  return { type, seq, timeMs, id, body: bodyOf(rest), isDeleted, ...said };
}

type Said = Pick<ImportedEntry, "target" | "topic" | "file">;

const nothingSaid: Said = { target: undefined, topic: undefined, file: undefined };

function saidBy(answer: Exclude<EntryAnswer, { type: "direct" }>): Said {
  switch (answer.type) {
    case "message":
      need(answer.text, "text");
      return nothingSaid;
    case "topic":
      return { ...nothingSaid, topic: need(answer.text, "text") };
    case "file":
      return { ...nothingSaid, file: fileOf(answer) };
    case "edit":
      need(answer.text, "text");
      return { ...nothingSaid, target: targetOf(answer) };
    case "delete":
    case "react":
      return { ...nothingSaid, target: targetOf(answer) };
  }
}

function fileOf(answer: Extract<Answer, { type: "file" }>): FileDraft & { version: number } {
  const [file, mime] = [need(answer.file, "file"), need(answer.mime, "mime")];
  // They come back on the wire, and some day in headers, as they are.
  if (!/^[\w-]{1,64}$/.test(file)) throw new Error("file must be 1 to 64 letters and digits");
  if (!/^[\x20-\x7e]{1,255}$/.test(mime)) throw new Error("mime must be printable ASCII");
  return {
    file,
    name: parseFileName(need(answer.name, "name")),
    author: answer.from,
    version: positive(need(answer.version, "version"), "version"),
    size: need(answer.size, "size"),
    mime,
    sha256: need(answer.sha256, "sha256"),
  };
}

/** What a deleted edit or reaction still says. */
function targetLeft(answer: Exclude<EntryAnswer, { type: "direct" }>): number | undefined {
  return answer.type === "edit" || answer.type === "react" ? targetOf(answer) : undefined;
}

function targetOf({ seq, target }: { seq: number; target?: number | undefined }): number {
  const number = need(target, "target");
  if (number >= seq) throw new Error("target must be a number before its own");
  return number;
}

function positive(value: number, field: string): number {
  if (value === 0) throw new Error(`${field} must be a whole number from 1`);
  return value;
}

function need<T>(value: T | undefined, field: string): T {
  if (value === undefined)
    throw new RoomError("bad-message", { message: `Bad message: ${field} is missing.` });
  return value;
}
