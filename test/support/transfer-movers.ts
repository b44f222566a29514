// Whoever moves the file of a round: the real client as a program, or raw-sender.ts.

import type { Errand } from "./errand.js";
import { RawSender } from "./raw-sender.js";
import type { TransferCase } from "./transfer-cases.js";
import { room, type Stage } from "./transfer-stage.js";

export interface Mover {
  /**
   * Moves it, or goes on with it. Resolves when it is where it should be; with false when it was killed.
   * @throws Error what the client said instead
   */
  move(): Promise<boolean>;
  kill(): void;
}

export interface Cargo {
  readonly transfer: TransferCase;
  readonly name: string;
  readonly content: Buffer;
}

export function moverOf(stage: Stage, { transfer: { way, victim }, name, content }: Cargo): Mover {
  if (way === "upload") return clientMover(stage, ["upload", name]);
  if (way === "download") return clientMover(stage, ["download", name]);
  // Whoever pipes into a client that is killed has nothing to go on with; one who keeps the bytes has.
  if (way === "pipe" && victim === "server")
    return clientMover(stage, ["upload", "-", "--name", name], content);
  const sender = new RawSender(stage.tap.port, "stranger");
  const task = { id: `id of ${name}`, room, name, content, isInOneLine: way === "one line" };
  return {
    move: () => sender.send(task),
    kill() {
      sender.kill();
    },
  };
}

function clientMover(stage: Stage, words: readonly string[], input: Buffer | string = ""): Mover {
  let errand: Errand | undefined;
  return {
    async move() {
      errand = stage.startClient(words);
      errand.child.stdin.end(input);
      const { code, talk } = await errand.done;
      if (code === null) return false;
      if (code > 0) throw new Error(`The client ended with ${code}: ${talk.join("\n")}`);
      return true;
    },
    kill() {
      errand?.child.kill("SIGKILL");
    },
  };
}
