// One errand of a script: `node client upload`, `node client download`. It enters the room, sends or fetches, and
// leaves. Only the bytes of files go to the output; all talk goes to the talk stream.

import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { Readable, Writable } from "node:stream";
import { RoomError } from "../../shared/errors.js";
import { download, downloadTo, type Wanted } from "../transfer/download.js";
import { exitCodeOf, exitCodes } from "../exit-codes.js";
import { ClientError, diskFailure, isForeseen, isLoss, systemCode } from "../failures.js";
import { filesToSend } from "../transfer/folder-files.js";
import { nameTaken } from "../transfer/given-name.js";
import { openFor } from "../opening.js";
import type { Surroundings } from "./pipe.js";
import { ProgressLine } from "./progress-line.js";
import { transferredLine } from "../chat/render.js";
import type { Session } from "../session/session.js";
import type { TargetOptions } from "../transfer/target.js";
import type { TransferOptions } from "../transfer/transfer.js";
import { upload, uploadFrom } from "../transfer/upload.js";
import { visibleLine } from "../chat/visible.js";

export interface UploadErrand {
  readonly kind: "upload";
  /** `-` for the input. */
  readonly paths: readonly string[];
  readonly name: string | undefined;
}

export interface DownloadErrand {
  readonly kind: "download";
  readonly names: readonly string[];
  readonly version: number | undefined;
  /** The id of one. */
  readonly file: string | undefined;
  /** A folder, the path of the file to make, or `-` for the output. */
  readonly out: string | undefined;
  /** The folder when `out` is left out. */
  readonly downloads: string;
}

export interface ErrandOptions {
  readonly errand: UploadErrand | DownloadErrand;
  /** Empty for a guest's. */
  readonly name: string;
  /** Empty for the lobby. */
  readonly room: string;
  readonly host: string;
  readonly port: number;
  readonly waitMs: number;
}

export interface ErrandStreams {
  readonly input: Readable;
  readonly output: Writable;
  readonly talk: Writable & { readonly isTTY?: boolean };
}

/** Resolves with the exit code. */
export async function runErrand(
  streams: ErrandStreams,
  options: ErrandOptions,
  { sessions, signal }: Surroundings,
): Promise<number> {
  // Whoever reads us may have had enough, as with `| head`; a disk that is full has not.
  const unread = new AbortController();
  const unwritten = new AbortController();
  streams.output.on("error", (error) => {
    if (systemCode(error) === "EPIPE")
      unread.abort(new ClientError("interrupted", "Nobody reads the output."));
    else unwritten.abort(diskFailure("write the output", error));
  });
  const stop = AbortSignal.any([signal, unread.signal, unwritten.signal]);
  const line = new ProgressLine(streams.talk);
  const tell = (text: string): void => {
    line.tell(text);
  };
  try {
    const given = { ...options, reconnectForMs: options.waitMs, token: undefined, last: undefined };
    const session = await openFor(given, { tell, signal: stop, sessions });
    const runner = new Runner(session, { streams, line, suspend: stop });
    return await runner.run(options.errand);
  } catch (error) {
    if (unread.signal.aborted) return exitCodes.ok.code;
    const reason: unknown = unwritten.signal.aborted ? unwritten.signal.reason : error;
    if (!isForeseen(reason)) throw reason;
    tell(`! ${visibleLine(reason.message)}`);
    return exitCodeOf(reason);
  }
}

interface RunnerOptions {
  readonly streams: ErrandStreams;
  readonly line: ProgressLine;
  /** Ends it, and leaves what can be gone on with. */
  readonly suspend: AbortSignal;
}

class Runner {
  readonly #session: Session;
  readonly #options: RunnerOptions;
  readonly #transfer: TransferOptions;
  #hasFailed = false;
  /** Whether the same command would go on where this one is. */
  #canGoOn = true;

  constructor(session: Session, options: RunnerOptions) {
    const { line, suspend } = options;
    this.#session = session;
    this.#options = options;
    this.#transfer = {
      suspend,
      onProgress: (progress) => {
        line.show(progress);
      },
    };
    session.onState((change) => {
      if (change.state === "connected") line.tell("* back again");
      else if (change.triesAgain) line.tell("* the connection is lost; trying again…");
    });
  }

  async run(errand: UploadErrand | DownloadErrand): Promise<number> {
    try {
      await (errand.kind === "upload" ? this.#upload(errand) : this.#download(errand));
    } finally {
      this.#options.line.clear();
      await this.#session.close();
    }
    return this.#hasFailed ? exitCodes.failed.code : exitCodes.ok.code;
  }

  async #upload({ paths, name }: UploadErrand): Promise<void> {
    const { streams, line } = this.#options;
    const [path = ""] = paths;
    if (name !== undefined)
      await this.#attempt(name, async () => {
        const options = { ...this.#transfer, name };
        const isPiped = path === "-";
        this.#canGoOn = !isPiped;
        return transferredLine(
          "uploaded",
          await (isPiped
            ? uploadFrom(this.#session, streams.input, options)
            : upload(this.#session, path, options)),
        );
      });
    else
      await this.#whileFound("", async () => {
        const skip = (path: string, why: string): void => {
          line.tell(`* ${visibleLine(path)} is ${why}; passed over`);
        };
        for await (const { path, name: found } of filesToSend(paths, skip))
          await this.#attempt(found, async () => {
            const entry = await upload(this.#session, path, { ...this.#transfer, name: found });
            return transferredLine("uploaded", entry);
          });
      });
  }

  async #download(errand: DownloadErrand): Promise<void> {
    const { names, version, file, out } = errand;
    const wanted: Wanted[] = names.map((name) => ({ name, ...(version !== undefined && { version }) }));
    if (file !== undefined) wanted.push({ file });
    for (const each of wanted)
      await this.#attempt("name" in each ? each.name : each.file, async () => {
        if (out === "-") {
          const { output } = this.#options.streams;
          this.#canGoOn = false;
          return transferredLine(
            "wrote",
            await downloadTo(this.#session, each, { ...this.#transfer, output }),
          );
        }
        const place = await placeOf(errand);
        const saved = await download(this.#session, each, { ...this.#transfer, ...place });
        return transferredLine("saved", { ...saved.file, name: saved.path });
      });
  }

  /** Tells what became of one file; what ends the session or the errand ends it all. */
  async #attempt(what: string, run: () => Promise<string>): Promise<void> {
    this.#options.suspend.throwIfAborted();
    await this.#whileFound(what, async () => {
      this.#options.line.tell(await run());
    });
  }

  async #whileFound(what: string, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!isForeseen(error) || isLoss(error) || this.#session.isOver) throw error;
      if (error.code === "interrupted") throw this.#canGoOn ? interrupted(error) : error;
      this.#hasFailed = true;
      // A server's sentence does not say which file it is about.
      const about = error instanceof RoomError ? `${what}: ` : "";
      this.#options.line.tell(`! ${visibleLine(about + error.message)}`);
    }
  }
}

function interrupted(cause: Error): ClientError {
  const sentence = `${cause.message} What is there is kept, and the same command goes on from there.`;
  return new ClientError("interrupted", sentence, { cause });
}

/** @throws ClientError bad-file when something has that name */
async function placeOf({ out, downloads, names }: DownloadErrand): Promise<TargetOptions> {
  if (out === undefined) return { folder: downloads };
  const facts = await stat(out).catch(() => undefined);
  if (facts?.isDirectory() === true || names.length > 1 || /[/\\]$/.test(out)) return { folder: out };
  // Before any byte is fetched.
  if (facts !== undefined) throw nameTaken(out);
  return { folder: dirname(out), fileName: basename(out) };
}
