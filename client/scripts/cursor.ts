// How far a script has printed a room, in a small file: `tail --cursor` goes on behind it. The record is written in its
// place, with one call, right behind the lines that it counts; so it is at most one block of lines behind when the
// process is killed. When the lines go into a file, the record says how long that was, and the next run finds there
// what was printed without being counted.

import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { nameKey } from "../../shared/names.js";
import { ClientError, diskFailure } from "../failures.js";

export interface Position {
  readonly epoch: string;
  readonly seq: number;
}

interface Record extends Position {
  readonly room: string;
  /** The file that the lines went into, and its size behind them, in bytes. */
  readonly output?: { readonly device: number; readonly inode: number; readonly size: number } | undefined;
}

/** A name of 64 characters, an epoch and four numbers are less. */
const recordBytes = 1024;
/** The longest line of a server, and what a block may have before it. */
const maxUncountedBytes = 256 * 1024;

export class Cursor {
  readonly #path: string;
  readonly #fd: number;
  readonly #outputFd: number;
  readonly #record: Record | undefined;

  /** Opens the file, or makes it. @throws ClientError bad-file, bad-setting */
  constructor(path: string, outputFd: number) {
    this.#path = path;
    this.#outputFd = outputFd;
    this.#fd = this.#onDisk(() => openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600));
    this.#record = this.#read();
  }

  /** Where the last run ended; undefined when there was none. @throws ClientError bad-setting for another room */
  positionIn(room: string): Position | undefined {
    const record = this.#record;
    if (record === undefined) return undefined;
    if (nameKey(record.room) === nameKey(room)) return record;
    throw new ClientError(
      "bad-setting",
      `${this.#path} is the cursor of the room ${record.room}, not of ${room}.`,
    );
  }

  /**
   * Counts from there, unless the last run has counted. Before the first line: a run that is killed behind that would
   * leave no trace of it.
   */
  startIn(room: string, position: Position): void {
    if (this.#record === undefined) this.reach(room, position);
  }

  /** What was written to the output behind what is counted; nothing when that is no file, or another one. */
  uncounted(): Buffer {
    const [written, now] = [this.#record?.output, outputOf(this.#outputFd)];
    if (written === undefined || now?.inode !== written.inode || now.device !== written.device)
      return Buffer.alloc(0);
    const length = now.size - written.size;
    if (length <= 0 || length > maxUncountedBytes) return Buffer.alloc(0);
    const bytes = Buffer.alloc(length);
    // A shell opens its output for writing only.
    const fd = this.#onDisk(() => openSync(`/dev/fd/${this.#outputFd}`, "r"));
    try {
      return bytes.subarray(0, readSync(fd, bytes, 0, length, written.size));
    } finally {
      closeSync(fd);
    }
  }

  /** All up to there is printed. @throws ClientError bad-file */
  reach(room: string, { epoch, seq }: Position): void {
    const record: Record = { room, epoch, seq, output: outputOf(this.#outputFd) };
    const line = `${JSON.stringify(record).padEnd(recordBytes - 1)}\n`;
    this.#onDisk(() => writeSync(this.#fd, line, 0));
  }

  close(): void {
    closeSync(this.#fd);
  }

  #read(): Record | undefined {
    const bytes = Buffer.alloc(2 * recordBytes);
    const length = this.#onDisk(() => readSync(this.#fd, bytes, 0, bytes.length, 0));
    if (length === 0) return undefined;
    const record = parsed(bytes.toString("utf8", 0, length));
    if (record !== undefined) return record;
    throw new ClientError("bad-setting", `${this.#path} is no cursor; it is left as it is.`);
  }

  #onDisk<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw diskFailure(`use the cursor ${this.#path}`, error);
    }
  }
}

function outputOf(fd: number): Record["output"] {
  const facts = fstatSync(fd);
  return facts.isFile() ? { device: facts.dev, inode: facts.ino, size: facts.size } : undefined;
}

function parsed(text: string): Record | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    const { room, epoch, seq, output } = { room: "", epoch: "", seq: -1, output: undefined, ...value };
    const isWhole =
      typeof room === "string" && typeof epoch === "string" && Number.isSafeInteger(seq) && seq >= 0;
    return isWhole ? { room, epoch, seq, output: parsedOutput(output) } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function parsedOutput(value: unknown): Record["output"] {
  if (typeof value !== "object" || value === null) return undefined;
  const { device, inode, size } = { device: -1, inode: -1, size: -1, ...value };
  const isWhole = [device, inode, size].every((number) => Number.isSafeInteger(number) && number >= 0);
  return isWhole ? { device, inode, size } : undefined;
}
