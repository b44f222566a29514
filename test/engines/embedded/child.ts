// The engine in a process of its own, to be killed: it opens a folder and appends batches of messages with ids of
// their own until it ends. Only the process that was started here is ever signalled.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { cleanUp } from "../../support/cleanup.js";
import { threadFolder } from "../../support/server.js";

/** Of each batch it prints the number of its last message when it is recorded, "opened" before all. */
const script = `
  async function run([module, dataFolder, threadFolder]) {
    const { openEmbeddedEngine } = await import(module);
    const { log } = await openEmbeddedEngine({ dataFolder, threadFolder, segmentEntries: 500 });
    console.log("opened");
    const room = { key: "lab", shown: "lab" };
    const draftOf = (id) => {
      const body = JSON.stringify({ from: "alice", id, text: "hi" }).slice(1);
      return { type: "message", sender: "alice", id, body };
    };
    for (let n = 0; ; n += 20) {
      const appended = await log.append(room, Array.from({ length: 20 }, (_, k) => draftOf("m" + (n + k + 1))));
      console.log(String(appended.at(-1).seq ?? appended.at(-1).duplicate));
    }
  }
  void run(process.argv.slice(1));
`;

export interface EngineChild {
  readonly isRunning: () => boolean;
  /** What it has printed so far, line by line. */
  readonly lines: () => string[];
  /** Resolves when it has printed so many lines, or has ended. */
  readonly printed: (count: number) => Promise<void>;
  /** Ends it at once, as a power cut would, and resolves when it is gone. */
  readonly kill: () => Promise<void>;
}

export function startEngineChild(dataFolder: string): EngineChild {
  const module = join(threadFolder, "index.js");
  const args = ["-e", script, "--", module, dataFolder, threadFolder];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  let output = "";
  child.stdout.on("data", (bytes: Buffer) => (output += bytes.toString()));
  const lines = () => output.split("\n").slice(0, -1);
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const engine = {
    isRunning,
    lines,
    async printed(count: number) {
      while (lines().length < count && isRunning()) await Promise.race([once(child.stdout, "data"), exited]);
    },
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
  cleanUp(() => engine.kill());
  return engine;
}
