// One download through all its attempts: asks for the file, or for the rest of it, says how much is written so that
// never more than a window is on its way, and asks again when the connection was lost and is back. download.ts says
// where the bytes land.
//
//   download(offset, sha256) -> downloading -> chunk* <-> ack* -> the last chunk -> verified
//        ^-- the connection is back: from what came --|            |
//        ^-- what was there is of other content, or turns out to be: from 0

import type { AnswerOf } from "../../shared/answers.js";
import { RoomError } from "../../shared/errors.js";
import type { RequestOf } from "../../shared/requests.js";
import { blockBytes, damaged, type Arriving, type FileFacts } from "./arriving.js";
import { only } from "../session/exchanges.js";
import { ClientError, isLoss } from "../failures.js";
import type { Session } from "../session/session.js";
import type { Start } from "./target.js";
import { cancelTimeoutMs, type TransferOptions } from "./transfer.js";

/** A file by its name, the newest version unless one is given, or by its id. */
export type Wanted = { readonly name: string; readonly version?: number } | { readonly file: string };

/** Where the bytes go. One that cannot take them back knows no resuming, and no second attempt. */
export interface Landing<T> {
  begin(facts: FileFacts): Promise<Arriving>;
  /** Verifies what came. @throws ClientError damaged */
  finish(): Promise<T>;
  readonly again?: {
    /** Takes over what is left of a file of this name, and of that hash if one is given. */
    resume(name: string, sha256: string | undefined, signal: AbortSignal): Promise<Start | undefined>;
    hasLeftover(facts: FileFacts): Promise<boolean>;
    /** Lets go of it, but leaves it where it is. */
    keep(): Promise<void>;
    discard(): Promise<void>;
  };
}

export interface FetchingOptions<T> extends TransferOptions {
  readonly wanted: Wanted;
  readonly landing: Landing<T>;
}

interface Begun {
  readonly file: AnswerOf<"downloading">;
  readonly arriving: Arriving;
}

/** How much may be on its way: so long talk waits behind a file, and no longer. */
const windowBytes = 4 * blockBytes;
/** A server that sends more than it may is not read meanwhile. */
const maxUnwrittenBytes = 2 * windowBytes;

export class Fetching<T> {
  readonly #session: Session;
  readonly #options: FetchingOptions<T>;
  readonly #failure = new AbortController();
  readonly #signal: AbortSignal;
  /** What was left by an earlier attempt, while nothing has come in this one. */
  #start: Start | undefined;
  #begun: Begun | undefined;
  /** Whether some of it was not written by this attempt, or over a connection that broke. */
  #isResumed = false;
  /** The id that the download has on the connection of the moment. */
  #id = "";
  #hasBegunAnew = false;
  #hasSearched = false;

  constructor(session: Session, options: FetchingOptions<T>) {
    this.#session = session;
    this.#options = options;
    const { signal, suspend } = options;
    const signals = [signal, suspend, this.#failure.signal];
    this.#signal = AbortSignal.any(signals.filter((each) => each !== undefined));
  }

  /** @throws RoomError what the server refused; ClientError bad-file, damaged, or that of the session */
  async run(): Promise<{ landed: T; file: AnswerOf<"downloading"> }> {
    const { wanted } = this.#options;
    if ("name" in wanted) await this.#resume(wanted.name);
    for (;;) {
      try {
        const file = await this.#attempt();
        return { landed: await this.#options.landing.finish(), file };
      } catch (error) {
        if (!(await this.#goesOn(error))) throw this.#explained(error);
      }
    }
  }

  async #resume(name: string, sha256?: string): Promise<void> {
    this.#signal.throwIfAborted();
    this.#start = await this.#options.landing.again?.resume(name, sha256, this.#signal);
    this.#isResumed = this.#start !== undefined;
  }

  async #attempt(): Promise<AnswerOf<"downloading">> {
    const id = this.#session.newId();
    try {
      return await this.#session.request(
        { ...this.#request(), id },
        (answer) => {
          if (answer.type === "downloading") return this.#begin(answer);
          if (answer.type === "cancelled") throw leftRoom(this.#name);
          return answer.type === "chunk" ? this.#take(answer) : undefined;
        },
        // How much there is of it is known here, so that it is asked for anew.
        { signal: this.#signal, afterLoss: () => "fail" },
      );
    } catch (error) {
      // The server has stopped by itself when it was the one to refuse, or is not there.
      if (!(error instanceof RoomError) && !isLoss(error)) await this.#stop(id);
      throw error;
    }
  }

  #request(): Omit<RequestOf<"download">, "id"> {
    const { wanted, room } = this.#options;
    const begun = this.#begun;
    const where = { type: "download", window: windowBytes, ...(room !== undefined && { room }) } as const;
    if (begun === undefined) return { ...where, ...wanted, ...this.#start };
    const { file, sha256 } = begun.file;
    return { ...where, file, sha256, offset: begun.arriving.takenBytes };
  }

  async #begin(file: AnswerOf<"downloading">): Promise<undefined> {
    const offset = this.#begun?.arriving.takenBytes ?? this.#start?.offset ?? 0;
    const sha256 = this.#begun?.file.sha256 ?? this.#start?.sha256 ?? file.sha256;
    if (file.id === this.#id) throw damaged(file.name, "it began twice");
    if (file.offset !== offset || file.sha256 !== sha256) throw damaged(file.name, "it began elsewhere");
    this.#id = file.id;
    if (this.#begun !== undefined) return;
    if (this.#start === undefined && (await this.#isLeft(file))) throw new Left(file);
    const arriving = await this.#options.landing.begin(file);
    arriving.watch(
      (bytes) => {
        this.#tell(file, bytes);
      },
      (error) => {
        this.#failure.abort(error);
      },
    );
    this.#begun = { file, arriving };
  }

  // Only now is it known which file it is, by its id or in a newer version.
  async #isLeft(file: FileFacts): Promise<boolean> {
    if (this.#hasSearched) return false;
    this.#hasSearched = true;
    return (await this.#options.landing.again?.hasLeftover(file)) ?? false;
  }

  #take({ offset, data, last }: AnswerOf<"chunk">): AnswerOf<"downloading"> | Promise<undefined> | undefined {
    if (this.#begun === undefined) throw new ClientError("damaged", "The server sent bytes of no file.");
    const { arriving, file } = this.#begun;
    if (data.length === 0 && last !== true) throw arriving.damaged("a part has no bytes");
    arriving.take(offset, data);
    if (last === true) return file;
    return arriving.unwrittenBytes > maxUnwrittenBytes ? arriving.settled().then(() => undefined) : undefined;
  }

  #tell({ name, size }: FileFacts, bytes: number): void {
    this.#options.onProgress?.({ direction: "download", name, bytes, size });
    // Nobody hears it while there is no connection, and nobody has to.
    if (bytes < size) this.#session.send({ type: "ack", id: this.#id, offset: bytes }).catch(forgiveLoss);
  }

  /** Whether there is another attempt to make after this, and prepares it. */
  async #goesOn(error: unknown): Promise<boolean> {
    const { landing } = this.#options;
    if (this.#signal.aborted) return false;
    if (isLoss(error)) {
      this.#isResumed ||= this.#begun !== undefined;
      return !this.#session.isOver;
    }
    if (landing.again === undefined) return false;
    if (error instanceof Left) {
      await this.#resume(error.file.name, error.file.sha256);
      return true;
    }
    const isOther = error instanceof RoomError && error.code === "changed" && this.#begun === undefined;
    if (isOther && this.#start !== undefined) await landing.again.keep();
    else if (this.#isWorthAnother(error)) await landing.again.discard();
    else return false;
    this.#start = undefined;
    this.#begun = undefined;
    this.#isResumed = false;
    return true;
  }

  // What was there may have been grown with zeros by a power cut: once more, from its first byte.
  #isWorthAnother(error: unknown): boolean {
    const isDamaged = error instanceof ClientError && error.code === "damaged";
    const isTooLong = error instanceof RoomError && error.code === "bad-offset";
    if (!(isDamaged || isTooLong) || !this.#isResumed || this.#hasBegunAnew) return false;
    return (this.#hasBegunAnew = true);
  }

  get #name(): string {
    return this.#begun?.file.name ?? "the file";
  }

  #explained(error: unknown): unknown {
    if (!isLoss(error) || !(error instanceof Error)) return error;
    const name = this.#name;
    const kept =
      this.#begun === undefined || this.#options.landing.again === undefined
        ? ""
        : " What came is kept: fetched again, it goes on from there.";
    const sentence = `The connection was lost before ${name} was here.${kept}`;
    return new ClientError("connection-lost", sentence, { cause: error });
  }

  async #stop(id: string): Promise<void> {
    try {
      await this.#session.request({ type: "cancel", id }, only("cancelled"), { timeoutMs: cancelTimeoutMs });
    } catch (error) {
      // It may have ended meanwhile, or the connection has.
      if (!(error instanceof RoomError) && !(error instanceof ClientError)) throw error;
    }
  }
}

/** Some of this file is here already, which was not known when it was asked for. */
class Left extends Error {
  readonly file: FileFacts;

  constructor(file: FileFacts) {
    super("Some of this file is here already.");
    this.file = file;
  }
}

function leftRoom(name: string): ClientError {
  return new ClientError("cancelled", `The download of ${name} was stopped: its room was left.`);
}

function forgiveLoss(error: unknown): void {
  if (!isLoss(error)) throw error;
}
