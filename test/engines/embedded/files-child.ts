// The engine in a process of its own that takes files and is killed before it can end them. Only the process that was
// started here is ever signalled.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { cleanUp } from "../../support/cleanup.js";
import { threadFolder } from "../../support/server.js";
import type { LeftBehind } from "../../contracts/file-store.contract.js";

const script = `
  async function take(files, { draft, base64, as }) {
    const bytes = Buffer.from(base64, "base64");
    if (as === "put") return files.put(draft, bytes);
    const upload = await files.begin(draft);
    await upload.write(upload.receivedBytes, bytes);
    if (as === "finished") return upload.finish();
    while (upload.durableBytes < bytes.length) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  async function run([module, dataFolder, threadFolder]) {
    const { openEmbeddedEngine } = await import(module);
    const { files } = await openEmbeddedEngine({ dataFolder, threadFolder });
    let text = "";
    for await (const piece of process.stdin) text += piece;
    for (const left of JSON.parse(text)) await take(files, left);
    console.log("taken");
  }
  void run(process.argv.slice(1));
`;

/** Resolves when it has taken everything and was killed. */
export async function leaveBehind(dataFolder: string, left: readonly LeftBehind[]): Promise<void> {
  const args = ["-e", script, "--", join(threadFolder, "index.js"), dataFolder, threadFolder];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  cleanUp(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  child.stdin.end(
    JSON.stringify(
      left.map(({ draft, bytes, as }) => ({ draft, as, base64: Buffer.from(bytes).toString("base64") })),
    ),
  );
  const [said] = (await Promise.race([once(child.stdout, "data"), exited])) as unknown[];
  expect(String(said)).toBe("taken\n");
  child.kill("SIGKILL");
  await exited;
}
