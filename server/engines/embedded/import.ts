// `import`: makes a room of what export.ts wrote, when no server has the folder: all of it or nothing, in one
// transaction, in as little memory as it takes. Its log is another one than the exported: a fresh epoch.
//
//   lock the folder -> blobs, durable -> entries -> ... -> COMMIT: the room is there

import { createReadStream } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { defaultLimits } from "../../../shared/limits.js";
import { LineSplitter, tooLong, type Line } from "../../../shared/lines.js";
import type { Name } from "../../../shared/names.js";
import { counted } from "./amounts.js";
import { prepareFolder } from "./data-folder.js";
import { makeDurableFolder } from "./disk.js";
import { inTransaction, lockFolder, resultCode, resultCodes, type Database } from "./database.js";
import { FilesIn, blobsOffered } from "./files-in.js";
import { ImportLines, type ImportedLine } from "./import-lines.js";
import { ImportRoom } from "./import-room.js";
import { KeyTurns } from "./key-turns.js";
import { blobsFolder, databaseFile, lockFile } from "./layout.js";
import { Listing } from "./listing.js";
import { openLogDatabase } from "./log-database.js";
import { Records } from "./records.js";
import { Sweeper } from "./sweeper.js";
import { UploadRecords } from "./upload-records.js";

export interface ImportOptions {
  readonly dataFolder: string;
  /** A file, or where the lines come from. */
  readonly input: string | Readable;
  /** What the room is called here; undefined for what it was called. */
  readonly room?: Name | undefined;
  /** The folder that has the room's blobs. */
  readonly files?: string | undefined;
}

export interface Imported {
  /** What came in, as a sentence. */
  readonly summary: string;
  /** Files that are in the room without their bytes. */
  readonly missingFiles: number;
}

/** @throws Error with a sentence when a server has the folder, the room is there, or the lines are not an export */
export async function importRoom(options: ImportOptions): Promise<Imported> {
  const { dataFolder, input } = options;
  await prepareFolder(dataFolder);
  const lock = lockFolder(join(dataFolder, lockFile));
  try {
    const { database, checkpoints } = openLogDatabase(join(dataFolder, databaseFile));
    try {
      const imported = await importInto(database, options);
      checkpoints.purge();
      return imported;
    } finally {
      database.close();
      checkpoints.close();
    }
  } finally {
    if (typeof input !== "string") input.destroy();
    lock.close();
  }
}

async function importInto(database: Database, options: ImportOptions): Promise<Imported> {
  const { dataFolder, files: folder } = options;
  const sweeper = sweeperOf(database, dataFolder);
  await makeDurableFolder(join(dataFolder, blobsFolder));
  // What an import that was killed has left is nobody's: it may not be whole after a power cut.
  await sweeper.sweep();
  const note = database.prepare("INSERT INTO freed VALUES (?) ON CONFLICT DO NOTHING");
  const offered = await blobsOffered(folder);
  inTransaction(database, () => {
    for (const sha256 of offered) note.run(sha256);
  });
  const files = new FilesIn({ dataFolder, folder });
  database.exec("BEGIN IMMEDIATE");
  try {
    const imported = await new Import(database, files, options.room).take(options.input);
    database.exec("COMMIT");
    return imported;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  } finally {
    // What no entry refers to.
    await sweeper.sweep();
  }
}

function sweeperOf(database: Database, dataFolder: string): Sweeper {
  const listing = new Listing(database);
  const uploads = new UploadRecords(database, {});
  return new Sweeper({
    dataFolder,
    records: new Records((calls) => Promise.resolve(uploads.take(calls, Date.now()))),
    turns: new KeyTurns(),
    freed: (limit) => Promise.resolve(listing.freed(limit)),
    findOrphans: (hashes) => Promise.resolve(listing.orphans(hashes)),
    // It goes with the server's next start.
    onFailed: () => undefined,
  });
}

class Import {
  readonly #database: Database;
  readonly #files: FilesIn;
  readonly #name: Name | undefined;
  readonly #lines = new ImportLines();
  #room: ImportRoom | undefined;
  #shown = "";
  #entries = 0;

  constructor(database: Database, files: FilesIn, name: Name | undefined) {
    this.#database = database;
    this.#files = files;
    this.#name = name;
  }

  async take(input: string | Readable): Promise<Imported> {
    const splitter = new LineSplitter(defaultLimits.lineBytes);
    for await (const bytes of typeof input === "string" ? createReadStream(input) : input) {
      await this.#takeLines(splitter.push(bytes as Uint8Array));
    }
    await this.#takeLines(splitter.end());
    if (!this.#lines.isEnded) {
      throw new Error("It is truncated: the last line of an export is live. Nothing was imported.");
    }
    this.#room?.finish();
    const { count, missing } = this.#files;
    const entries = this.#entries === 1 ? "1 entry" : `${this.#entries} entries`;
    const summary = `The room ${this.#shown} has ${entries} and ${counted(count, "file")}.`;
    return { summary, missingFiles: missing };
  }

  async #takeLines(lines: readonly Line[]): Promise<void> {
    for (const line of lines) {
      const said = this.#lines.read(line === tooLong ? new Uint8Array(0) : line);
      if (said.kind === "room") this.#begin(said.name, said.topic);
      else await this.#takeLine(said);
    }
  }

  #begin(name: Name, topic: string): void {
    const own = this.#name ?? name;
    this.#room = new ImportRoom(this.#database, own, topic);
    this.#shown = own.shown;
  }

  async #takeLine(line: ImportedLine): Promise<void> {
    if (line.kind === "lost") this.#room?.lose(line.to);
    if (line.kind !== "entry") return;
    const { file } = line.entry;
    try {
      const hasFile = file !== undefined && (await this.#files.bring(file));
      this.#room?.add(line.entry, hasFile);
    } catch (error) {
      throw resultCode(error) === resultCodes.constraint ? this.#lines.fault(twice) : error;
    }
    this.#entries++;
  }
}

const twice = new Error("the room has another file of that id, or of that name and version");
