// `node client upload`: shares files, folders, or what comes from a pipe.

import { transferredLine } from "../chat/render.js";
import { visibleJson, visibleLine } from "../chat/visible.js";
import { filesToSend } from "../transfer/folder-files.js";
import type { TransferOptions } from "../transfer/transfer.js";
import { upload, uploadFrom } from "../transfer/upload.js";
import type { AnswerOf } from "../../shared/answers.js";
import type { Errand, Given, Run } from "./errand.js";

export const share: Errand = {
  words: "PATH...",
  describe: "shares files, whole folders, or with - what comes from stdin",
  about: "The files of a folder are shared one by one, as folder__inner__file.txt.",
  examples: ["upload notes.md dist", "upload - --name build.log < build.log"],
  flags: {
    name: {
      type: "string",
      describe: "what the file is called in the room; needed for what comes from stdin",
    },
  },
  plan(given) {
    const name = given.text("name");
    return faultOf(given) ?? { run: (run) => shareAll(run, given.words, name) };
  },
};

function faultOf(given: Given): string | undefined {
  const [paths, name] = [given.words, given.text("name")];
  if (paths.length === 0) return "Say what to upload: a path, or - for stdin";
  if (name === "") return "The name of the file is empty";
  if (name !== undefined && paths.length > 1) return "One name cannot be that of several files";
  if (!paths.includes("-")) return undefined;
  if (paths.length > 1) return "What comes from stdin is uploaded alone";
  return name === undefined ? "What comes from stdin needs a --name" : undefined;
}

async function shareAll(run: Run, paths: readonly string[], name: string | undefined): Promise<void> {
  const { session, streams, line, outcome } = run;
  outcome.canGoOn = true;
  const transfer = transferOf(run);
  const [path = ""] = paths;
  if (name !== undefined) {
    await outcome.attempt(name, async () => {
      const options = { ...transfer, name };
      const isPiped = path === "-";
      outcome.canGoOn = !isPiped;
      const sent = isPiped ? uploadFrom(session, streams.input, options) : upload(session, path, options);
      return told(run, await sent);
    });
    return;
  }
  const skip = (path: string, why: string): void => {
    line.tell(`* ${visibleLine(path)} is ${why}; passed over`);
  };
  try {
    for await (const { path, name: found } of filesToSend(paths, skip)) {
      run.suspend.throwIfAborted();
      await outcome.attempt(found, async () =>
        told(run, await upload(session, path, { ...transfer, name: found })),
      );
    }
  } catch (error) {
    outcome.fail("", error);
  }
}

async function told(run: Run, entry: AnswerOf<"file">): Promise<string> {
  if (run.isJson) await run.print(visibleJson(entry));
  return transferredLine("uploaded", entry);
}

/** How a transfer of an errand is stopped and shown. */
export function transferOf({ line, suspend }: Run): Pick<TransferOptions, "suspend" | "onProgress"> {
  return {
    suspend,
    onProgress: (progress) => {
      line.show(progress);
    },
  };
}
