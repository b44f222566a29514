// What became of the things that an errand was asked for, and the exit code for all of them together: when nothing
// succeeded and everything failed for one reason, that of the reason.

import { RoomError } from "../../shared/errors.js";
import { exitCodes, exitCodeOf } from "../exit-codes.js";
import { isForeseen, isLoss, ClientError } from "../failures.js";
import type { Session } from "../session/session.js";
import { visibleLine } from "../chat/visible.js";

export interface OutcomeOptions {
  readonly session: Session;
  readonly tell: (line: string) => void;
}

export class Outcome {
  readonly #options: OutcomeOptions;
  readonly #failures = new Set<number>();
  #hasSuccess = false;
  /** Whether the same command would go on where this one is. */
  canGoOn = false;

  constructor(options: OutcomeOptions) {
    this.#options = options;
  }

  get exitCode(): number {
    const [code, ...others] = this.#failures;
    if (code === undefined) return exitCodes.ok.code;
    return others.length > 0 || this.#hasSuccess ? exitCodes.partial.code : code;
  }

  /**
   * Does one of the things; tells what became of it when there is something to tell.
   * @param what which one, for the sentence when it failed
   * @throws what ends the session or the errand
   */
  async attempt(what: string, run: () => Promise<string | undefined>): Promise<void> {
    try {
      const told = await run();
      this.#hasSuccess = true;
      if (told !== undefined) this.#options.tell(told);
    } catch (error) {
      this.fail(what, error);
    }
  }

  /** @throws the error, when it ends more than this one thing */
  fail(what: string, error: unknown): void {
    if (!isForeseen(error) || isLoss(error) || this.#options.session.isOver) throw error;
    if (error.code === "interrupted") throw this.canGoOn ? interrupted(error) : error;
    this.#failures.add(exitCodeOf(error));
    // A server's sentence does not say what it is about.
    const about = error instanceof RoomError && what !== "" ? `${what}: ` : "";
    this.#options.tell(`! ${visibleLine(about + error.message)}`);
  }
}

function interrupted(cause: Error): ClientError {
  const sentence = `${cause.message} What is there is kept, and the same command goes on from there.`;
  return new ClientError("interrupted", sentence, { cause });
}
