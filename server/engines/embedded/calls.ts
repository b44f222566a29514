// Calls from the main thread to a worker thread and their answers, in order. Both sides of the port are here
// and nothing else is: what is asked is up to writer.ts and reader.ts.

import { Worker, type MessagePort, type Transferable } from "node:worker_threads";
import { RoomError, errorTable, type ErrorCode } from "../../../shared/errors.js";

/** What a worker can be asked: methods of one argument. */
export type Methods<M> = { [K in keyof M]: (argument: never) => unknown };

type Argument<F> = F extends (argument: infer A) => unknown ? A : never;
type Result<F> = F extends (argument: never) => infer R ? R : never;

interface Call {
  readonly call: number;
  readonly method: string;
  readonly argument: unknown;
}

type Answer =
  | { readonly call: number; readonly result: unknown }
  | {
      readonly call: number;
      readonly error: { code: string | undefined; message: string; stack: string | undefined };
    };

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** The main thread's side. Answers come in the order of the calls, and their promises settle in that order. */
export class WorkerCalls<M extends Methods<M>> {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #nextCall = 1;
  #isClosing = false;
  #ended: Error | undefined;

  /** Resolves when the worker ended although nobody closed it. */
  readonly failed: Promise<Error>;
  readonly #exited: Promise<void>;

  constructor(file: string, data: unknown) {
    this.#worker = new Worker(file, { workerData: data });
    this.#worker.on("message", (answer: Answer) => {
      this.#settle(answer);
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.on("exit", () => {
        resolve();
      });
    });
    this.failed = new Promise((resolve) => {
      const fail = (error: Error) => {
        // Who still asks a thread that was closed has made no mistake, and there is none to log.
        this.#ended ??= this.#isClosing ? new RoomError("shutting-down") : error;
        for (const waiting of this.#waiting.values()) waiting.reject(this.#ended);
        this.#waiting.clear();
        if (!this.#isClosing) resolve(error);
      };
      this.#worker.on("error", (error) => {
        fail(error instanceof Error ? error : new Error(String(error)));
      });
      this.#worker.on("exit", (code) => {
        fail(new Error(`The thread ${file} ended with code ${code}.`));
      });
    });
  }

  /** Resolves when the worker is there to be asked. @throws what ended it */
  ready(): Promise<void> {
    return this.#ask("", undefined).then(() => undefined);
  }

  call<K extends keyof M & string>(method: K, argument: Argument<M[K]>): Promise<Result<M[K]>> {
    return this.#ask(method, argument) as Promise<Result<M[K]>>;
  }

  /**
   * Calls the worker's `close` and waits until it has ended by itself. It is not terminated: a native module that
   * is cut off in the middle takes the whole process with it. May be called twice.
   */
  async close(how?: Argument<M["close" & keyof M]>): Promise<void> {
    this.#isClosing = true;
    await this.#ask("close", how).catch(() => undefined);
    await this.#exited;
  }

  #ask(method: string, argument: unknown): Promise<unknown> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      const call = this.#nextCall++;
      this.#waiting.set(call, { resolve, reject });
      this.#worker.postMessage({ call, method, argument } satisfies Call);
    });
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.call);
    this.#waiting.delete(answer.call);
    if ("result" in answer) waiting?.resolve(answer.result);
    else waiting?.reject(revive(answer.error));
  }
}

/**
 * The worker's side: answers each call with the method of its name, and ends the thread after `close`.
 * @param afterwards done when a call was answered, so that who asked does not wait for it; it must not throw
 */
export function serveCalls<M extends Methods<M>>(
  port: MessagePort,
  methods: M,
  afterwards?: () => void,
): void {
  const table = new Map<string, (argument: never) => unknown>(Object.entries(methods));
  port.on("message", ({ call, method, argument }: Call) => {
    try {
      const result = table.get(method)?.(argument as never);
      port.postMessage({ call, result } satisfies Answer, transferable(result));
    } catch (error) {
      port.postMessage({ call, error: plain(error) } satisfies Answer);
    }
    if (method === "close") port.close();
    else afterwards?.();
  });
}

// Bytes go over without a copy when they are alone in their buffer.
function transferable(result: unknown): Transferable[] {
  if (typeof result !== "object" || result === null || !("bytes" in result)) return [];
  const { bytes } = result;
  return bytes instanceof Uint8Array && bytes.byteLength === bytes.buffer.byteLength
    ? [bytes.buffer as ArrayBuffer]
    : [];
}

function plain(error: unknown) {
  const code = error instanceof RoomError ? error.code : undefined;
  if (error instanceof Error) return { code, message: error.message, stack: error.stack };
  return { code, message: String(error), stack: undefined };
}

function revive({
  code,
  message,
  stack,
}: {
  code: string | undefined;
  message: string;
  stack: string | undefined;
}) {
  const cause = new Error(message);
  if (stack !== undefined) cause.stack = stack;
  return isErrorCode(code) ? new RoomError(code, {}, { cause }) : cause;
}

function isErrorCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(errorTable, code);
}
